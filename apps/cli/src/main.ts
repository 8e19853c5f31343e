import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { ownProcess } from "./Memory.ts"
import { endingOf, report } from "./Report.ts"
import { run, wantsJson } from "./run.ts"

ownProcess()
const args = process.argv.slice(2)
const json = wantsJson(args)

const fail = (cause: unknown): never => {
  report({ exitCode: 70, kind: "internal", message: "internal error", cause }, json)
  process.exit(70)
}
process.on("uncaughtException", fail)
process.on("unhandledRejection", fail)
process.stdout.on("error", () => {}) // every write looks at its own error

// The first Ctrl-C lets the command finish what it has begun; the second does not wait.
process.once("SIGINT", () => process.once("SIGINT", () => process.exit(130)))

NodeRuntime.runMain(run(args).pipe(Effect.provide(NodeServices.layer)), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => {
    const ending = endingOf(exit)
    report(ending, json)
    onExit(ending.exitCode)
  }
})
