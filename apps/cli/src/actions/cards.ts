import {
  CardId,
  CardPatch,
  type CardReference,
  Cards,
  CustomerId,
  LoyaltyCard,
  type MerchantId,
  Named,
  type SaveCard,
  StoreId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { notFound, rejected, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { attempt, externalIdOf } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { pairs, table } from "../Table.ts"
import { firstIssue, refuseUnknown } from "../transfer/RecordDecoder.ts"
import { confirm, requireYes } from "./ask.ts"
import { readDocument } from "./customers.ts"
import { recordTrail } from "./recordTrail.ts"

export const encodeCard = Schema.encodeSync(LoyaltyCard)

/** A card as `get --json` prints it; what is absent is not touched. */
const CardDocument = Schema.Struct({
  ...CardPatch.fields,
  id: Schema.optionalKey(CardId),
  type: Schema.optionalKey(Schema.NullOr(Named))
})
const decode = Schema.decodeUnknownResult(CardDocument)
const documentFields = new Set([
  ...Object.keys(CardDocument.fields),
  "version",
  "createdAt",
  "createdBy",
  "updatedAt",
  "updatedBy"
])

const screenful = 50

export const cardLines = (found: ReadonlyArray<LoyaltyCard>): string =>
  found.map((one) => `${JSON.stringify(encodeCard(one))}\n`).join("")

/** Cards in ascending id, some hundreds at a time, until `use` says that it has enough. */
const eachWindow = Effect.fnUntraced(function* <E>(
  merchant: MerchantId,
  use: (cards: ReadonlyArray<LoyaltyCard>) => Effect.Effect<boolean, E>
) {
  const cards = yield* Cards
  const limit = 500
  let after: CardId | null = null
  while (true) {
    const found: ReadonlyArray<LoyaltyCard> = yield* cards.list(merchant, { after, limit })
    const enough = yield* use(found)
    if (enough || found.length < limit) return
    after = found.at(-1)!.id
  }
})

interface List {
  readonly customer: number | undefined
  readonly limit: number | undefined
  readonly page: number | undefined
  readonly merchant: string | undefined
}

export const list = Effect.fnUntraced(function* (input: List, session: Session) {
  if (input.page !== undefined && input.limit === undefined) return yield* usage("--page needs --limit")
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const all = session.json && input.limit === undefined
      const limit = input.limit ?? screenful
      const first = ((input.page ?? 1) - 1) * limit
      const kept: Array<LoyaltyCard> = []
      let seen = 0
      const take = (found: ReadonlyArray<LoyaltyCard>) => {
        if (all) return Effect.as(write(cardLines(found)), false)
        for (const one of found) {
          if (seen >= first && kept.length <= limit) kept.push(one)
          seen++
        }
        return Effect.succeed(kept.length > limit)
      }
      if (input.customer === undefined) yield* eachWindow(merchant.id, take)
      else yield* take(yield* (yield* Cards).ofCustomers(merchant.id, [CustomerId.make(input.customer)]))
      if (all) return
      const shown = kept.slice(0, limit)
      if (session.json) return yield* write(cardLines(shown))
      if (shown.length === 0) return yield* say("No card found.")
      const rows = shown.map((one) => [
        one.id,
        one.number,
        one.barcode,
        one.type?.name,
        one.status,
        one.customerId,
        one.registeredIn
      ])
      yield* write(table(["ID", "NUMBER", "BARCODE", "TYPE", "STATUS", "CUSTOMER", "STORE"], rows))
      if (kept.length > limit)
        yield* say(`There are more. Next: --limit ${limit} --page ${(input.page ?? 1) + 1}`)
    })
  )
})

interface Reference {
  readonly number: string | undefined
  readonly id: number | undefined
  readonly barcode: string | undefined
  readonly externalId: string | undefined
  readonly merchant: string | undefined
}

const referenceOf = (input: Reference): CardReference => {
  const found: Array<CardReference> = []
  if (input.number !== undefined) found.push({ by: "number", number: input.number })
  if (input.id !== undefined) found.push({ by: "id", id: CardId.make(input.id) })
  if (input.barcode !== undefined) found.push({ by: "barcode", barcode: input.barcode })
  if (input.externalId !== undefined)
    found.push({ by: "externalId", externalId: externalIdOf(input.externalId) })
  if (found.length !== 1) throw usage("say which card by one of --number, --id, --barcode and --external-id")
  return found[0]!
}

const missing = notFound("there is no such card. See: tillbridge cards list")
const details = (card: LoyaltyCard): string => {
  const one = encodeCard(card)
  return pairs([
    ["id", one.id],
    ["number", one.number],
    ["external ids", one.externalIds.map(({ key, system }) => `${system}:${key}`).join(" ")],
    ["EAN-13", one.ean13],
    ["barcode", one.barcode],
    ["medium", one.medium],
    ["type", one.type?.name],
    ["status", one.status],
    ["activated", one.activatedAt],
    ["blocked", one.blockedAt],
    ["customer", one.customerId],
    ...recordTrail(one)
  ])
}

export const get = Effect.fnUntraced(function* (input: Reference, session: Session) {
  const reference = yield* attempt(() => referenceOf(input))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const card = yield* (yield* Cards)
        .find(merchant.id, [reference])
        .pipe(Effect.catchTag("CardNotFound", () => missing))
      yield* session.json ? writeJson(encodeCard(card)) : write(details(card))
    })
  )
})

interface Put {
  readonly document: string | undefined
  readonly number: string | undefined
  readonly id: number | undefined
  readonly externalId: string | undefined
  readonly barcode: string | undefined
  readonly medium: "plastic" | "magnetic" | "app" | undefined
  readonly status: "new" | "active" | "blocked" | undefined
  readonly type: string | undefined
  readonly customer: number | undefined
  readonly noCustomer: boolean
  readonly registeredIn: number | undefined
  readonly merchant: string | undefined
}

const documentOf = (input: Put): Record<string, unknown> => {
  if (input.noCustomer && input.customer !== undefined)
    throw usage("--customer and --no-customer exclude each other")
  const fields = {
    number: input.number,
    id: input.id,
    externalIds: input.externalId === undefined ? undefined : [externalIdOf(input.externalId)],
    barcode: input.barcode,
    medium: input.medium,
    status: input.status,
    type: input.type === undefined ? undefined : input.type === "" ? null : { name: input.type },
    customerId: input.noCustomer
      ? null
      : input.customer === undefined
        ? undefined
        : CustomerId.make(input.customer),
    registeredIn: input.registeredIn === undefined ? undefined : StoreId.make(input.registeredIn)
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

const parseJson = (document: string): unknown => {
  try {
    return JSON.parse(document.replace(/^\ufeff/, ""))
  } catch {
    throw rejected("the document is not valid JSON")
  }
}

const requestOf = Effect.fnUntraced(function* (input: Put) {
  const fromFlags = yield* attempt(() => documentOf(input))
  const fromInput = input.document === "-"
  if (input.document !== undefined && !fromInput) {
    return yield* usage(`"${input.document}" is not known here: - reads the document from standard input`)
  }
  if (fromInput && Object.keys(fromFlags).length > 0)
    return yield* usage("give flags or a document, not both")
  const text = fromInput ? yield* readDocument : ""
  const value = fromInput ? yield* attempt(() => parseJson(text)) : fromFlags
  const unknown = refuseUnknown(value, documentFields)
  if (unknown !== null) return yield* rejected(`the document ${unknown}`)
  const decoded = decode(value)
  if (Result.isFailure(decoded)) {
    const { field, reason } = firstIssue(decoded.failure)
    return yield* fromInput ? rejected(`the document: ${field} ${reason}`) : usage(`${field} ${reason}`)
  }
  const { customerId, id, type, ...patch } = decoded.success
  const search: ReadonlyArray<CardReference> =
    id !== undefined
      ? [{ by: "id", id }]
      : [
          ...(patch.externalIds ?? []).map((externalId): CardReference => ({ by: "externalId", externalId })),
          ...(patch.number === undefined ? [] : [{ by: "number", number: patch.number } as const])
        ]
  if (search.length === 0) return yield* usage("say which card by --number, --id or --external-id")
  return {
    search,
    createIfMissing: id === undefined,
    patch,
    ...(type === undefined ? {} : { type }),
    ...(customerId === undefined
      ? {}
      : { owner: customerId === null ? null : ({ by: "id", id: customerId } as const) }),
    actor: null
  } satisfies SaveCard
})

export const put = Effect.fnUntraced(function* (input: Put, session: Session) {
  const request = yield* requestOf(input)
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const saved = yield* (yield* Cards)
        .save(merchant.id, request)
        .pipe(Effect.catchTag("CardNotFound", () => missing))
      if (session.json) return yield* writeJson(encodeCard(saved.entity))
      yield* writeLine(
        `Card ${saved.entity.id} (${saved.entity.number}) is ${saved.isNew ? "new" : "stored"}`
      )
    })
  )
})

interface Remove extends Reference {
  readonly yes: boolean
}

export const remove = Effect.fnUntraced(function* (input: Remove, session: Session) {
  const reference = yield* attempt(() => referenceOf(input))
  yield* requireYes(input.yes)
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const cards = yield* Cards
      const card = yield* cards
        .find(merchant.id, [reference])
        .pipe(Effect.catchTag("CardNotFound", () => missing))
      yield* confirm(`Delete card ${card.id} (${card.number}) for good?`, input.yes)
      yield* cards
        .remove(merchant.id, [{ by: "id", id: card.id }])
        .pipe(Effect.catchTag("CardNotFound", () => missing))
      yield* session.json
        ? writeJson({ id: card.id, deleted: true })
        : writeLine(`Card ${card.id} (${card.number}) is deleted`)
    })
  )
})
