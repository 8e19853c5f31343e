import { storeSuite } from "@tillbridge/conformance"
import { Effect, Layer } from "effect"
import { layer } from "../src/index.ts"
import { tempFile } from "./support.ts"

storeSuite("SQLite", Layer.unwrap(Effect.map(tempFile, (file) => layer({ path: file }))))
