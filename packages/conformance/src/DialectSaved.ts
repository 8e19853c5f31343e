/** Promises about answers that were saved: read without a server, and never taken for a shorter list than they are. */
import { assert } from "@effect/vitest"
import type { CustomerChange } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { codecContext, inPieces, savedAnswer, storedWith } from "./DialectCarries.ts"
import { type DialectCapability, promise } from "./DialectCase.ts"
import { load, recordsOf, townspeople } from "./DialectRecords.ts"
import { causeOf, openSite } from "./DialectSite.ts"
import type { Subject } from "./DialectSubject.ts"

const encoder = new TextEncoder()

/** What comes of a saved answer: the customers, or a failure of the whole or of one of them. */
const readSaved = ({ codec }: Subject, bytes: Uint8Array) =>
  codec.readAnswer(inPieces(bytes), codecContext()).pipe(
    Stream.mapEffect((read) => Effect.fromResult(read)),
    Stream.runCollect,
    Effect.exit
  )

const keysOf = (changes: ReadonlyArray<CustomerChange>) => changes.map(({ source: { key } }) => key)

const keepsOrder = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const everyone = yield* recordsOf(site.store, site.merchant)
  const keyOf = subject.wire.keyOf ?? (({ customer }) => String(customer.id))
  for (const format of subject.codec.formats) {
    for (const some of [[], everyone.slice(0, 1), everyone]) {
      const exit = yield* readSaved(subject, yield* savedAnswer(subject, some, format))
      if (Exit.isFailure(exit)) return assert.fail(`${some.length} as ${format}: ${causeOf(exit)}`)
      assert.deepStrictEqual(keysOf(exit.value), some.map(keyOf), `${some.length} customers as ${format}`)
    }
  }
})

const assertFailed = Effect.fnUntraced(function* (subject: Subject, bytes: Uint8Array, what: string) {
  const exit = yield* readSaved(subject, bytes)
  if (Exit.isSuccess(exit)) assert.fail(`${what}: taken for a list of ${exit.value.length}`)
  const words = causeOf(exit)
  assert.match(words, /Malformed|Refused/, `${what}: no failure of the kind that is promised`)
})

const refusesOthers = Effect.fnUntraced(function* (subject: Subject) {
  for (const [what, text] of [
    ["nothing", ""],
    ["white space", " \r\n "],
    ["a page of HTML", "<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>"],
    ["an empty object", "{}"],
    ["null", "null"],
    ["a text", `"customers"`],
    ["XML of another kind", "<x><y/></x>"],
    ["a table", "id;name\n1;Anna\n"]
  ] as const) {
    yield* assertFailed(subject, encoder.encode(text), what)
  }
  yield* assertFailed(subject, new Uint8Array([0xff, 0xfe, 0x7b, 0x00]), "bytes that are no text")
  const site = yield* openSite(subject)
  const [filter] = subject.wire.filters
  const request = filter!.request(storedWith({ firstName: "Anna", phone: "1", email: "a@b.test" }))
  if (request !== null) {
    const { text } = yield* site.send(request)
    yield* assertFailed(subject, encoder.encode(text), "what the vendor answers to a stranger")
  }
})

const refusesCut = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const everyone = yield* load(site.store, site.merchant, townspeople)
  for (const format of subject.codec.formats) {
    const whole = yield* savedAnswer(subject, everyone, format)
    const ends = Array.from({ length: 40 }, (_, part) => Math.floor((whole.length * part) / 40))
    const { length } = encoder.encode(new TextDecoder().decode(whole).trimEnd())
    for (const end of [...ends, length - 3, length - 1]) {
      yield* assertFailed(
        subject,
        whole.slice(0, end),
        `the first ${end} of ${whole.length} bytes as ${format}`
      )
    }
  }
})

export const savedCases = (): DialectCapability => ({
  name: "saved answers",
  cases: [
    promise(
      "a saved answer gives its customers in their order, however many and in whatever pieces",
      keepsOrder
    ),
    promise(
      "what is no answer of the vendor, or says that it failed, is a failure and no empty list",
      refusesOthers
    ),
    promise("a saved answer that is cut is a failure and no shorter list", refusesCut)
  ]
})
