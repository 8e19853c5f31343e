/** A promise of a dialect as a case, and the words in which a broken one is told. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { Case } from "./Case.ts"
import { DialectSubject, type Subject, type WireAnswer } from "./DialectSubject.ts"

export interface DialectCase extends Case<DialectSubject> {
  /** Why the promise says nothing about this dialect, or `null` when it holds for it. */
  readonly leftOut: (subject: Subject) => string | null
}

export interface DialectCapability {
  readonly name: string
  readonly cases: ReadonlyArray<DialectCase>
}

/** A case on a clock of its own; one that is left out passes. */
export const promise = (
  title: string,
  body: (subject: Subject) => Effect.Effect<void, unknown, Scope.Scope>,
  leftOut: (subject: Subject) => string | null = () => null
): DialectCase => ({
  title,
  leftOut,
  run: Effect.flatMap(DialectSubject, (subject) =>
    leftOut(subject) === null
      ? Effect.scoped(body(subject)).pipe(Effect.provide(TestClock.layer(), { local: true }))
      : Effect.void
  )
})

export const takesNoWrites = ({ codec, destination, dialect }: Subject): string | null =>
  dialect.capabilities.canUpsertCustomer
    ? destination === null || codec.writeCall === null || codec.readCall === null
      ? assert.fail("a dialect that can upsert customers has a destination, writeCall and readCall")
      : null
    : "customers cannot be written to this vendor"

/** An answer in a few words. */
export const shown = ({ headers, status, text }: WireAnswer): string =>
  `answered ${status} ${JSON.stringify(headers)} ${text.slice(0, 300)}`

/** What the answer says in refusing, or `null`; an answer outside the vendor's envelope breaks a promise. */
export const refusalOf = (subject: Subject, answer: WireAnswer, what: string): string | null => {
  try {
    return subject.wire.refusal(answer)
  } catch (error) {
    return assert.fail(
      `${what}: not in the vendor's envelope (${error instanceof Error ? error.message : error}): ${shown(answer)}`
    )
  }
}

export const assertRefused = (subject: Subject, answer: WireAnswer, what: string): void => {
  if (refusalOf(subject, answer, what) === null) assert.fail(`${what}: not refused, but ${shown(answer)}`)
}

export const assertGood = (subject: Subject, answer: WireAnswer, what: string): void => {
  const refusal = refusalOf(subject, answer, what)
  if (refusal !== null || answer.status < 200 || answer.status > 299) {
    assert.fail(`${what}: should be a success, but ${shown(answer)}`)
  }
}

/** The keys that a good answer tells. */
export const toldBy = (subject: Subject, answer: WireAnswer, what: string): ReadonlyArray<string> => {
  assertGood(subject, answer, what)
  try {
    return subject.wire.told(answer)
  } catch (error) {
    return assert.fail(
      `${what}: its customers cannot be read (${error instanceof Error ? error.message : error}): ${shown(answer)}`
    )
  }
}
