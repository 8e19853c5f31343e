/** What a dialect carries: measured by running its codec on one field at a time, not asked for. */
import {
  applyPatch,
  type CodecContext,
  type Customer,
  CustomerId,
  type CustomerChange,
  type CustomerRecord,
  type CustomerWithCards,
  GroupId,
  type LoyaltyCard,
  moneyFromText,
  newCard,
  newCustomer,
  StoreId
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { plain } from "./Case.ts"
import { daysBefore } from "./DialectRecords.ts"
import { externalSystem, noon, zone } from "./DialectSite.ts"
import type { Subject } from "./DialectSubject.ts"

/** One field: where it is in a record, and a value that no new customer has. */
export interface Field {
  readonly path: string
  readonly probe: unknown
}

const texts = [
  "title",
  "firstName",
  "middleName",
  "lastName",
  "email",
  "phone",
  "mobilePhone",
  "language",
  "notes"
]
const addressTexts = ["line1", "line2", "line3", "postalCode", "city", "country"].map(
  (part) => `address.${part}`
)
const companyTexts = ["name", "vatNumber"].map((part) => `company.${part}`)

const probes: Readonly<Record<string, string>> = {
  email: "probe@example.test",
  phone: "+33100000019",
  mobilePhone: "+33600000019",
  language: "FR"
}

const money = (text: string) => Option.getOrThrow(moneyFromText(text))

/** Fields that hold text, which therefore hold any. */
export const textFields: ReadonlyArray<Field> = [...texts, ...addressTexts, ...companyTexts].map((path) => ({
  path,
  probe: probes[path] ?? `Probe of ${path}`
}))

export const fields: ReadonlyArray<Field> = [
  ...textFields,
  { path: "gender", probe: "female" },
  { path: "birthDate", probe: { day: 5, month: 3, year: 1994 } },
  { path: "consents.push", probe: true },
  { path: "consents.email", probe: true },
  { path: "consents.sms", probe: true },
  { path: "discountPercent", probe: money("12.5") },
  { path: "accumulatedSales", probe: money("15200.5") },
  { path: "registeredAt", probe: daysBefore(3) },
  { path: "registeredIn", probe: StoreId.make(2) },
  { path: "group.name", probe: "VIP" },
  { path: "externalIds", probe: [{ system: externalSystem, key: "PROBE-1" }] }
]

/** A record of nothing but this. */
export const recordWith = ({ path, probe }: Field): CustomerRecord => {
  const [first, second] = path.split(".") as [string, string | undefined]
  return { [first]: second === undefined ? probe : { [second]: probe } }
}

/** The records' fields in one record. */
export const together = (all: ReadonlyArray<Field>): CustomerRecord => {
  const out: Record<string, unknown> = {}
  for (const field of all) {
    for (const [name, value] of Object.entries(recordWith(field))) {
      out[name] = field.path.includes(".") ? { ...(out[name] as object), ...(value as object) } : value
    }
  }
  return out
}

/** The value at a path, in a form that can be compared; `undefined` where nothing is said. */
export const valueAt = (record: object, path: string): unknown => {
  let value: unknown = record
  for (const name of path.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[name]
  if (path === "externalIds") {
    // What else a client says of a customer is its own affair.
    value = (value as Customer["externalIds"] | undefined)?.filter(({ system }) => system === externalSystem)
  }
  return plain(value)
}

export const codecContext = (count = 1): CodecContext => ({
  timeZone: zone,
  externalSystem,
  now: DateTime.makeUnsafe(noon),
  stores: [1, 2, 3].map((id) => ({ id: StoreId.make(id), name: `Store ${id}` })),
  count
})

/** A stored customer who says just this, with one card. */
export const storedWith = (record: CustomerRecord, number = "9900000000019"): CustomerWithCards => {
  const { createdAt: _at, createdBy: _by, group, id: _id, ...patch } = record
  const made = applyPatch(newCustomer(CustomerId.make(7), daysBefore(5), null), patch)
  const customer: Customer =
    group?.name === undefined ? made : { ...made, group: { id: GroupId.make(1), name: group.name } }
  const card: LoyaltyCard = {
    ...newCard(1 as LoyaltyCard["id"], number, daysBefore(5), null),
    customerId: customer.id,
    registeredIn: StoreId.make(1),
    status: "active"
  }
  return { customer, cards: [card] }
}

/** As a network may deliver it: in pieces that end within characters. */
export const inPieces = (bytes: Uint8Array): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.slice(index * 7, index * 7 + 7))
  )

/** A saved answer that tells these customers. */
export const savedAnswer = (
  { codec }: Subject,
  customers: ReadonlyArray<CustomerWithCards>,
  format: "xml" | "json"
): Effect.Effect<Uint8Array> =>
  codec.writeAnswer(Stream.fromIterable(customers), format, codecContext(customers.length)).pipe(
    Stream.runCollect,
    Effect.map((chunks) => {
      const out = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
      let at = 0
      for (const chunk of chunks) {
        out.set(chunk, at)
        at += chunk.length
      }
      return out
    })
  )

/** What a reader makes of an answer that tells this customer. */
export const throughAnswer = (
  subject: Subject,
  customer: CustomerWithCards,
  format: "xml" | "json"
): Effect.Effect<CustomerChange, unknown> =>
  Effect.gen(function* () {
    const saved = yield* savedAnswer(subject, [customer], format)
    const read = yield* subject.codec.readAnswer(inPieces(saved), codecContext()).pipe(Stream.runCollect)
    const [first] = read
    if (first === undefined || read.length > 1)
      return yield* Effect.die(new Error(`one customer was written, ${read.length} were read`))
    return yield* Effect.fromResult(first)
  })

/** What a server makes of a call that tells this customer. */
export const throughCall = ({ codec }: Subject, record: CustomerRecord): CustomerRecord | null =>
  codec.writeCall === null || codec.readCall === null
    ? null
    : Result.getOrThrow(codec.readCall(codec.writeCall(record, codecContext()), codecContext()))

const survives = (field: Field, read: CustomerRecord): boolean =>
  JSON.stringify(valueAt(read, field.path)) === JSON.stringify(plain(field.probe))

/** The fields that come back from an answer in every form. */
export const carriedInAnswers = (subject: Subject): Effect.Effect<ReadonlyArray<Field>, unknown> =>
  Effect.filter(fields, (field) =>
    Effect.map(
      Effect.forEach(subject.codec.formats, (format) =>
        throughAnswer(subject, storedWith(recordWith(field)), format)
      ),
      (changes) => changes.every(({ customer }) => survives(field, customer))
    )
  )

/** The fields that come back from a call. */
export const carriedInCalls = (subject: Subject): ReadonlyArray<Field> =>
  fields.filter((field) => {
    const read = throughCall(subject, recordWith(field))
    return read !== null && survives(field, read)
  })
