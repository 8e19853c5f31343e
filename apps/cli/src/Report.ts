/** How every way of ending becomes an exit code and at most one line on stderr. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type * as CliError from "effect/cli/CliError"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import { Failure, Stopped } from "./Failure.ts"
import { sayExactly, sayNow } from "./Output.ts"
import { didYouMean } from "./Suggest.ts"

export interface Ending {
  readonly exitCode: number
  readonly kind: string
  /** `null` when everything has been said already. */
  readonly message: string | null
  readonly cause?: unknown
}

const quiet = (exitCode: number): Ending => ({ exitCode, kind: "none", message: null })

const isShowHelp = (error: unknown): error is CliError.ShowHelp =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

let interruptedCode = 130

/** For a command that runs until it is stopped: being stopped is then how it is done. */
export const endsWhenStopped = (): void => {
  interruptedCode = 0
}

export const endingOf = (exit: Exit.Exit<unknown, unknown>): Ending => {
  if (Exit.isSuccess(exit)) return quiet(0)
  if (Cause.hasInterruptsOnly(exit.cause)) return quiet(interruptedCode)
  const error = Cause.squash(exit.cause)
  if (error instanceof Stopped) return quiet(error.exitCode)
  if (error instanceof Failure) {
    return { exitCode: error.exitCode, kind: error.kind, message: error.message, cause: error.cause }
  }
  // The presenter has shown the help or the refusal; a bare group of commands did nothing of what was meant.
  if (isShowHelp(error)) return quiet(error.errors.length > 0 || error.commandPath.length > 1 ? 2 : 0)
  return {
    exitCode: 70,
    kind: "internal",
    message: "internal error",
    cause: Cause.hasFails(exit.cause) ? error : exit.cause
  }
}

const traceOf = (cause: unknown): string =>
  Cause.isCause(cause)
    ? Cause.pretty(cause)
    : cause instanceof Error
      ? (cause.stack ?? cause.message)
      : String(cause)

/** Says how it ended. */
export const report = (ending: Ending, json: boolean): void => {
  if (ending.message === null) return
  const debug = process.env["TILLBRIDGE_DEBUG"] === "1"
  const hint = ending.kind === "internal" && !debug ? " (TILLBRIDGE_DEBUG=1 shows the cause)" : ""
  const trace = debug && ending.cause !== undefined ? traceOf(ending.cause) : undefined
  const message = `${ending.message}${hint}`.replace(/\s*\n\s*/g, " ")
  if (json) {
    const error = { kind: ending.kind, message, exitCode: ending.exitCode }
    return sayExactly(
      `${JSON.stringify({ error: { ...error, ...(trace === undefined ? {} : { trace }) } })}\n`
    )
  }
  sayNow(`tillbridge: ${message}`)
  if (trace !== undefined) for (const line of trace.split("\n")) sayNow(line)
}

const choicesOf = (expected: string): ReadonlyArray<string> =>
  [...expected.matchAll(/"([^"]*)"/g)].map((match) => match[1]!)

const invalidValue = (error: CliError.InvalidValue): string => {
  const name = error.kind === "flag" ? `--${error.option}` : error.option.toUpperCase()
  const choices = choicesOf(error.expected)
  if (error.value === "")
    return `${name} needs a value${choices.length > 1 ? `: ${choices.join(", ")}` : ""}.`
  if (choices.length > 1) {
    return `${name} cannot be "${error.value}": it is one of ${choices.join(", ")}.${didYouMean(error.value, choices)}`
  }
  if (/integer|finite number/i.test(error.expected))
    return `${name} must be a whole number, not "${error.value}".`
  return `${name} cannot be "${error.value}": ${error.expected}.`
}

/** One line for a command line that cannot be run. */
export const refusal = (
  errors: ReadonlyArray<CliError.NonShowHelpErrors>,
  doc: HelpDoc,
  path: ReadonlyArray<string>
): string => {
  const error = errors.find(({ _tag }) => _tag === "UnknownSubcommand") ?? errors[0]!
  const command = path.join(" ")
  const help = ` See: ${command} --help`
  switch (error._tag) {
    case "UnknownSubcommand": {
      const known = (doc.subcommands ?? []).flatMap((group) => group.commands.map(({ name }) => name))
      const hint = didYouMean(error.subcommand, known)
      return `unknown command "${error.subcommand}".${hint === "" ? help : hint}`
    }
    case "UnrecognizedOption": {
      const flags: ReadonlyArray<FlagDoc> = [...doc.flags, ...(doc.globalFlags ?? [])]
      const hint = didYouMean(
        error.option,
        flags.map(({ name }) => `--${name}`),
        ""
      )
      return `"${command}" has no flag ${error.option}.${hint === "" ? help : hint}`
    }
    case "MissingOption":
      return `"${command}" needs --${error.option}.${help}`
    case "MissingArgument":
      return `"${command}" needs ${error.argument.toUpperCase()}.${help}`
    case "UnexpectedArgument":
      return `"${command}" does not take ${error.arguments.map((one) => `"${one}"`).join(", ")}.${help}`
    case "InvalidValue":
      return invalidValue(error)
    default:
      return `${error.message}.${help}`
  }
}
