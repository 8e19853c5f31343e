// The crash suite's writer on a SQLite file. argv: the file, and the number to start from.
import { crashWriter } from "@tillbridge/conformance"
import { Effect } from "effect"
import { writeSync } from "node:fs"
import { layer } from "../src/index.ts"

const [file, start] = process.argv.slice(2)

await Effect.runPromise(
  crashWriter(Number(start), (line) => writeSync(1, line)).pipe(Effect.provide(layer({ path: file! })))
)
