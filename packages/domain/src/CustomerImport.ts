/**
 * The batch write behind `Customers.importBatch`: a few statements for the whole batch instead of several for each
 * record.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ChangeFeed } from "./ChangeFeed.ts"
import { type Customer, type CustomerRecord, newCustomer, sameContent } from "./Customer.ts"
import { patchInto, type Writable } from "./customerPatching.ts"
import type { CustomerRepository, CustomerWrite } from "./CustomerRepository.ts"
import { resolveEntry } from "./directory.ts"
import { AlreadyTaken, InvalidField, type StorageError, type UnknownReference } from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import { type ChangePosition, CustomerId, type GroupId, type MerchantId } from "./Ids.ts"
import type { DirectoryEntry, MerchantRepository } from "./MerchantRepository.ts"
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
  /** Nobody else's: each record that changes it has made it anew. */
  current: Writable<Customer>
}

const nameOf = (id: ExternalId) => `${id.system}\u0000${id.key}`

/** Ids are given out above the largest there is, and end at 2^53 - 1. */
const largestNewId = 2 ** 52

type Refusal = InvalidField | UnknownReference | AlreadyTaken

type GroupName = NonNullable<CustomerRecord["group"]>

/** Between stores ids differ and names hold: a record that has both, as an export has, goes by its name. */
const groupKey = ({ id, name }: GroupName): string => (name === undefined ? `#${id}` : `=${name}`)

const resolveGroup = (
  merchants: MerchantRepository["Service"],
  merchant: MerchantId,
  { id, name }: GroupName
) =>
  resolveEntry(
    merchants,
    merchant,
    "group",
    name !== undefined ? { name } : id === undefined ? {} : { id }
  ).pipe(Effect.catchTag(["InvalidField", "UnknownReference"], (error) => Effect.succeed(error)))

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

  const groups = new Map<string, DirectoryEntry | null | InvalidField | UnknownReference>()

  /** The draft a record speaks of, or a new one. */
  const draftOf = (record: CustomerRecord): Draft | AlreadyTaken | InvalidField => {
    const externalIds = record.externalIds ?? []
    let match: Draft | undefined
    for (const id of externalIds) {
      const owner = owners.get(nameOf(id))
      if (owner === undefined) continue
      if (match !== undefined && match !== owner) return new AlreadyTaken({ what: "customer external id" })
      match = owner
    }
    if (match !== undefined) return match
    const byId = record.id === undefined ? undefined : drafts.get(record.id)
    if (byId === undefined) {
      if (record.id !== undefined && record.id > largestNewId) {
        return new InvalidField({
          field: "id",
          reason: "must be at most 2^52, so that ids are left for others"
        })
      }
      const current: Writable<Customer> = newCustomer(record.id ?? (1 as CustomerId), now, actor)
      if (record.createdAt !== undefined) current.createdAt = record.createdAt
      if (record.createdBy !== undefined) current.createdBy = record.createdBy
      return { before: null, hasId: record.id !== undefined, current }
    }
    const otherKey = externalIds.some((id) =>
      byId.current.externalIds.some((own) => own.system === id.system)
    )
    return otherKey ? new AlreadyTaken({ what: "customer id" }) : byId
  }

  /** What the record makes of its draft, the group left out. */
  const patch = (
    record: CustomerRecord
  ): { readonly draft: Draft; readonly patched: Draft["current"] } | Refusal => {
    const draft = draftOf(record)
    if (!("current" in draft)) return draft
    const patched = { ...draft.current }
    patchInto(patched, record)
    const wrong = invalidDate(patched.birthDate)
    return Option.isSome(wrong) ? wrong.value : { draft, patched }
  }

  const apply = (record: CustomerRecord): Draft | Refusal => {
    const made = patch(record)
    if (!("draft" in made)) return made
    const { draft, patched } = made
    const { group } = record
    const replaced = draft.current.externalIds
    if (group !== undefined) {
      const entry = group === null ? null : (groups.get(groupKey(group)) ?? null)
      if (entry !== null && "_tag" in entry) return entry
      patched.group = entry === null ? null : { id: entry.id as GroupId, name: entry.name }
    }
    draft.current = patched
    if (draft.current.externalIds !== replaced) {
      // A key that this record replaces names nobody any more for the records after it.
      for (const externalId of replaced) owners.delete(nameOf(externalId))
      for (const externalId of draft.current.externalIds) owners.set(nameOf(externalId), draft)
    }
    if (draft.before === null && !created.has(draft)) {
      created.add(draft)
      if (record.id !== undefined) drafts.set(record.id, draft)
    }
    return draft
  }

  const applied: Array<Draft | Refusal> = []
  for (const record of records) {
    const { group } = record
    // Groups are looked up once each, so that the records themselves are plain code: there are thousands of them. A
    // record that is refused makes no group.
    if (group != null && !groups.has(groupKey(group)) && "draft" in patch(record)) {
      groups.set(groupKey(group), yield* resolveGroup(merchants, merchant, group))
    }
    applied.push(apply(record))
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
      draft.current.id = (claimed.customerId + index) as CustomerId
    })
    const writes = changed.map(({ before, current }, index): CustomerWrite => {
      current.version = (claimed.position + index) as ChangePosition
      current.updatedAt = now
      current.updatedBy = actor
      return { before, after: current }
    })
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
