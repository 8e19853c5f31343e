import { storeSuite } from "../src/index.ts"
import { layerMemory } from "@tillbridge/domain"

storeSuite("memory", layerMemory)
