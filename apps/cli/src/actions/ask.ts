/** Asking before something is lost. */
import { createInterface } from "node:readline/promises"
import * as Effect from "effect/Effect"
import { type Failure, rejected, usage } from "../Failure.ts"
import { isTerminal, visible } from "../Output.ts"

/** Where nobody can be asked, --yes must have been given. */
export const requireYes = (yes: boolean): Effect.Effect<void, Failure> =>
  yes || (isTerminal.input() && isTerminal.talk())
    ? Effect.void
    : Effect.fail(usage("nobody can be asked here: repeat with --yes"))

/** Goes on only with a yes. */
export const confirm = (question: string, yes: boolean): Effect.Effect<void, Failure> => {
  if (yes) return Effect.void
  return Effect.callback<void, Failure>((resume) => {
    const asking = createInterface({ input: process.stdin, output: process.stderr })
    asking.on("SIGINT", () => process.kill(process.pid, "SIGINT"))
    void asking.question(`${visible(question)} [y/N] `).then((answer) => {
      asking.close()
      resume(/^y(es)?$/i.test(answer.trim()) ? Effect.void : Effect.fail(rejected("nothing was changed")))
    })
    return Effect.sync(() => asking.close())
  })
}

/** Asks for one line, which must not be empty. Never for a secret: it would stand on the screen. */
export const ask = (question: string): Effect.Effect<string, Failure> =>
  Effect.callback<string, Failure>((resume) => {
    const asking = createInterface({ input: process.stdin, output: process.stderr })
    asking.on("SIGINT", () => process.kill(process.pid, "SIGINT"))
    const nothing = () => resume(Effect.fail(rejected("nothing was changed")))
    asking.once("close", nothing)
    void asking.question(`${visible(question)}: `).then((answer) => {
      // Closed before anything goes on: it would take the input away from the next question.
      asking.off("close", nothing)
      asking.close()
      const said = answer.trim()
      if (said === "") nothing()
      else resume(Effect.succeed(said))
    })
    return Effect.sync(() => asking.close())
  })
