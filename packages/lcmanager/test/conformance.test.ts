/** The dialect and the public kit. */
import { dialectSuite } from "@tillbridge/conformance"
import { layerSubject } from "./subject.ts"

dialectSuite("LCManager", layerSubject)
