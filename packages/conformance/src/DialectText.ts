/** Promises about text: digits, odd characters and look-alikes come back as they were, in the codec and on the wire. */
import { assert } from "@effect/vitest"
import { Cards, type CustomerRecord, Customers, externalKey } from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import {
  carriedInAnswers,
  carriedInCalls,
  type Field,
  recordWith,
  storedWith,
  textFields,
  throughAnswer,
  throughCall,
  together,
  valueAt
} from "./DialectCarries.ts"
import { type DialectCapability, promise, takesNoWrites } from "./DialectCase.ts"
import { destinationOf, readEverything, sourceOf } from "./DialectEnds.ts"
import { daysBefore, load } from "./DialectRecords.ts"
import { externalSystem, openSite } from "./DialectSite.ts"
import type { Limits, Subject } from "./DialectSubject.ts"

/** Texts that look like numbers, markup or words of a format. */
const oddTexts: ReadonlyArray<string> = [
  "0079001",
  "1234567890123456789",
  "9007199254740993",
  "+79161234567",
  "1e5",
  "0x10",
  "-0",
  "007.50",
  "true",
  "null",
  "]]>",
  "<b>&amp;</b> & <",
  "&#65;&lt;",
  `"quoted" 'single' \\back`,
  "line\nfeed\tand tab",
  "a\u0001b",
  "👩‍👩‍👧 Ёлка №1 \u{10348}",
  "e\u0301 is not \u00e9",
  "right\u202eleft"
]

const oddNumbers = [
  "0079001",
  "000",
  "9223372036854775807",
  "9007199254740993",
  "1e5",
  "0x10",
  "A-7 Б/1",
  "7"
]

// oxlint-disable-next-line no-control-regex
const unsayable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g

/** Whether a text came back: exactly, or without what its form has no way to say, or not at all where it has no room. */
const cameBack = (text: string, told: unknown, limit: RegExp | undefined): boolean =>
  told === text ||
  (unsayable.test(text) &&
    [text.replace(unsayable, ""), text.replace(unsayable, "\ufffd")].includes(told as string)) ||
  (limit !== undefined && !limit.test(text) && (told === undefined || told === null || told === ""))

const assertBack = (text: string, told: unknown, limit: RegExp | undefined, what: string) =>
  assert.isTrue(
    cameBack(text, told, limit),
    `${what}: ${JSON.stringify(text)} became ${JSON.stringify(told) ?? "nothing"}`
  )

/** Fields in which any text makes sense. */
const free = new Set([
  "firstName",
  "middleName",
  "lastName",
  "notes",
  "address.line1",
  "address.city",
  "company.name"
])

const freeOf = (carried: ReadonlyArray<Field>) => carried.filter(({ path }) => free.has(path))

const saying = (fields: ReadonlyArray<Field>, text: string): CustomerRecord => ({
  ...together(fields.map(({ path }) => ({ path, probe: text }))),
  externalIds: [{ system: externalSystem, key: text }]
})

const assertSaid = (
  read: object,
  text: string,
  { fields, keys, limits }: { fields: ReadonlyArray<Field>; keys: boolean; limits: Limits },
  what: string
) => {
  for (const { path } of fields) assertBack(text, valueAt(read, path), limits.text, `${what}: ${path}`)
  if (!keys) return
  const { externalIds = [] } = read as CustomerRecord
  assertBack(text, externalKey(externalIds, externalSystem), limits.key, `${what}: the external key`)
}

const hasKeys = (carried: ReadonlyArray<Field>) => carried.some(({ path }) => path === "externalIds")

const inAnswers = Effect.fnUntraced(function* (subject: Subject) {
  const { codec, dialect, limits = {} } = subject
  const carried = yield* carriedInAnswers(subject)
  const fields = freeOf(carried)
  for (const format of codec.formats) {
    for (const text of oddTexts) {
      const change = yield* throughAnswer(subject, storedWith(saying(fields, text)), format)
      assertSaid(change.customer, text, { fields, keys: hasKeys(carried), limits }, `saved as ${format}`)
    }
    if (!dialect.capabilities.carriesCards) continue
    for (const number of oddNumbers) {
      const change = yield* throughAnswer(subject, storedWith({ firstName: "A" }, number), format)
      assertBack(number, change.cards[0]?.number, limits.cardNumber, `a card's number saved as ${format}`)
    }
  }
})

const inCalls = (subject: Subject) =>
  Effect.sync(() => {
    const carried = carriedInCalls(subject)
    const fields = freeOf(carried)
    for (const text of oddTexts) {
      const read = throughCall(subject, saying(fields, text)) ?? {}
      assertSaid(read, text, { fields, keys: hasKeys(carried), limits: subject.limits ?? {} }, "in a call")
    }
    // A call that tells nothing changes nothing.
    const nothing = throughCall(subject, { firstName: "A" })
    for (const { path } of textFields) {
      if (path === "firstName") continue
      assert.isUndefined(valueAt(nothing ?? {}, path), `a call says ${path} though nobody told it`)
    }
  })

const fromServer = Effect.fnUntraced(function* (subject: Subject) {
  const { dialect, limits = {} } = subject
  const site = yield* openSite(subject)
  const carried = yield* carriedInAnswers(subject)
  const fields = freeOf(carried)
  const stored = yield* load(site.store, site.merchant, {
    customers: oddTexts.map((text) => saying(fields, text)),
    cards: oddTexts.map((_, owner) => ({
      owner,
      number: oddNumbers[owner] ?? `99000000000${10 + owner}`,
      patch: { status: "active" as const, registeredAt: daysBefore(1) }
    }))
  })
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const keyOf = subject.wire.keyOf ?? (({ customer }) => String(customer.id))
  for (const [index, text] of oddTexts.entries()) {
    const change = changes.find(({ source }) => source.key === keyOf(stored[index]!))
    if (change === undefined) return assert.fail(`the customer ${JSON.stringify(text)} was not told`)
    assertSaid(change.customer, text, { fields, keys: hasKeys(carried), limits }, "read from the server")
    if (!dialect.capabilities.carriesCards) continue
    const number = stored[index]!.cards[0]!.number
    assertBack(number, change.cards[0]?.number, limits.cardNumber, "a card's number read from the server")
  }
})

const toServer = Effect.fnUntraced(function* (subject: Subject) {
  const { dialect, limits = {} } = subject
  const site = yield* openSite(subject)
  const { merchant, store } = site
  const destination = yield* destinationOf(subject, site)
  const carried = carriedInCalls(subject)
  const fields = freeOf(carried)
  for (const [index, text] of oddTexts.entries()) {
    const source = { system: "elsewhere", key: text }
    const { externalIds: _, ...said } = saying(fields, text)
    // Some vendors know a customer by nothing else.
    const customer = { ...said, email: `odd${index}@example.test` }
    const { isNew } = yield* destination.putCustomer({ source, customer, cards: [] })
    assert.isTrue(isNew, `${JSON.stringify(text)} was taken for another customer`)
    const customers = Context.get(store, Customers)
    const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 1_000 })
    const [kept] = yield* customers.getMany(merchant.id, [refs.at(-1)!.id])
    assertSaid(kept!, text, { fields, keys: false, limits }, "written to the server")
  }
  if (!dialect.capabilities.canUpsertCard) return
  for (const number of oddNumbers) {
    if (limits.cardNumber?.test(number) === false) continue
    yield* destination.putCard({ number, patch: { status: "active" }, typeName: null }, null)
    yield* Context.get(store, Cards)
      .find(merchant.id, [{ by: "number", number }])
      .pipe(
        Effect.catchTag("CardNotFound", () =>
          Effect.die(new Error(`card ${JSON.stringify(number)} was not written as it is`))
        )
      )
  }
})

/** A text may have no place, and then nothing is told. One that becomes another text is lost. */
const unchanged = Effect.fnUntraced(function* (subject: Subject) {
  const assertTold = (record: object, { path, probe }: Field, where: string) => {
    const told = valueAt(record, path) ?? ""
    assert.include(
      ["", probe],
      told,
      `${where}, ${path} ${JSON.stringify(probe)} became ${JSON.stringify(told)}`
    )
  }
  for (const field of textFields) {
    const record = recordWith(field)
    for (const format of subject.codec.formats) {
      const { customer } = yield* throughAnswer(subject, storedWith(record), format)
      assertTold(customer, field, `saved as ${format}`)
    }
    assertTold(throughCall(subject, record) ?? {}, field, "in a call")
  }
  const carried = (yield* carriedInAnswers(subject)).map(({ path }) => path)
  for (const path of subject.carries ?? []) {
    assert.include(carried, path, `${path} does not come back from an answer, though it has a place there`)
  }
})

export const textCases = (): DialectCapability => ({
  name: "text",
  cases: [
    promise("what has a place comes back as it was told, and never as another text", unchanged),
    promise("digits and odd text of names, keys and card numbers survive in a saved answer", inAnswers),
    promise("digits and odd text survive in a call", inCalls, takesNoWrites),
    promise("digits and odd text survive from the server to the source", fromServer),
    promise("digits and odd text survive from the destination to the server", toServer, takesNoWrites)
  ]
})
