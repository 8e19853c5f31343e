/** Tries on probes what a dialect carries: a customer is written as it would be, read back, and compared. */
import {
  type CodecContext,
  type Customer,
  type CustomerChange,
  type CustomerRecord,
  type CustomerWithCards,
  type DialectCodec,
  fieldAt,
  type Loss,
  lossesOf,
  otherWords,
  PROBE_SYSTEM,
  probeCustomer,
  probeFields,
  probeNow,
  probeStores,
  type ProbeVariant,
  recordOfCustomer,
  TimeZone
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** Carried as it is, carried with a loss, or not at all. */
export type Cell =
  | { readonly mark: "whole" }
  | { readonly mark: "part"; readonly how: string }
  | { readonly mark: "none" }

/** What a dialect carries in one direction, by field. */
export type Cells = Readonly<Record<string, Cell>>

const context: CodecContext = {
  timeZone: TimeZone.make("UTC"),
  externalSystem: PROBE_SYSTEM,
  now: probeNow,
  stores: probeStores,
  count: 1
}

/** The field of what only this dialect has a word for. */
export const KEPT = "extensions"

const isOfCard = (field: string) => field === "cards" || field.startsWith("cards.")

export const customerFields: ReadonlyArray<string> = [
  ...probeFields.filter((field) => !isOfCard(field)),
  KEPT
]
export const cardFields: ReadonlyArray<string> = probeFields.filter(isOfCard)

/** What came back of a customer with some fields filled. */
interface Outcome {
  readonly before: CustomerWithCards
  readonly after: CustomerChange | undefined
  readonly losses: ReadonlyArray<Loss>
}

type Attempt = (fields: ReadonlyArray<string>, variant?: ProbeVariant) => Promise<Outcome>

const filled = (
  codec: DialectCodec,
  fields: ReadonlyArray<string>,
  variant: ProbeVariant | undefined
): CustomerWithCards => {
  const made = probeCustomer(fields, variant)
  if (!fields.includes(KEPT)) return made
  return {
    ...made,
    customer: { ...made.customer, extensions: { [codec.dialect]: { own_field: "kept" } } }
  }
}

const outcomeOf = (before: CustomerWithCards, changes: ReadonlyArray<CustomerChange>): Outcome => ({
  before,
  after: changes[0],
  losses: lossesOf([before], changes)[0] ?? []
})

/** The server writes an answer, the client reads it. */
const answered =
  (codec: DialectCodec, format: "xml" | "json"): Attempt =>
  (fields, variant) => {
    const before = filled(codec, fields, variant)
    const written = codec.writeAnswer(Stream.make(before), format, context)
    return codec.readAnswer(written, context).pipe(
      Stream.runCollect,
      Effect.map((read) => outcomeOf(before, read.map(Result.getOrThrow))),
      Effect.runPromise
    )
  }

/** The part of a record that these fields are, and nothing beside it. */
const recordOf = (customer: Customer, fields: ReadonlyArray<string>): CustomerRecord => {
  const whole = recordOfCustomer(customer)
  const out: Record<string, unknown> = {}
  for (const field of fields) {
    const [name, part] = field.split(".") as [string, string | undefined]
    out[name] =
      part === undefined
        ? fieldAt(whole, name)
        : { ...(out[name] as object | undefined), [part]: fieldAt(whole, field) }
  }
  return out as CustomerRecord
}

/** The client makes a call, the server reads it. */
const called =
  (codec: DialectCodec): Attempt =>
  (fields, variant) => {
    const before = filled(codec, fields, variant)
    const text = codec.writeCall!(recordOf(before.customer, fields), context)
    const read = Result.getOrThrow(codec.readCall!(text, context))
    const source = { system: codec.dialect, key: String(before.customer.id) }
    return Promise.resolve(outcomeOf(before, [{ customer: read, cards: [], source }]))
  }

const lossIn = ({ losses }: Outcome, field: string): Loss["how"] | undefined => {
  for (const loss of losses) {
    if (loss.field === field || (field === KEPT && loss.field.startsWith(`${KEPT}.`))) return loss.how
    if (loss.field === "customer" || (loss.field === "cards" && isOfCard(field))) return "lost"
  }
  return undefined
}

const valueIn = (side: CustomerWithCards | CustomerChange | undefined, field: string): unknown => {
  if (side === undefined) return undefined
  if (!isOfCard(field)) return fieldAt(side.customer, field)
  const card = side.cards[0]
  const name = field.slice("cards.".length)
  if (card === undefined) return undefined
  if ("typeName" in card) return name === "type" ? card.typeName : fieldAt(card.patch, name)
  return fieldAt(card, name)
}

const millisOf = (value: unknown): number | undefined => {
  const millis = fieldAt(typeof value === "object" && value !== null ? value : {}, "epochMilliseconds")
  return typeof millis === "number" ? millis : undefined
}

const steps = [
  [1_000, "whole seconds"],
  [60_000, "whole minutes"],
  [86_400_000, "the day alone"]
] as const

const joined = "joined with other fields"

/** What a value became. */
const describeChange = (before: unknown, after: unknown): string => {
  const [was, is] = [millisOf(before), millisOf(after)]
  if (was !== undefined && is !== undefined) {
    const step = steps.find(([length]) => was - (was % length) === is)
    return step === undefined ? "another time" : step[1]
  }
  if (typeof before === "string" && typeof after === "string" && after !== before) {
    if (after.includes(before)) return joined
    if (before.startsWith(after)) return `at most ${after.length} characters`
  }
  return "as another value"
}

/** A field of the same side in which the value stands now. */
const elsewhere = ({ after, before }: Outcome, field: string): string | undefined => {
  const value = valueIn(before, field)
  if (typeof value !== "string" || value.length < 3) return undefined
  return customerFields.find((other) => other !== field && valueIn(after, other) === value)
}

const partly = (how: string): Cell => ({ mark: "part", how })

/** What must be there for a field to come through, and nothing that need not. */
const neededBy = async (
  attempt: Attempt,
  field: string,
  own: ReadonlyArray<string>,
  fields: ReadonlyArray<string>
): Promise<ReadonlyArray<string>> => {
  let needed = fields.filter((other) => !own.includes(other))
  for (const other of needed) {
    const without = needed.filter((one) => one !== other)
    if (lossIn(await attempt([...own, ...without]), field) === undefined) needed = without
  }
  return needed
}

/** The other field beside which this one does not come through as it is. */
const spoiledBy = async (
  attempt: Attempt,
  field: string,
  own: ReadonlyArray<string>,
  fields: ReadonlyArray<string>
): Promise<string | undefined> => {
  for (const other of fields) {
    if (!own.includes(other) && lossIn(await attempt([...own, other]), field) !== undefined) return other
  }
  return undefined
}

const tell = async (attempt: Attempt, field: string, fields: ReadonlyArray<string>): Promise<Cell> => {
  const own = isOfCard(field) ? [...new Set(["cards", field])] : [field]
  const alone = await attempt(own)
  const among = await attempt(fields)
  const [lossAlone, lossAmong] = [lossIn(alone, field), lossIn(among, field)]
  if (lossAlone === undefined && lossAmong === undefined) return { mark: "whole" }

  if (lossAmong === undefined) {
    const needed = await neededBy(attempt, field, own, fields)
    return partly(`only with ${needed.join(", ")}`)
  }
  if (lossAlone === undefined) {
    const other = await spoiledBy(attempt, field, own, fields)
    const how = describeChange(valueIn(among.before, field), valueIn(among.after, field))
    return partly(
      other === undefined ? how : how === joined ? `joined with ${other}` : `${how} beside ${other}`
    )
  }
  if (lossAlone === "changed")
    return partly(describeChange(valueIn(alone.before, field), valueIn(alone.after, field)))
  const place = elsewhere(alone, field)
  return place === undefined ? { mark: "none" } : partly(`as ${place} when that is empty`)
}

const cellsOf = async (attempt: Attempt, fields: ReadonlyArray<string>): Promise<Cells> => {
  const cells: Record<string, Cell> = {}
  const plainly: Attempt = (some) => attempt(some, "plain")
  const otherwise: Attempt = (some) => attempt(some, "other")
  for (const field of fields) {
    const cell = await tell(attempt, field, fields)
    const plain = cell.mark === "none" ? await tell(plainly, field, fields) : cell
    const word = Object.values(otherWords[field] ?? {})[0]
    const isNumber = field === "cards" || field.endsWith("externalIds")
    if (cell.mark === "none" && plain.mark === "whole" && isNumber)
      cells[field] = partly("whole numbers alone")
    else if (
      plain.mark === "whole" &&
      word !== undefined &&
      (await tell(otherwise, field, fields)).mark !== "whole"
    )
      cells[field] = partly(`not ${word}`)
    else cells[field] = plain
  }
  return cells
}

/** What answers carry, by the form they are written in. */
export const answerCells = (
  codec: DialectCodec
): Promise<ReadonlyArray<readonly [format: string, cells: Cells]>> =>
  Promise.all(
    codec.formats.map(
      async (format) =>
        [format, await cellsOf(answered(codec, format), [...customerFields, ...cardFields])] as const
    )
  )

/** What calls carry; `null` where the vendor takes none. */
export const callCells = (codec: DialectCodec): Promise<Cells | null> =>
  codec.writeCall === null || codec.readCall === null
    ? Promise.resolve(null)
    : cellsOf(called(codec), customerFields)
