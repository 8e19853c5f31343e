/**
 * What the kits are made of: a case is a requirement in plain words and an effect that fails or dies when it does not
 * hold. Cases are data, so that a test runner can register them and a program can run them without one.
 */
import type { Repositories } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import { type Random, randomFrom } from "./Random.ts"

export interface Case<R> {
  readonly title: string
  readonly run: Effect.Effect<void, unknown, R>
}

/** Cases about one capability of a store. */
export interface Capability<R> {
  readonly name: string
  readonly cases: ReadonlyArray<Case<R>>
}

/** How hard the random cases try. */
export interface Settings {
  /** Runs of each property. */
  readonly runs: number
  /** Makes random cases repeatable; each failure prints the seed that it had. */
  readonly seed: number
  /** Whether a failing property looks for its smallest counterexample. */
  readonly shrink: boolean
  /** How many turns of the event loop a case waits for what may be waiting itself. */
  readonly patience: number
}

export const settingsOf = (options: Partial<Settings> = {}): Settings => ({
  runs: options.runs ?? 50,
  seed: options.seed ?? Date.now() % 2 ** 31,
  shrink: options.shrink ?? true,
  patience: options.patience ?? 2_000
})

export const testCase = (
  title: string,
  run: Effect.Effect<void, unknown, Repositories>
): Case<Repositories> => ({
  title,
  run
})

/** A case that holds for every value; fast-check prints seed and counterexample when one is found for which it does not. */
export const property = <A, R>(
  title: string,
  settings: Settings,
  arbitrary: fc.Arbitrary<A>,
  body: (value: A) => Effect.Effect<void, unknown, R>
): Case<R> => ({
  title,
  run: Effect.flatMap(Effect.context<R>(), (context) =>
    Effect.tryPromise({
      try: () =>
        fc.assert(
          fc.asyncProperty(arbitrary, (value) => Effect.runPromiseWith(context)(body(value))),
          { numRuns: settings.runs, seed: settings.seed, endOnFailure: !settings.shrink }
        ),
      catch: (error) => error
    })
  )
})

/** A case of our own random choices; the failure names the seed. */
export const randomCase = <R>(
  title: string,
  settings: Settings,
  times: number,
  body: (random: Random) => Effect.Effect<void, unknown, R>
): Case<R> => ({
  title,
  run: Effect.forEach(
    Array.from({ length: times }, (_, index) => settings.seed + index),
    (seed) =>
      Effect.catchCause(body(randomFrom(seed)), (cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.failCause(cause)
          : Effect.die(new Error(`with seed ${seed}: ${Cause.pretty(cause)}`, { cause: Cause.squash(cause) }))
      ),
    { discard: true }
  )
})

/** Lets timers, sockets and other fibers have so many turns of the event loop. */
export const turns = (count: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    let left = count
    let handle = setImmediate(function again() {
      if (--left <= 0) resume(Effect.void)
      else handle = setImmediate(again)
    })
    return Effect.sync(() => clearImmediate(handle))
  })

/** Waits for the effect, but no longer than so many turns; whether it finished. */
export const finishesWithin = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  count: number
): Effect.Effect<boolean, E, R> => Effect.raceFirst(Effect.as(effect, true), Effect.as(turns(count), false))

/**
 * A value in a form that can be compared part by part: instants as milliseconds and decimals as text, without what
 * their objects remember about themselves.
 */
export const plain = (value: unknown): unknown => {
  if (DateTime.isDateTime(value)) return { instant: value.epochMilliseconds }
  if (BigDecimal.isBigDecimal(value)) {
    const { scale, value: digits } = BigDecimal.normalize(value)
    return { digits: String(digits), scale }
  }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
  }
  return value
}

/** Runs cases one after another and gives back those that failed, with the reason. For proving that a kit bites. */
export const failuresOf = <R>(
  cases: ReadonlyArray<Case<R>>
): Effect.Effect<ReadonlyArray<{ readonly title: string; readonly reason: string }>, never, R> =>
  Effect.map(
    Effect.forEach(cases, ({ run, title }) => Effect.map(Effect.exit(run), (exit) => ({ title, exit }))),
    (results) =>
      results.flatMap(({ exit, title }) =>
        Exit.isFailure(exit) ? [{ title, reason: Cause.pretty(exit.cause) }] : []
      )
  )
