/** The batch write behind `Cards.importBatch`: a few statements for the whole batch. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { CardRepository, CardWrite } from "./CardRepository.ts"
import { patchCardInto } from "./cardPatching.ts"
import type { ChangeFeed } from "./ChangeFeed.ts"
import type { CardRecord } from "./CustomerChange.ts"
import type { Writable } from "./customerPatching.ts"
import type { CustomerRepository } from "./CustomerRepository.ts"
import { resolveEntry } from "./directory.ts"
import { AlreadyTaken, InvalidField, type StorageError, UnknownReference } from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { CardId, CardTypeId, ChangePosition, CustomerId, MerchantId } from "./Ids.ts"
import { type LoyaltyCard, newCard } from "./LoyaltyCard.ts"
import type { DirectoryEntry, MerchantRepository } from "./MerchantRepository.ts"
import { sameValue } from "./sameValue.ts"
import { orNull } from "./Text.ts"

export interface CardImport {
  /**
   * A foreign system's card: its `customerId` is that system's own and not looked at. Without a name of its type, the
   * card's type stays.
   */
  readonly card: CardRecord
  /** Absent: the card keeps its owner, a new one has none. `null`: it belongs to nobody. */
  readonly owner?: CustomerId | null
  /** From whom it may be taken; somebody else's card is refused as taken. Absent: from anybody. */
  readonly takenFrom?: ReadonlySet<CustomerId>
}

export type CardImportOutcome =
  | { readonly _tag: "Created" | "Updated" | "Unchanged"; readonly id: CardId }
  | { readonly _tag: "Rejected"; readonly error: InvalidField | UnknownReference | AlreadyTaken }

interface Ports {
  readonly repository: CardRepository["Service"]
  readonly customers: CustomerRepository["Service"]
  readonly merchants: MerchantRepository["Service"]
  readonly feed: ChangeFeed["Service"]
}

type Refusal = InvalidField | UnknownReference | AlreadyTaken

/** A card as it is being changed by the batch; a new one has no id before the end. */
interface Draft {
  readonly before: LoyaltyCard | null
  /** Nobody else's, once it is changed. */
  current: Writable<LoyaltyCard>
}

const isDraft = (item: Draft | Refusal): item is Draft => "current" in item

const nameOf = (id: ExternalId) => `${id.system}\u0000${id.key}`

const unnumbered = 1 as CardId
const longestNumber = 64

const invalidNumber = (number: string): InvalidField | null => {
  const refused = (reason: string) => new InvalidField({ field: "number", reason })
  if (orNull(number) === null) return refused("must not be empty")
  if (number.length > longestNumber) return refused(`must be at most ${longestNumber} characters long`)
  return number.includes("\u0000") || !number.isWellFormed()
    ? refused("must not contain NUL or a lone surrogate")
    : null
}

/** The cards of a batch by what they are known by, as the records before left them. */
const makeDrafts = (known: ReadonlyArray<LoyaltyCard>, now: DateTime.Utc, actor: number | null) => {
  const byNumber = new Map<string, Draft>()
  const byExternalId = new Map<string, Draft>()
  const name = (draft: Draft) => {
    byNumber.set(draft.current.number, draft)
    for (const id of draft.current.externalIds) byExternalId.set(nameOf(id), draft)
  }
  for (const card of known) name({ before: card, current: card })

  const find = (number: string, externalIds: ReadonlyArray<ExternalId>): Draft => {
    const found = byNumber.get(number)
    if (found !== undefined) return found
    for (const id of externalIds) {
      const named = byExternalId.get(nameOf(id))
      if (named !== undefined) return named
    }
    return { before: null, current: newCard(unnumbered, number, now, actor) }
  }

  /** Whether one of the external ids that the card is to have belongs to another. */
  const isTaken = (draft: Draft, externalIds: ReadonlyArray<ExternalId>): boolean =>
    externalIds !== draft.current.externalIds &&
    externalIds.some((id) => (byExternalId.get(nameOf(id)) ?? draft) !== draft)

  /** What the card gives up names nobody any more for the records after this one. */
  const become = (draft: Draft, next: Draft["current"]) => {
    byNumber.delete(draft.current.number)
    for (const id of draft.current.externalIds) byExternalId.delete(nameOf(id))
    draft.current = next
    name(draft)
  }

  return { find, isTaken, become }
}

const resolveType = (merchants: MerchantRepository["Service"], merchant: MerchantId, name: string) =>
  resolveEntry(merchants, merchant, "card type", { name }).pipe(
    Effect.catchTag(["InvalidField", "UnknownReference"], (error) => Effect.succeed(error))
  )

/** One position for each changed card, and an id for each new one. */
const store = Effect.fnUntraced(function* (
  { feed, repository }: Ports,
  merchant: MerchantId,
  changed: ReadonlyArray<Draft>,
  now: DateTime.Utc,
  actor: number | null
) {
  const created = changed.filter(({ before }) => before === null)
  const claimed = yield* feed.claim(merchant, { changes: changed.length, cards: created.length })
  created.forEach((draft, index) => {
    draft.current.id = (claimed.cardId + index) as CardId
  })
  const writes = changed.map(({ before, current }, index): CardWrite => {
    current.version = (claimed.position + index) as ChangePosition
    current.updatedAt = now
    current.updatedBy = actor
    return { before, after: current }
  })
  // Everything that must be unique was matched inside the same transaction: another owner is a bug, not an answer.
  yield* repository.put(merchant, writes).pipe(Effect.catchTag("AlreadyTaken", Effect.die))
})

export const importCards = Effect.fnUntraced(function* (
  ports: Ports,
  merchant: MerchantId,
  batch: ReadonlyArray<CardImport>,
  actor: number | null
): Effect.fn.Return<ReadonlyArray<CardImportOutcome>, StorageError> {
  if (batch.length === 0) return []
  const now = yield* DateTime.now
  const owners = new Set(batch.flatMap(({ owner }) => owner ?? []))
  const existing = new Set((yield* ports.customers.positions(merchant, [...owners])).map(({ id }) => id))
  const known = yield* ports.repository.named(
    merchant,
    batch.map(({ card }) => card.number),
    batch.flatMap(({ card }) => card.patch.externalIds ?? [])
  )
  const { become, find, isTaken } = makeDrafts(known, now, actor)
  const types = new Map<string, DirectoryEntry | null | InvalidField | UnknownReference>()

  /** What the record makes of its card, the type left out. */
  const patched = ({ card: { number, patch }, owner, takenFrom }: CardImport) => {
    const wrong = invalidNumber(number)
    if (wrong !== null) return wrong
    if (owner != null && !existing.has(owner)) return new UnknownReference({ kind: "owner" })
    const draft = find(number, patch.externalIds ?? [])
    const former = draft.current.customerId
    if (owner != null && former !== null && former !== owner && takenFrom?.has(former) === false)
      return new AlreadyTaken({ what: "card number" })
    const next = { ...draft.current }
    patchCardInto(next, patch, now, number)
    next.customerId = owner === undefined ? draft.current.customerId : owner
    return isTaken(draft, next.externalIds) ? new AlreadyTaken({ what: "card external id" }) : { draft, next }
  }

  const apply = (record: CardImport): Draft | Refusal => {
    const made = patched(record)
    if (!("draft" in made)) return made
    const { draft, next } = made
    const type = record.card.typeName === null ? undefined : types.get(record.card.typeName)
    if (type != null && "_tag" in type) return type
    if (type != null) next.type = { id: type.id as CardTypeId, name: type.name }
    become(draft, next)
    return draft
  }

  const applied: Array<Draft | Refusal> = []
  for (const record of batch) {
    const { typeName } = record.card
    // Each type is looked up once, and a card that is refused makes none.
    if (typeName !== null && !types.has(typeName) && "draft" in patched(record)) {
      types.set(typeName, yield* resolveType(ports.merchants, merchant, typeName))
    }
    applied.push(apply(record))
  }

  const changed = [...new Set(applied.filter(isDraft))].filter(
    ({ before, current }) => before === null || !sameValue(before, current)
  )
  if (changed.length > 0) yield* store(ports, merchant, changed, now, actor)
  const wasChanged = new Set(changed)
  return applied.map((item): CardImportOutcome =>
    !isDraft(item)
      ? { _tag: "Rejected", error: item }
      : {
          _tag: item.before === null ? "Created" : wasChanged.has(item) ? "Updated" : "Unchanged",
          id: item.current.id
        }
  )
})
