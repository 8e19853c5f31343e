/**
 * A vendor's system as the side that is written to: each customer by its external id, at least once; what was written
 * is recorded together with the checkpoint. A record that the system refuses is set aside and the page goes on.
 */
import {
  type CustomerChange,
  type CustomerDestination,
  emailKey,
  LeaseLost,
  type Lease,
  type LookUp,
  SourceError,
  type SyncRecord,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { differences, type FieldDifference } from "./Agreement.ts"
import { changeFromText, changeText } from "./ChangeText.ts"
import { letterOfChange } from "./Letters.ts"
import { following, markOf, numbersOf, sameMark } from "./Mark.ts"
import { e164, spellings } from "./Phones.ts"
import type { Matching, Outcome, PageWork, RemovalOutcome, ToldChange, Writer } from "./Writer.ts"

type Destination = CustomerDestination["Service"]

/** Customers of a page written at once: an old system is not to be flooded. */
const AT_ONCE = 4

/** Who a change is at the destination. */
type Target =
  | { readonly _tag: "Known"; readonly key: string; readonly current: CustomerChange | null }
  | { readonly _tag: "New" }
  | { readonly _tag: "Several"; readonly reason: string }

const outcome = (told: ToldChange, action: Outcome["action"], more: Partial<Outcome> = {}): Outcome => ({
  told,
  action,
  record: null,
  letter: null,
  cards: 0,
  differences: [],
  ...more
})

/** What was written there and is not told yet, where it is known. */
const sentOf = (record: SyncRecord | null): CustomerChange | null => {
  if (record === null || record.sent === null) return null
  const read = changeFromText(record.sent)
  return read._tag === "Some" ? read.value : null
}

const wordsOf = ({ customer, cards }: CustomerChange, { by, country }: Matching): ReadonlyArray<LookUp> => [
  ...(by.includes("card") ? cards.map(({ number }): LookUp => ({ by: "card", value: number })) : []),
  ...(by.includes("phone")
    ? [customer.phone, customer.mobilePhone].flatMap((phone): ReadonlyArray<LookUp> =>
        phone == null ? [] : spellings(phone, country).map((value): LookUp => ({ by: "phone", value }))
      )
    : []),
  ...(by.includes("email") && customer.email != null && emailKey(customer.email) !== null
    ? [{ by: "email", value: customer.email } as const]
    : [])
]

const isTold = ({ changes }: PageWork, card: string): boolean =>
  changes.some(({ change }) => change.cards.some(({ number }) => number === card))

/** Whether somebody found by a search is who was looked for: searches of vendors are wider than that. */
const isWho = (found: CustomerChange, word: LookUp, country: string | null): boolean => {
  switch (word.by) {
    case "phone": {
      const wanted = e164(word.value, country)
      const { mobilePhone, phone } = found.customer
      return e164(phone, country) === wanted || e164(mobilePhone, country) === wanted
    }
    case "email":
      return emailKey(found.customer.email ?? null) === emailKey(word.value)
    case "card":
      return found.cards.length === 0 || found.cards.some(({ number }) => number === word.value)
    case "key":
    case "externalId":
      return true
  }
}

export const makeVendorWriter = Effect.fnUntraced(function* (
  destination: Destination,
  matching: Matching,
  /** Until when the lease is good, in milliseconds since 1970; asked before each write. */
  leaseUntil: () => number
) {
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const { capabilities, lookUps, system } = destination
  const can = (by: LookUp["by"]): boolean => lookUps.includes(by)
  const comparing = { cards: capabilities.carriesCards }

  /** A worker that was stopped past its lease must not write when it wakes. */
  const holding = (lease: Lease | null) =>
    lease === null
      ? Effect.void
      : Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now < leaseUntil() ? Effect.void : Effect.fail(new LeaseLost(lease.link))
        )

  const currentOf = (key: string): Effect.Effect<CustomerChange | null, SourceError> =>
    can("key")
      ? Effect.map(destination.lookUp({ by: "key", key }), (found) => found[0] ?? null)
      : Effect.succeed(null)

  const search = Effect.fnUntraced(function* (word: LookUp) {
    const found = yield* destination.lookUp(word)
    return found
      .filter((one) => isWho(one, word, matching.country))
      .map((one) => [one.source.key, one] as const)
  })

  /** Who it is there. A fresh customer without anything to match by is left to the write itself, which looks it up. */
  const targetOf = Effect.fnUntraced(function* (told: ToldChange, mustLook: boolean) {
    if (told.record !== null) {
      const key = told.record.toKey
      return {
        _tag: "Known",
        key,
        current: mustLook ? yield* currentOf(key) : null
      } satisfies Target as Target
    }
    const { customer, source } = told.change
    const own = customer.externalIds?.find((id) => id.system === system)
    const words = wordsOf(told.change, matching).filter(({ by }) => can(by))
    if (own !== undefined)
      return { _tag: "Known", key: own.key, current: mustLook ? yield* currentOf(own.key) : null } as Target
    if (!mustLook && words.length === 0) return { _tag: "New" } as Target
    const found = new Map<string, CustomerChange>()
    if (can("externalId"))
      for (const [key, one] of yield* search({ by: "externalId", externalId: source })) found.set(key, one)
    if (found.size === 0)
      for (const word of words) for (const [key, one] of yield* search(word)) found.set(key, one)
    const [first] = found
    if (first === undefined) return { _tag: "New" } as Target
    return found.size === 1
      ? ({ _tag: "Known", key: first[0], current: first[1] } as Target)
      : ({ _tag: "Several", reason: `${found.size} customers of ${system} match` } as Target)
  })

  /** Whether the destination's customer was changed by others since both sides agreed. */
  const isEdited = (told: ToldChange, current: CustomerChange): boolean => {
    const known = told.record?.toMark ?? null
    if (known !== null) return !sameMark(markOf(current), known)
    const sent = sentOf(told.record)
    return sent === null || differences(sent, current, comparing).length > 0
  }

  const isNewer = (current: CustomerChange, told: ToldChange): boolean =>
    current.modifiedAt !== undefined && current.modifiedAt.epochMilliseconds > told.toldAt

  const refusing = <E>(told: ToldChange, effect: Effect.Effect<Outcome, SourceError | E>) =>
    effect.pipe(
      Effect.catchIf(
        (error): error is SourceError => error instanceof SourceError && error.reason._tag === "Refused",
        (error) =>
          Effect.succeed(outcome(told, "refuse", { letter: letterOfChange(told, "refused", error.message) }))
      )
    )

  const putCards = Effect.fnUntraced(function* (work: PageWork, told: ToldChange, key: string) {
    if (!capabilities.canUpsertCard) return 0
    const sent = new Map(sentOf(told.record)?.cards.map((card) => [card.number, JSON.stringify(card)]))
    let count = 0
    for (const card of told.change.cards) {
      if (sent.get(card.number) === JSON.stringify(card)) continue
      yield* holding(work.lease)
      yield* destination.putCard(card, { system, key })
      count++
    }
    const now = new Set(told.change.cards.map(({ number }) => number))
    // One that another customer of the page has by now is moved by that customer's own write, and may be already.
    const gone = numbersOf(told.record?.fromMark ?? null).filter(
      (number) => !now.has(number) && !isTold(work, number)
    )
    if (gone.length === 0 || !work.allCards || !can("key")) return count
    // One that moved is another's by now: only what is still this customer's is taken away.
    const left = new Set((yield* currentOf(key))?.cards.map(({ number }) => number))
    for (const number of gone) {
      if (!left.has(number)) continue
      yield* holding(work.lease)
      yield* destination.removeCard(number)
      count++
    }
    return count
  })

  const put = Effect.fnUntraced(function* (work: PageWork, told: ToldChange, target: Target) {
    const { change } = told
    const key = target._tag === "Known" ? target.key : null
    yield* holding(work.lease)
    const others = (change.customer.externalIds ?? []).filter((id) => id.system !== system)
    const putAs = (own: string | null) =>
      destination.putCustomer({
        ...change,
        customer: {
          ...change.customer,
          externalIds: own === null ? others : [...others, { system, key: own }]
        }
      })
    let known = told
    const written = yield* putAs(key).pipe(
      Effect.catchIf(
        (error) => key !== null && error.reason._tag === "Refused" && can("key"),
        (error) =>
          Effect.flatMap(currentOf(key!), (current) => {
            if (current !== null) return Effect.fail(error)
            // Somebody removed it there, and the source still has it, changed since: it is made anew, with all cards.
            known = { ...told, record: null }
            return putAs(null)
          })
      )
    )
    const cards = yield* putCards(work, known, written.key)
    const record: SyncRecord = {
      fromKey: change.source.key,
      toKey: written.key,
      fromMark: following(told.record?.fromMark ?? null, told.mark),
      toMark: null,
      sent: changeText(change),
      seen: Math.max(work.seen, told.record?.seen ?? 0)
    }
    return outcome(told, written.isNew && key === null ? "create" : "update", { record, cards })
  })

  /** Whether another customer of the source is this one at the destination already. */
  const isTaken = Effect.fnUntraced(function* (
    { link, merchant }: PageWork,
    told: ToldChange,
    key: string,
    taken: Map<string, string>
  ) {
    const own = told.change.source.key
    const within = taken.get(key)
    if (within !== undefined && within !== own) return true
    taken.set(key, own)
    if (told.record !== null) return false
    const [other] = yield* repository.recordsByTo(merchant, link, [key])
    return other !== undefined && other.fromKey !== own
  })

  const writeOne = Effect.fnUntraced(function* (
    work: PageWork,
    told: ToldChange,
    taken: Map<string, string>
  ) {
    const isDry = work.lease === null
    const target = yield* targetOf(told, isDry || work.twoWay)
    if (target._tag === "Several")
      return outcome(told, "conflict", { letter: letterOfChange(told, "conflict", target.reason) })
    if (target._tag === "Known") {
      const { current, key } = target
      if (yield* isTaken(work, told, key, taken)) {
        const reason = `customer ${key} of ${system} is another customer of the source already`
        return outcome(told, "conflict", { letter: letterOfChange(told, "conflict", reason) })
      }
      if (current !== null) {
        if (isEdited(told, current) && isNewer(current, told)) {
          const record = { ...keptRecord(work, told, key), toMark: told.record?.toMark ?? null }
          return outcome(told, "keep", { record })
        }
        if (isDry) {
          const found: ReadonlyArray<FieldDifference> = differences(current, told.change, comparing)
          return outcome(told, found.length === 0 ? "unchanged" : "update", { differences: found })
        }
      }
      if (isDry) return outcome(told, "update")
    } else if (isDry) return outcome(told, "create")
    return yield* put(work, told, target)
  })

  const keptRecord = (work: PageWork, told: ToldChange, key: string): SyncRecord => ({
    fromKey: told.change.source.key,
    toKey: key,
    fromMark: following(told.record?.fromMark ?? null, told.mark),
    toMark: null,
    sent: told.record?.sent ?? null,
    seen: Math.max(work.seen, told.record?.seen ?? 0)
  })

  const removeOne = Effect.fnUntraced(function* (work: Omit<PageWork, "changes">, record: SyncRecord) {
    if (!capabilities.canDeleteCustomer) return { record, action: "cannot" } as const
    if (work.twoWay && can("key")) {
      const current = yield* currentOf(record.toKey)
      const isOurs =
        current === null ||
        (record.toMark !== null
          ? sameMark(markOf(current), record.toMark)
          : differences(sentOf(record) ?? current, current, comparing).length === 0)
      if (!isOurs) return { record, action: "keep" } as const
    }
    yield* holding(work.lease)
    if (work.lease !== null) yield* destination.removeCustomer(record.toKey)
    return { record, action: "remove" } as const
  })

  const writer: Writer = {
    system,
    carriesCards: capabilities.carriesCards,
    write: (work, commit) =>
      Effect.gen(function* () {
        const taken = new Map<string, string>()
        const outcomes = yield* Effect.forEach(
          work.changes,
          (told) => refusing(told, writeOne(work, told, taken)),
          { concurrency: AT_ONCE }
        )
        if (work.lease !== null) yield* atomically(commit(outcomes))
        return outcomes
      }),
    remove: (work, records, commit) =>
      Effect.gen(function* () {
        const outcomes: ReadonlyArray<RemovalOutcome> = yield* Effect.forEach(records, (record) =>
          removeOne(work, record)
        )
        if (work.lease !== null) yield* atomically(commit(outcomes))
        return outcomes
      })
  }
  return writer
})
