/** How the program begins and ends: arguments, exit codes, and a stop that does not wait for ever. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import { attempt, Failure } from "tillbridge/settings"
import { readFileSync } from "node:fs"
import { help, readArguments } from "./Arguments.ts"
import { makeLogger } from "./Log.ts"
import { program } from "./Program.ts"

/** After a signal. A page that is not written by then is left out whole. */
const STOP_MILLIS = 17_000

/** A second signal does not wait. */
const AT_ONCE = 130

const wantsJson = (args: ReadonlyArray<string>) => args.includes("--json")

/** Refusals, one line each. */
const complain = (message: string, kind: string, exitCode: number, json: boolean): void => {
  for (const line of message.split("\n")) {
    const text = json
      ? JSON.stringify({ error: { kind, message: line, exitCode } })
      : `tillbridge-worker: ${line}`
    process.stderr.write(`${text}\n`)
  }
}

export const die = (cause: unknown): never => {
  const shown = process.env["TILLBRIDGE_DEBUG"] === "1" && cause instanceof Error ? `: ${cause.stack}` : ""
  process.stderr.write(`tillbridge-worker: internal error${shown}\n`)
  process.exit(70)
}

export const stopInTime = (): void => {
  let isStopping = false
  const stop = () => {
    if (isStopping) process.exit(AT_ONCE)
    isStopping = true
    setTimeout(() => {
      process.stderr.write("tillbridge-worker: a page took too long to be finished, and is left out\n")
      process.exit(0)
    }, STOP_MILLIS).unref()
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
}

const version = (): string =>
  (
    JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      readonly version: string
    }
  ).version

export const start = (args: ReadonlyArray<string>): Effect.Effect<number, Failure> =>
  Effect.gen(function* () {
    const given = yield* attempt(() => readArguments(args))
    if (typeof given === "string") {
      process.stdout.write(given === "help" ? help : `${version()}\n`)
      return 0
    }
    const logger = makeLogger(process.stderr, { json: given.json || !process.stderr.isTTY })
    return yield* Effect.provide(program(given), Logger.layer([logger]))
  })

export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>, args: ReadonlyArray<string>): number => {
  if (Exit.isSuccess(exit)) return Number(exit.value)
  // To be stopped is how it is done, unless it was to end by itself.
  if (Cause.hasInterruptsOnly(exit.cause)) return args.includes("--once") ? 130 : 0
  const error = Cause.squash(exit.cause)
  if (!(error instanceof Failure)) return die(error)
  complain(error.message, error.kind, error.exitCode, wantsJson(args))
  return error.exitCode
}
