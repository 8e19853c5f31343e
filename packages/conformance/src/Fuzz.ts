/**
 * Odd requests by the thousand: the dialect's own words in wrong places. How many: TILLBRIDGE_FUZZ of them, however long
 * that takes; else what fits into five seconds, at most 4,000.
 */
import * as Effect from "effect/Effect"
import type { Random } from "./Random.ts"

/** One request: `said` is how a failure shows it, `check` throws when the answer must not be, and tells whether it went well. */
export interface Attempt<A, E, R> {
  readonly said: string
  readonly send: Effect.Effect<A, E, R>
  readonly check: (answer: A) => boolean
}

/** A long run is for the inputs, not for the clock. */
export const fuzzTimeout = 3_600_000

const longestAnswer = 1_000

const budget = () => {
  const given = Number(process.env["TILLBRIDGE_FUZZ"])
  return Number.isSafeInteger(given) && given > 0
    ? { atMost: given, millis: fuzzTimeout }
    : { atMost: 4_000, millis: 5_000 }
}

/**
 * Sends attempt after attempt. It fails with the seed and the request when a check throws or an answer takes a second,
 * and when hardly a request went well: then the words are not the dialect's.
 */
export const fuzz = Effect.fnUntraced(function* <A extends { readonly text: string }, E, R>(
  random: Random,
  attempt: (index: number) => Effect.Effect<Attempt<A, E, R>, E, R>
) {
  const { atMost, millis } = budget()
  const started = performance.now()
  let done = 0
  let went = 0
  for (; done < atMost && performance.now() - started < millis; done++) {
    const { check, said, send } = yield* attempt(done)
    const { answer, took } = yield* timed(send)
    // The machine may have been busy with others: once more says whose second it was.
    const longest = took < longestAnswer ? took : Math.min(took, (yield* timed(send)).took)
    try {
      if (check(answer)) went++
      if (longest >= longestAnswer) throw new Error(`took ${Math.round(longest)} ms`)
    } catch (cause) {
      const told = `seed ${random.seed}, request ${done}: ${said} => ${answer.text.slice(0, 1_000)}`
      throw new Error(told, { cause })
    }
  }
  if (done <= 100 || went <= done / 20) {
    throw new Error(`seed ${random.seed}: of ${done} requests only ${went} went well`)
  }
})

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const before = performance.now()
    return Effect.map(effect, (answer) => ({ answer, took: performance.now() - before }))
  })

/** A request in one line, for `said`. */
export const saidOf = (
  target: string,
  asked: { readonly method?: string; readonly body?: unknown }
): string => {
  const { body, method } = asked
  const text =
    body instanceof Uint8Array ? new TextDecoder().decode(body) : typeof body === "string" ? body : ""
  return `${method ?? "GET"} ${target} ${text.slice(0, 500)}`
}
