/** Somebody else's dialect can pass: an invented one does. */
import { dialectSuite } from "../src/index.ts"
import { layerOf, toySubject } from "./toySubject.ts"

dialectSuite("toy", layerOf(toySubject))
