/** Data goes to stdout, talk to stderr. */
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import { Failure, Stopped, systemReason } from "./Failure.ts"

/** Writes data and waits until it is taken. A reader that went away (`| head`) ends the command quietly. */
export const write = (text: string | Uint8Array): Effect.Effect<void, Stopped | Failure> =>
  Effect.callback((resume) => {
    process.stdout.write(text, (cause) => {
      if (cause == null) return resume(Effect.void)
      resume(
        (cause as NodeJS.ErrnoException).code === "EPIPE"
          ? Effect.fail(new Stopped({ exitCode: 0 }))
          : Effect.fail(
              new Failure({
                kind: "rejected",
                message: `cannot write the output: ${systemReason(cause)}`,
                cause
              })
            )
      )
    })
  })

/** Writes one JSON document on a line of its own. */
export const writeJson = (value: unknown): Effect.Effect<void, Stopped | Failure> =>
  write(`${JSON.stringify(value)}\n`)

/** Writes a line for people; what is in it stays on that line and cannot steer the terminal. */
export const writeLine = (line: string): Effect.Effect<void, Stopped | Failure> => write(`${visible(line)}\n`)

/** Says a line to the person at the terminal, made harmless as by `writeLine`. */
export const say = (line: string): Effect.Effect<void> => Effect.sync(() => sayNow(line))

export const sayNow = (line: string): void => sayExactly(`${visible(line)}\n`)

/** For text of our own, which may steer the terminal, and for JSON. A lost stderr is nobody's problem. */
export const sayExactly = (text: string): void => {
  try {
    writeSync(2, text)
  } catch {}
}

export const isTerminal = {
  input: (): boolean => process.stdin.isTTY === true,
  output: (): boolean => process.stdout.isTTY === true,
  talk: (): boolean => process.stderr.isTTY === true
}

export const usesColor = (): boolean =>
  isTerminal.output() && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb"

/** Columns of the terminal; 80 where there is none. */
export const columns = (): number => Math.max(40, process.stdout.columns ?? 80)

/**
 * Text from outside as it may stand on a terminal: characters that could move the cursor, turn the direction of writing
 * or stand there unseen are shown as their number.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    char === "\n" ? " " : `\\u${char.codePointAt(0)!.toString(16).padStart(4, "0")}`
  )
