/**
 * The store as the side that is written to: a page, its records of who is who, dead letters, checkpoint and journal
 * are one transaction.
 */
import {
  type CardRecord,
  type CardImportOutcome,
  Cards,
  type CustomerChange,
  type CustomerId,
  type CustomerRecord,
  Customers,
  type ImportOutcome,
  type Link,
  type ModifiedCustomer,
  type SyncRecord,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { differences } from "./Agreement.ts"
import { letterOfChange } from "./Letters.ts"
import { asMatched, following, isMatched, numbersOf, sameMark, storeMark, unsettledMark } from "./Mark.ts"
import { ownersOf, matchOf } from "./StoreMatching.ts"
import { changeOfCustomer } from "./StoreSource.ts"
import type { Matching, Outcome, PageWork, RemovalOutcome, ToldChange, Writer } from "./Writer.ts"

/** What is to be done with one told customer, before anything is written. */
type Decision =
  | {
      readonly _tag: "Write"
      readonly told: ToldChange
      readonly id: CustomerId | null
      /** Whether it was found by what people are known by, and no link made it. */
      readonly matched: boolean
    }
  | { readonly _tag: "Done"; readonly outcome: Outcome }

/** Undoes the unit of a dry run. */
class Undone {
  readonly _tag = "Undone"
}

const idOf = (record: SyncRecord): CustomerId => Number(record.toKey) as CustomerId

const done = (told: ToldChange, action: Outcome["action"], more: Partial<Outcome> = {}): Decision => ({
  _tag: "Done",
  outcome: { told, action, record: null, letter: null, cards: 0, differences: [], ...more }
})

const conflict = (told: ToldChange, reason: string): Decision =>
  done(told, "conflict", { letter: letterOfChange(told, "conflict", reason) })

const recordOf = (told: ToldChange, id: CustomerId, position: number | null, seen: number): SyncRecord => ({
  fromKey: told.change.source.key,
  toKey: String(id),
  fromMark: told.mark,
  toMark:
    position === null
      ? (told.record?.toMark ?? null)
      : following(told.record?.toMark ?? null, storeMark(position, told.change)),
  sent: null,
  seen: Math.max(seen, told.record?.seen ?? 0)
})

/** A told customer as the store takes it: with its name at the source, under the id that is known already. */
const importRecord = ({ customer, source }: CustomerChange, id: CustomerId | null): CustomerRecord => {
  const { id: _theirs, ...fields } = customer
  const externalIds = [...(customer.externalIds ?? []), source]
  return id === null ? { ...fields, externalIds } : { ...fields, externalIds, id }
}

export const makeStoreWriter = Effect.fnUntraced(function* (matching: Matching) {
  const customers = yield* Customers
  const cards = yield* Cards
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const services = yield* Effect.context<Customers | Cards>()

  const decide = Effect.fnUntraced(function* ({ changes, link, merchant, seen }: PageWork) {
    const fresh = changes.filter(({ record }) => record === null).map(({ change }) => change)
    const ownerOf = fresh.length === 0 ? null : yield* ownersOf(merchant, fresh)
    const found = new Map<ToldChange, CustomerId>()
    const matched = new Set<ToldChange>()
    const decided = new Map<ToldChange, Decision>()
    for (const told of changes) {
      if (told.record !== null) {
        found.set(told, idOf(told.record))
        continue
      }
      const byKey = ownerOf!(told.change)
      const match =
        byKey._tag === "None" && matching.by.length > 0
          ? yield* matchOf(merchant, told.change, matching)
          : byKey
      if (match._tag === "One") found.set(told, match.id)
      if (match._tag === "One" && byKey._tag === "None") matched.add(told)
      if (match._tag === "Several") decided.set(told, conflict(told, match.reason))
    }
    const unpaired = [...found].filter(([told]) => told.record === null).map(([, id]) => String(id))
    const paired = new Map<number, string>()
    if (unpaired.length > 0)
      for (const record of yield* repository.recordsByTo(merchant, link, unpaired))
        paired.set(idOf(record), record.fromKey)
    const positions = new Map<number, ModifiedCustomer>()
    if (found.size > 0)
      for (const position of yield* customers.positions(merchant, [...found.values()]))
        positions.set(position.id, position)
    const taken = new Set<number>()
    return changes.map((told): Decision => {
      const early = decided.get(told)
      if (early !== undefined) return early
      const id = found.get(told)
      if (id === undefined) return { _tag: "Write", told, id: null, matched: false }
      if (told.record === null && (paired.has(id) || taken.has(id)))
        return conflict(told, `customer ${id} of the store is another customer of the source already`)
      taken.add(id)
      const position = positions.get(id)
      const mark = told.record?.toMark ?? null
      if (position === undefined) {
        // Removed here: a mirror does not bring people back.
        return told.record === null
          ? { _tag: "Write", told, id: null, matched: false }
          : done(told, "keep", { record: recordOf(told, id, null, seen) })
      }
      const isEdited = mark === null || !sameMark(mark, storeMark(position.position, told.change))
      if (isEdited && position.at.epochMilliseconds > told.toldAt) {
        // Both sides do not agree since: it stays edited, also when the source removes it.
        const kept = recordOf(told, id, null, seen)
        const record = matched.has(told) ? { ...kept, toMark: asMatched(kept.toMark ?? "") } : kept
        return done(told, "keep", { record })
      }
      return { _tag: "Write", told, id, matched: matched.has(told) }
    })
  })

  /** Cards that were told with the customer before and are not any more: they stay, and belong to nobody. */
  const lostCards = Effect.fnUntraced(function* (
    { allCards, merchant }: PageWork,
    written: ReadonlyArray<{ readonly told: ToldChange; readonly id: CustomerId }>
  ) {
    if (!allCards) return []
    const lost = new Map<string, CustomerId>()
    for (const { id, told } of written) {
      const now = new Set(told.change.cards.map(({ number }) => number))
      for (const number of numbersOf(told.record?.fromMark ?? null))
        if (!now.has(number)) lost.set(number, id)
    }
    if (lost.size === 0) return []
    const owned = yield* cards.ofCustomers(merchant, [...new Set(lost.values())])
    return owned
      .filter(({ customerId, number }) => lost.get(number) === customerId)
      .map(({ number }): { card: CardRecord; owner: null } => ({
        card: { number, patch: {}, typeName: null },
        owner: null
      }))
  })

  /** Whether a record was refused because its customer has another key at the source: it was made anew there. */
  const isRenamed = ({ told }: { readonly told: ToldChange }, outcome: ImportOutcome): boolean =>
    told.record !== null &&
    outcome._tag === "Rejected" &&
    outcome.error._tag === "AlreadyTaken" &&
    outcome.error.what === "customer id"

  const importAll = Effect.fnUntraced(function* (
    { merchant }: PageWork,
    writes: ReadonlyArray<{ readonly told: ToldChange; readonly id: CustomerId | null }>
  ) {
    const records = writes.map(({ id, told }) => importRecord(told.change, id))
    const outcomes = [...(yield* customers.importBatch(merchant, records, null))]
    for (const [at, write] of writes.entries()) {
      if (write.id === null || !isRenamed(write, outcomes[at]!)) continue
      yield* Effect.ignore(
        customers.save(merchant, {
          references: [{ by: "id", id: write.id }],
          createIfMissing: false,
          patch: { externalIds: [write.told.change.source] },
          actor: null
        })
      )
      outcomes[at] = (yield* customers.importBatch(merchant, [records[at]!], null))[0]!
    }
    return outcomes
  })

  const write = Effect.fnUntraced(function* (work: PageWork, isDry: boolean) {
    const { merchant, seen } = work
    const decisions = yield* decide(work)
    const writes = decisions.filter((decision) => decision._tag === "Write")
    const matched = new Set(writes.filter((decision) => decision.matched).map(({ told }) => told))
    const before = isDry ? yield* toldByStore(work, writes) : new Map<number, CustomerChange>()
    const imported = yield* importAll(work, writes)
    const written: Array<{ readonly told: ToldChange; readonly id: CustomerId }> = []
    const results = new Map<ToldChange, Outcome>()
    const touched = new Set<ToldChange>()
    imported.forEach((outcome, at) => {
      const { told } = writes[at]!
      if (outcome._tag === "Rejected") {
        const letter = letterOfChange(told, "refused", outcome.error.message)
        results.set(told, { told, action: "refuse", record: null, letter, cards: 0, differences: [] })
      } else {
        written.push({ told, id: outcome.id })
        if (outcome._tag !== "Unchanged") touched.add(told)
        const action =
          outcome._tag === "Created" ? "create" : outcome._tag === "Updated" ? "update" : "unchanged"
        const was = before.get(outcome.id)
        results.set(told, {
          told,
          action,
          record: null,
          letter: null,
          cards: 0,
          differences: was === undefined ? [] : differences(was, told.change, { cards: true })
        })
      }
    })
    yield* writeCards(work, written, results, touched)
    const changed = written.filter(({ told }) => touched.has(told) || told.record === null)
    const positions = new Map<number, number>()
    if (changed.length > 0)
      for (const { id, position } of yield* customers.positions(
        merchant,
        changed.map(({ id }) => id)
      ))
        positions.set(id, position)
    for (const { id, told } of written) {
      const outcome = results.get(told)!
      const plain = recordOf(told, id, positions.get(id) ?? null, seen)
      const isNewMatch = matched.has(told) && plain.toMark !== null
      const known = isNewMatch ? { ...plain, toMark: asMatched(plain.toMark) } : plain
      const record = outcome.letter === null ? known : { ...known, fromMark: unsettledMark(told.mark) }
      results.set(told, {
        ...outcome,
        action: outcome.action === "unchanged" && touched.has(told) ? "update" : outcome.action,
        record
      })
    }
    return decisions.map((decision) =>
      decision._tag === "Done" ? decision.outcome : results.get(decision.told)!
    )
  })

  /** Whether a card was refused because it is somebody's of whom this source tells too: then it moved there. */
  const isMoved = Effect.fnUntraced(function* (
    { link, merchant }: PageWork,
    number: string,
    outcome: CardImportOutcome
  ) {
    if (outcome._tag !== "Rejected" || outcome.error._tag !== "AlreadyTaken") return false
    const card = yield* cards
      .find(merchant, [{ by: "number", number }])
      .pipe(Effect.catchTag("CardNotFound", () => Effect.succeed(null)))
    if (card === null || card.customerId === null) return false
    return (yield* repository.recordsByTo(merchant, link, [String(card.customerId)])).length > 0
  })

  const writeCards = Effect.fnUntraced(function* (
    work: PageWork,
    written: ReadonlyArray<{ readonly told: ToldChange; readonly id: CustomerId }>,
    results: Map<ToldChange, Outcome>,
    touched: Set<ToldChange>
  ) {
    const lost = yield* lostCards(work, written)
    const entries = written.flatMap(({ id, told }) =>
      told.change.cards.map((card) => ({ told, entry: { card, owner: id as CustomerId | null } }))
    )
    if (lost.length + entries.length === 0) return
    // Lost ones first: a card that moved within the page then ends with its new owner.
    const page = new Set(written.map(({ id }) => id))
    const outcomes = [
      ...(yield* cards.importBatch(
        work.merchant,
        [...lost, ...entries.map(({ entry }) => ({ ...entry, takenFrom: page }))],
        null
      ))
    ]
    for (const [at, { entry }] of entries.entries())
      if (yield* isMoved(work, entry.card.number, outcomes[lost.length + at]!))
        outcomes[lost.length + at] = (yield* cards.importBatch(work.merchant, [entry], null))[0]!
    outcomes.slice(lost.length).forEach((outcome, at) => {
      const { told } = entries[at]!
      const result = results.get(told)!
      if (outcome._tag === "Unchanged") return
      if (outcome._tag === "Rejected") {
        const reason = `card: ${outcome.error.message}`
        results.set(told, { ...result, letter: result.letter ?? letterOfChange(told, "refused", reason) })
        return
      }
      touched.add(told)
      results.set(told, { ...result, cards: result.cards + 1 })
    })
    if (lost.length > 0) {
      for (const { told } of written) {
        const now = new Set(told.change.cards.map(({ number }) => number))
        const gone = numbersOf(told.record?.fromMark ?? null).filter((number) => !now.has(number)).length
        if (gone === 0) continue
        touched.add(told)
        const result = results.get(told)!
        results.set(told, { ...result, cards: result.cards + gone })
      }
    }
  })

  /** Customers as the store tells them before the write. */
  const toldByStore = Effect.fnUntraced(function* (
    { merchant }: PageWork,
    writes: ReadonlyArray<{ readonly id: CustomerId | null }>
  ) {
    const ids = writes.flatMap(({ id }) => (id === null ? [] : [id]))
    if (ids.length === 0) return new Map<number, CustomerChange>()
    const owned = yield* cards.ofCustomers(merchant, ids)
    return new Map<number, CustomerChange>(
      (yield* customers.getMany(merchant, ids)).map((customer) => [
        customer.id,
        changeOfCustomer(
          customer,
          owned.filter(({ customerId }) => customerId === customer.id),
          "store"
        )
      ])
    )
  })

  /** Whether another system that is mirrored into the store tells the customer still. */
  const isTold = Effect.fnUntraced(function* (
    { merchant }: Omit<PageWork, "changes">,
    others: ReadonlyArray<Link>,
    record: SyncRecord
  ) {
    for (const other of others)
      if ((yield* repository.recordsByTo(merchant, other, [record.toKey])).length > 0) return true
    return false
  })

  const removeOne = Effect.fnUntraced(function* (
    work: Omit<PageWork, "changes">,
    others: ReadonlyArray<Link>,
    record: SyncRecord
  ) {
    const [position] = yield* customers.positions(work.merchant, [idOf(record)])
    if (position === undefined) return { record, action: "remove" } as const
    // Only the link forgets them: they were there before it, or another system tells them still.
    if (isMatched(record.toMark) || (yield* isTold(work, others, record)))
      return { record, action: "remove" } as const
    const { toMark } = record
    const isEdited = toMark === null || !sameMark(toMark, `p${position.position}`)
    if (isEdited) return { record, action: "keep" } as const
    if (work.lease !== null)
      yield* customers
        .remove(work.merchant, { by: "id", id: idOf(record) })
        .pipe(Effect.catchTag(["CustomerNotFound", "AlreadyTaken"], () => Effect.void))
    return { record, action: "remove" } as const
  })

  const writer: Writer = {
    system: "store",
    carriesCards: true,
    write: (work, commit) =>
      Effect.suspend(() => {
        let outcomes: ReadonlyArray<Outcome> = []
        const unit = Effect.gen(function* () {
          outcomes = yield* write(work, work.lease === null).pipe(Effect.provideContext(services))
          if (work.lease === null) return yield* Effect.fail(new Undone())
          yield* commit(outcomes)
          return outcomes
        })
        return atomically(unit).pipe(
          Effect.catchIf(
            (error): error is Undone => error instanceof Undone,
            () => Effect.succeed(outcomes)
          )
        )
      }),
    remove: (work, records, commit) =>
      atomically(
        Effect.gen(function* () {
          const others = (yield* repository.links(work.merchant))
            .map(({ link }) => link)
            .filter(({ from, to }) => to === work.link.to && from !== work.link.from)
          const outcomes: ReadonlyArray<RemovalOutcome> = yield* Effect.forEach(records, (record) =>
            removeOne(work, others, record)
          )
          if (work.lease !== null) yield* commit(outcomes)
          return outcomes
        })
      )
  }
  return writer
})
