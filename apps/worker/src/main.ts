import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { die, exitCodeOf, start, stopInTime } from "./Ending.ts"

const args = process.argv.slice(2)

process.on("uncaughtException", die)
process.on("unhandledRejection", die)
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})
stopInTime()

NodeRuntime.runMain(start(args), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => onExit(exitCodeOf(exit, args))
})
