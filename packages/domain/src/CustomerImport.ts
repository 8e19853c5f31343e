/**
 * The batch write behind `Customers.importBatch`: a few statements for the whole batch instead of several for each
 * record.
 */
import { DateTime, Effect, Option } from "effect"
import type { ChangeFeed } from "./ChangeFeed.ts"
import { applyPatch, type Customer, type CustomerRecord, newCustomer, sameContent } from "./Customer.ts"
import type { CustomerRepository, CustomerWrite } from "./CustomerRepository.ts"
import { resolveEntry } from "./directory.ts"
import { AlreadyTaken, type InvalidField, type StorageError, type UnknownReference } from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import { ChangePosition, CustomerId, GroupId, type MerchantId } from "./Ids.ts"
import type { MerchantRepository } from "./MerchantRepository.ts"
import { invalidDate } from "./PartialDate.ts"

export type ImportOutcome =
  | { readonly _tag: "Created" | "Updated" | "Unchanged"; readonly id: CustomerId }
  | { readonly _tag: "Rejected"; readonly error: InvalidField | UnknownReference | AlreadyTaken }

interface Ports {
  readonly repository: CustomerRepository["Service"]
  readonly merchants: MerchantRepository["Service"]
  readonly feed: ChangeFeed["Service"]
}

/** A customer as it is being changed by the batch; several records may speak of the same one. */
interface Draft {
  readonly before: Customer | null
  /** Whether `current.id` stands: a new customer whose record brings no id gets one at the end. */
  readonly hasId: boolean
  current: Customer
}

const nameOf = (id: ExternalId) => `${id.system}\u0000${id.key}`

export const importCustomers = Effect.fnUntraced(function* (
  { feed, merchants, repository }: Ports,
  merchant: MerchantId,
  records: ReadonlyArray<CustomerRecord>,
  actor: number | null
): Effect.fn.Return<ReadonlyArray<ImportOutcome>, StorageError> {
  const now = yield* DateTime.now
  const owners = new Map<string, Draft>()
  const drafts = new Map<number, Draft>()
  const created = new Set<Draft>()
  const known = yield* repository.owners(
    merchant,
    records.flatMap((record) => record.externalIds ?? [])
  )
  const ids = new Set<CustomerId>(known.map((owner) => owner.customerId))
  for (const record of records) if (record.id !== undefined) ids.add(record.id)
  for (const customer of yield* repository.getMany(merchant, [...ids])) {
    drafts.set(customer.id, { before: customer, hasId: true, current: customer })
  }
  for (const owner of known) owners.set(nameOf(owner), drafts.get(owner.customerId)!)

  const groups = new Map<string, Effect.Success<ReturnType<typeof resolveEntry>>>()
  const groupOf = Effect.fnUntraced(function* (named: NonNullable<CustomerRecord["group"]>) {
    // Between stores ids differ and names hold: a record that has both, as an export has, goes by its name.
    const wanted = named.name === undefined ? named : { name: named.name }
    const key = JSON.stringify(wanted)
    if (!groups.has(key)) groups.set(key, yield* resolveEntry(merchants, merchant, "group", wanted))
    return groups.get(key) ?? null
  })

  /** The draft a record speaks of, or a new one. */
  const draftOf = (record: CustomerRecord): Draft | AlreadyTaken => {
    const externalIds = record.externalIds ?? []
    const matches = new Set(externalIds.flatMap((id) => owners.get(nameOf(id)) ?? []))
    if (matches.size > 1) return new AlreadyTaken({ what: "customer external id" })
    const [match] = matches
    if (match !== undefined) return match
    const byId = record.id === undefined ? undefined : drafts.get(record.id)
    if (byId === undefined) {
      const fresh = newCustomer(record.id ?? CustomerId.make(1), now, actor)
      const createdBy = record.createdBy === undefined ? actor : record.createdBy
      return {
        before: null,
        hasId: record.id !== undefined,
        current: { ...fresh, createdAt: record.createdAt ?? now, createdBy }
      }
    }
    const otherKey = externalIds.some((id) => byId.current.externalIds.some((own) => own.system === id.system))
    return otherKey ? new AlreadyTaken({ what: "customer id" }) : byId
  }

  const apply = Effect.fnUntraced(function* (record: CustomerRecord) {
    const draft = draftOf(record)
    if (draft instanceof AlreadyTaken) return yield* draft
    const { createdAt: _at, createdBy: _by, group, id: _id, ...patch } = record
    const patched = applyPatch(draft.current, patch)
    const wrong = invalidDate(patched.birthDate)
    if (Option.isSome(wrong)) return yield* wrong.value
    const entry = group == null ? group : yield* groupOf(group)
    // A key that this record replaces names nobody any more for the records after it.
    for (const externalId of draft.current.externalIds) owners.delete(nameOf(externalId))
    draft.current =
      entry === undefined
        ? patched
        : { ...patched, group: entry === null ? null : { id: GroupId.make(entry.id), name: entry.name } }
    for (const externalId of draft.current.externalIds) owners.set(nameOf(externalId), draft)
    if (draft.before === null && !created.has(draft)) {
      created.add(draft)
      if (record.id !== undefined) drafts.set(record.id, draft)
    }
    return draft
  })

  const applied: Array<Draft | InvalidField | UnknownReference | AlreadyTaken> = []
  for (const record of records) {
    applied.push(
      yield* apply(record).pipe(
        Effect.catchTag(["InvalidField", "UnknownReference", "AlreadyTaken"], (error) => Effect.succeed(error))
      )
    )
  }

  const changed = [...new Set(applied.filter((item): item is Draft => "current" in item))].filter(
    (draft) => draft.before === null || !sameContent(draft.before, draft.current)
  )
  if (changed.length > 0) {
    const unnumbered = [...created].filter((draft) => !draft.hasId)
    const numbered = [...created].filter((draft) => draft.hasId)
    const highest = numbered.reduce((max, draft) => Math.max(max, draft.current.id), 0)
    const claimed = yield* feed.claim(merchant, {
      changes: changed.length,
      customers: unnumbered.length,
      ...(highest > 0 ? { customerIdAtLeast: CustomerId.make(highest) } : {})
    })
    unnumbered.forEach((draft, index) => {
      draft.current = { ...draft.current, id: CustomerId.make(claimed.customerId + index) }
    })
    const writes = changed.map(
      (draft, index): CustomerWrite => ({
        before: draft.before,
        after: {
          ...draft.current,
          version: ChangePosition.make(claimed.position + index),
          updatedAt: now,
          updatedBy: actor
        }
      })
    )
    // Every external id was matched above inside the same transaction, so another owner is a bug, not an answer.
    yield* repository.put(merchant, writes).pipe(Effect.catchTag("AlreadyTaken", Effect.die))
  }
  const wasChanged = new Set(changed)
  return applied.map((item): ImportOutcome =>
    !("current" in item)
      ? { _tag: "Rejected", error: item }
      : {
          _tag: item.before === null ? "Created" : wasChanged.has(item) ? "Updated" : "Unchanged",
          id: item.current.id
        }
  )
})
