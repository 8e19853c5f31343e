/**
 * Whether two systems agree: every customer of both is read, matched by what is known of who is who and by external
 * ids, and compared field by field as far as both tell it; cards only where the second system can be given some.
 * Nothing is written. Of the first side a few hundred bytes are held for each customer: hashes of its fields, not the
 * fields.
 */
import {
  type CustomerChange,
  type CustomerSource,
  type Link,
  type MerchantId,
  SyncRepository
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Comparing, fieldNames, toldFields } from "./Agreement.ts"

type Source = CustomerSource["Service"]

/** `=` same, `*` different, `+` only in the first, `-` only in the second, `!` a record that cannot be read. */
export type CheckSign = "=" | "*" | "+" | "-" | "!"

export interface Checked {
  readonly sign: CheckSign
  /** The key in the first system, or in the second for `-`; `null`: it cannot be made out. */
  readonly key: string | null
  /** Names of the fields that differ. */
  readonly fields: ReadonlyArray<string>
}

export interface FieldTally {
  readonly field: string
  /** Customers of whom both tell it. */
  readonly compared: number
  readonly different: number
  /** Spelled differently, and the same: `+33 6 12…` and `0612…`. No difference. */
  readonly spelling: number
}

export interface CheckSummary {
  readonly counts: Readonly<Record<CheckSign, number>>
  readonly fields: ReadonlyArray<FieldTally>
}

export interface CheckRequest {
  readonly merchant: MerchantId
  readonly link: Link
  readonly first: Source
  readonly second: Source
  /** Whether `onChecked` is told of those that are the same too. */
  readonly tellsSame?: boolean | undefined
  /** Told for every customer that is not the same on both sides. */
  readonly onChecked?: ((checked: Checked) => Effect.Effect<void>) | undefined
  /** Told now and then: customers read so far, of both. */
  readonly onRead?: ((read: number) => Effect.Effect<void>) | undefined
}

/** What the first side told of one customer: two hashes for each field, 0 for what it did not tell. */
interface Entry {
  readonly key: string
  readonly hashes: Uint32Array
  isFound: boolean
}

/** Never 0, which stands for "not told". */
const hash32 = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0 || 1
}

const hashesOf = (change: CustomerChange, comparing: Comparing): Uint32Array => {
  const told = toldFields(change, comparing)
  const hashes = new Uint32Array(told.length * 2)
  told.forEach((field, at) => {
    if (field === undefined) return
    hashes[at * 2] = hash32(field.normal)
    hashes[at * 2 + 1] = field.exact === field.normal ? hashes[at * 2]! : hash32(field.exact)
  })
  return hashes
}

const named = (system: string, key: string) => `${system}\u0000${key}`

/**
 * Names by which another system may know the customer. A vendor with one external key for all systems holds others'
 * as `system:key`.
 */
const namesOf = ({ customer, source }: CustomerChange): ReadonlyArray<string> => [
  named(source.system, source.key),
  ...(customer.externalIds ?? []).flatMap(({ key, system }) => {
    const other = /^([^:]+):(.+)$/.exec(key)
    return other === null ? [named(system, key)] : [named(system, key), named(other[1]!, other[2]!)]
  })
]

const readAll = <E, R>(
  source: Source,
  onPage: (changes: ReadonlyArray<CustomerChange>, unreadable: number) => Effect.Effect<void, E, R>
) =>
  source
    .pages(null)
    .pipe(Stream.runForEach(({ changes, unreadable }) => onPage(changes, unreadable?.length ?? 0)))

/** Compares two systems; nothing is written anywhere. */
export const check = Effect.fnUntraced(function* (request: CheckRequest) {
  const repository = yield* SyncRepository
  const { first, link, merchant, second } = request
  const { onChecked = () => Effect.void, onRead = () => Effect.void, tellsSame = false } = request
  // A system that tells cards and takes none can never agree with one that it does not get them from.
  const { canUpsertCard, carriesAllCards } = second.capabilities
  const comparing = { cards: first.capabilities.carriesAllCards && carriesAllCards && canUpsertCard }
  const names = fieldNames(comparing)
  const compared = new Uint32Array(names.length)
  const different = new Uint32Array(names.length)
  const spelling = new Uint32Array(names.length)
  const counts = { "=": 0, "*": 0, "+": 0, "-": 0, "!": 0 }
  const entries = new Map<string, Entry>()
  const byName = new Map<string, Entry>()
  let read = 0

  const unread = (count: number) =>
    Effect.gen(function* () {
      counts["!"] += count
      for (let at = 0; at < count; at++) yield* onChecked({ sign: "!", key: null, fields: [] })
    })

  yield* readAll(first, (changes, unreadable) =>
    Effect.gen(function* () {
      for (const change of changes) {
        // A page may tell somebody again, as a feed does: the last telling counts.
        const entry: Entry = { key: change.source.key, hashes: hashesOf(change, comparing), isFound: false }
        if (!entries.has(entry.key)) read++
        entries.set(entry.key, entry)
        for (const name of namesOf(change)) byName.set(name, entry)
      }
      yield* unread(unreadable)
      yield* onRead(read)
    })
  )

  const compare = (entry: Entry, hashes: Uint32Array): ReadonlyArray<string> => {
    const found: Array<string> = []
    names.forEach((name, at) => {
      const [a, b] = [entry.hashes[at * 2]!, hashes[at * 2]!]
      if (a === 0 || b === 0) return
      compared[at]!++
      if (a !== b) {
        different[at]!++
        found.push(name)
      } else if (entry.hashes[at * 2 + 1] !== hashes[at * 2 + 1]) spelling[at]!++
    })
    return found
  }

  /** Last tellings only: a customer told twice is compared once, as it was told last. */
  const seen = new Set<string>()

  yield* readAll(second, (changes, unreadable) =>
    Effect.gen(function* () {
      const keys = changes.map(({ source }) => source.key)
      const known = new Map(
        (yield* repository.recordsByTo(merchant, link, keys)).map(({ fromKey, toKey }) => [toKey, fromKey])
      )
      for (const change of changes) {
        const { key } = change.source
        if (seen.has(key)) continue
        seen.add(key)
        read++
        const pairedWith = known.get(key)
        const paired = pairedWith === undefined ? undefined : entries.get(pairedWith)
        const entry =
          paired ??
          namesOf(change)
            .map((name) => byName.get(name))
            .find((one) => one !== undefined)
        if (entry === undefined || entry.isFound) {
          counts["-"]++
          yield* onChecked({ sign: "-", key, fields: [] })
          continue
        }
        entry.isFound = true
        const fields = compare(entry, hashesOf(change, comparing))
        counts[fields.length === 0 ? "=" : "*"]++
        if (fields.length > 0) yield* onChecked({ sign: "*", key: entry.key, fields })
        else if (tellsSame) yield* onChecked({ sign: "=", key: entry.key, fields })
      }
      yield* unread(unreadable)
      yield* onRead(read)
    })
  )

  for (const { isFound, key } of entries.values()) {
    if (isFound) continue
    counts["+"]++
    yield* onChecked({ sign: "+", key, fields: [] })
  }
  const summary: CheckSummary = {
    counts,
    fields: names.map((field, at) => ({
      field,
      compared: compared[at]!,
      different: different[at]!,
      spelling: spelling[at]!
    }))
  }
  return summary
})

/** Whether the check found both sides to agree. */
export const agrees = ({ counts }: CheckSummary): boolean =>
  counts["*"] + counts["+"] + counts["-"] + counts["!"] === 0
