import { text } from "node:stream/consumers"
import {
  type Customer,
  CustomerId,
  type CustomerFilter,
  type CustomerRecord,
  type CustomerReference,
  Customers
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { Failure, notFound, rejected, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { isTerminal, say, write, writeJson, writeLine } from "../Output.ts"
import { attempt, externalIdOf } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { pairs, table } from "../Table.ts"
import { eachWindow, encodeCustomer } from "../transfer/Export.ts"
import { decodeJson, decodeRecord } from "../transfer/RecordDecoder.ts"
import { confirm, requireYes } from "./ask.ts"
import { type CustomerFlags, documentOf } from "./customerFlags.ts"
import { recordTrail } from "./recordTrail.ts"

interface List {
  readonly phone: string | undefined
  readonly email: string | undefined
  readonly externalId: string | undefined
  readonly withPhone: boolean
  readonly withoutPhone: boolean
  readonly withEmail: boolean
  readonly withoutEmail: boolean
  readonly limit: number | undefined
  readonly page: number | undefined
  readonly merchant: string | undefined
}

/** Rows of a table for people when no --limit is given. */
const screenful = 50

const presence = (name: string, wanted: boolean, unwanted: boolean): boolean | undefined => {
  if (wanted && unwanted) throw usage(`--with-${name} and --without-${name} exclude each other`)
  return wanted ? true : unwanted ? false : undefined
}

const filterOf = (input: List): CustomerFilter => {
  if (input.page !== undefined && input.limit === undefined) throw usage("--page needs --limit")
  const hasPhone = presence("phone", input.withPhone, input.withoutPhone)
  const hasEmail = presence("email", input.withEmail, input.withoutEmail)
  return {
    ...(input.phone === undefined ? {} : { phone: input.phone }),
    ...(input.email === undefined ? {} : { email: input.email }),
    ...(input.externalId === undefined ? {} : { externalId: externalIdOf(input.externalId) }),
    ...(hasPhone === undefined ? {} : { hasPhone }),
    ...(hasEmail === undefined ? {} : { hasEmail })
  }
}

export const nameOf = (customer: Customer): string =>
  [customer.firstName, customer.middleName, customer.lastName].filter((part) => part !== null).join(" ")

const externalIdsOf = (one: Pick<Customer, "externalIds">): string =>
  one.externalIds.map(({ key, system }) => `${system}:${key}`).join(" ")

const lines = (found: ReadonlyArray<Customer>): string =>
  found.map((one) => `${JSON.stringify(encodeCustomer(one))}\n`).join("")

const rowsOf = (found: ReadonlyArray<Customer>) =>
  found.map((one) => [
    one.id,
    nameOf(one),
    one.mobilePhone ?? one.phone,
    one.email,
    one.group?.name,
    externalIdsOf(one)
  ])

export const list = Effect.fnUntraced(function* (input: List, session: Session) {
  const filter = yield* attempt(() => filterOf(input))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      if (session.json && input.limit === undefined) {
        return yield* eachWindow(merchant.id, filter, (found) => write(lines(found)))
      }
      const customers = yield* Customers
      const limit = input.limit ?? screenful
      const offset = ((input.page ?? 1) - 1) * limit
      const refs = yield* customers.refs(merchant.id, filter, { offset, limit })
      const found = yield* customers.getMany(
        merchant.id,
        refs.map(({ id }) => id)
      )
      if (session.json) return yield* write(lines(found))
      const total = yield* customers.count(merchant.id, filter)
      if (found.length === 0) return yield* say(total === 0 ? "No customer found." : "There is no such page.")
      yield* write(table(["ID", "NAME", "PHONE", "EMAIL", "GROUP", "EXTERNAL IDS"], rowsOf(found)))
      if (offset + found.length < total || offset > 0) {
        const next =
          offset + found.length < total ? ` Next: --limit ${limit} --page ${(input.page ?? 1) + 1}` : ""
        yield* say(`${offset + 1} to ${offset + found.length} of ${total.toLocaleString("en-US")}.${next}`)
      }
    })
  )
})

interface Reference {
  readonly id: string | undefined
  readonly externalId: string | undefined
  readonly merchant: string | undefined
}

const idOf = (given: string): CustomerId => {
  const id = Number(given)
  if (!/^[0-9]+$/.test(given) || id < 1 || !Number.isSafeInteger(id))
    throw usage(`a customer's id is a whole number, not "${given}"`)
  return CustomerId.make(id)
}

const referenceOf = ({ externalId, id }: Reference): CustomerReference => {
  if ((id === undefined) === (externalId === undefined))
    throw usage("say which customer: ID or --external-id SYSTEM:KEY")
  return id === undefined
    ? { by: "externalId", externalId: externalIdOf(externalId!) }
    : { by: "id", id: idOf(id) }
}

const missing = ({
  externalId,
  id
}: {
  readonly id?: string | undefined
  readonly externalId?: string | undefined
}) => notFound(`there is no customer ${id ?? externalId}. See: tillbridge customers list`)

const details = (customer: Customer): string => {
  const one = encodeCustomer(customer)
  const part = (value: number | null) => (value === null ? "??" : String(value).padStart(2, "0"))
  const date = `${one.birthDate.year ?? "-"}-${part(one.birthDate.month)}-${part(one.birthDate.day)}`
  const { address, birthDate, company, consents } = one
  const consent = (["push", "email", "sms"] as const).filter((channel) => consents[channel])
  return pairs([
    ["id", one.id],
    ["external ids", externalIdsOf(customer)],
    ["title", one.title],
    ["name", nameOf(customer)],
    ["gender", one.gender],
    [
      "birth date",
      birthDate.day === null && birthDate.month === null && birthDate.year === null ? null : date
    ],
    ["email", one.email],
    ["phone", one.phone],
    ["mobile phone", one.mobilePhone],
    [
      "address",
      [address.line1, address.line2, address.line3, address.postalCode, address.city, address.country]
        .filter(Boolean)
        .join(", ")
    ],
    ["company", [company.name, company.vatNumber].filter(Boolean).join(", ")],
    ["language", one.language],
    ["consents", consent.length === 0 ? "none" : consent.join(", ")],
    ["group", one.group?.name],
    ["discount", one.discountPercent === null ? null : `${one.discountPercent} %`],
    ["sales", one.accumulatedSales],
    ["notes", one.notes],
    ...recordTrail(one)
  ])
}

export const get = Effect.fnUntraced(function* (input: Reference, session: Session) {
  const reference = yield* attempt(() => referenceOf(input))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const customer = yield* (yield* Customers)
        .find(merchant.id, reference)
        .pipe(Effect.catchTag("CustomerNotFound", () => missing(input)))
      yield* session.json ? writeJson(encodeCustomer(customer)) : write(details(customer))
    })
  )
})

/** The text of standard input, for one document. */
export const readDocument = Effect.suspend(() =>
  isTerminal.input()
    ? usage("standard input is the keyboard: pipe the document in")
    : Effect.tryPromise({
        try: () => text(process.stdin),
        catch: (cause) => new Failure({ kind: "usage", message: "cannot read standard input", cause })
      })
)

interface Put extends CustomerFlags {
  readonly document: string | undefined
  readonly merchant: string | undefined
}

const recordOf = (input: Put) =>
  Effect.gen(function* () {
    const { id, json } = yield* attempt(() => documentOf(input))
    if (input.document !== undefined && input.document !== "-")
      return yield* usage(`"${input.document}" is not known here: - reads the document from standard input`)
    if (input.document === undefined && Object.keys(json).length === 0 && id === undefined) {
      return yield* usage(
        "nothing to write: give flags, or - and a document. See: tillbridge customers put --help"
      )
    }
    if (input.document === "-" && Object.keys(json).length > 0)
      return yield* usage("give flags or a document, not both")
    const record: CustomerRecord | string =
      input.document === "-"
        ? decodeJson((yield* readDocument).replace(/^\ufeff/, ""))
        : decodeRecord({ ...json, ...(id === undefined ? {} : { id }) })
    if (typeof record === "string")
      return yield* input.document === "-" ? rejected(`the document ${record}`) : usage(record)
    return record
  })

export const put = Effect.fnUntraced(function* (input: Put, session: Session) {
  const record = yield* recordOf(input)
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const { createdAt: _at, createdBy: _by, group, id, ...patch } = record
      const byKey = (record.externalIds ?? []).map(
        (externalId) => ({ by: "externalId", externalId }) as const
      )
      const saved = yield* (yield* Customers)
        .save(merchant.id, {
          references: id === undefined ? byKey : [{ by: "id", id }],
          createIfMissing: id === undefined,
          patch,
          ...(group === undefined ? {} : { group }),
          actor: null
        })
        .pipe(Effect.catchTag("CustomerNotFound", () => missing({ id: String(id) })))
      if (session.json) return yield* writeJson(encodeCustomer(saved.entity))
      yield* writeLine(`Customer ${saved.entity.id} is ${saved.isNew ? "new" : "stored"}`)
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
      const customers = yield* Customers
      const customer = yield* customers
        .find(merchant.id, reference)
        .pipe(Effect.catchTag("CustomerNotFound", () => missing(input)))
      yield* confirm(`Delete customer ${customer.id} (${nameOf(customer) || "no name"}) for good?`, input.yes)
      const id = yield* customers
        .remove(merchant.id, reference)
        .pipe(Effect.catchTag("CustomerNotFound", () => missing(input)))
      yield* session.json ? writeJson({ id, deleted: true }) : writeLine(`Customer ${id} is deleted`)
    })
  )
})
