/**
 * A VirtualPOS site as a destination: customers by `external_id` with `create_if_not_exist=1`, cards by `uid`.
 * That an update looks a customer up by `external_id` is INFERRED. A site that does not would make the same customer
 * again at every write, so the first one created is looked up at once, and the destination refuses if it is not
 * found. Source: VirtualPOS API :: Customer.
 */
import {
  type CardRecord,
  type CustomerChange,
  CustomerDestination,
  emailKey,
  type ExternalId,
  externalKey,
  type LookUp,
  Malformed,
  Refused,
  SourceError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { capabilities } from "./internal/capabilities.ts"
import { cardParameters, customerParameters, outgoingKey } from "./internal/outgoing.ts"
import { readListed } from "./internal/records.ts"
import { VirtposClient } from "./VirtposClient.ts"
import type { ListQuery } from "./VirtposClient.ts"
import { DIALECT } from "./VirtposCodec.ts"
import { scalarText } from "./VirtposSchema.ts"

/** Most customers that a look-up may find: a site that does not know a filter tells everybody. */
const MOST_FOUND = 100

type Texts = (name: string) => string | null

const textsOf =
  (member: unknown): Texts =>
  (name) =>
    typeof member === "object" && member !== null
      ? scalarText((member as Readonly<Record<string, unknown>>)[name])
      : null

/** How the list is asked, and whether a customer that it tells is meant: a site may not know a filter. */
interface Asking {
  readonly query: ListQuery
  readonly filter: string
  readonly isMeant: (texts: Texts) => boolean
}

/** The end of a phone, which is the same with a country's prefix, with another one, and without. */
const lastDigits = (phone: string | null): string => (phone ?? "").replace(/\D/g, "").slice(-8)

/** `null`: nobody can be found by it. */
const asking = (by: LookUp, system: string, externalSystem: string): Asking | null => {
  switch (by.by) {
    case "key":
      return /^[0-9]{1,19}$/.test(by.key)
        ? { query: { id: by.key }, filter: "id", isMeant: (texts) => texts("id")?.trim() === by.key }
        : null
    case "externalId": {
      if (by.externalId.system === system) {
        return asking({ by: "key", key: by.externalId.key }, system, externalSystem)
      }
      const externalId = outgoingKey(by.externalId, [], externalSystem)
      return {
        query: { externalId },
        filter: "external_id",
        // That a record tells its external id is INFERRED; the filter is DOCUMENTED.
        isMeant: (texts) => (texts("external_id") ?? externalId) === externalId
      }
    }
    case "phone": {
      const digits = lastDigits(by.value)
      return digits === ""
        ? null
        : {
            query: { phone: by.value },
            filter: "phone",
            isMeant: (texts) => lastDigits(texts("phone")) === digits
          }
    }
    case "email": {
      const key = emailKey(by.value)
      return key === null
        ? null
        : {
            query: { email: by.value },
            filter: "email",
            isMeant: (texts) => emailKey(texts("email")) === key
          }
    }
    case "card":
      return null
  }
}

/** The destination of one site; needs its client. */
export const makeVirtposDestination = Effect.gen(function* () {
  const client = yield* VirtposClient
  const { cards, externalSystem, system, timeZone } = client.config
  let lookUpProved = false

  const failed = (operation: string, reason: Malformed | Refused) =>
    new SourceError({ dialect: DIALECT, operation, reason })
  const refused = (operation: string, detail: string) => failed(operation, new Refused({ detail }))

  /** Whether an update finds by external id the customer that was just made with it. */
  const proveLookUp = Effect.fnUntraced(function* (externalId: string, id: string) {
    const again = yield* client.updateCustomer({ externalId, createIfNotExist: false, fields: {} }).pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "Refused",
        () => Effect.succeed({ id: null })
      )
    )
    if (again.id !== id) {
      return yield* refused(
        "putCustomer",
        "updates do not find customers by external_id here: writing would double them"
      )
    }
    lookUpProved = true
  })

  const putCustomer = Effect.fnUntraced(function* ({ customer, source }: CustomerChange) {
    const others = customer.externalIds ?? []
    const fields = customerParameters(customer, timeZone)
    const own = externalKey([source, ...others], system)
    // It came from here: its id is known, and nothing is to be made.
    if (own !== null) {
      const { id } = yield* client.updateCustomer({ id: own, fields })
      return { key: id ?? own, isNew: false }
    }
    const externalId = outgoingKey(source, others, externalSystem)
    const { id, isNew } = yield* client.updateCustomer({ externalId, createIfNotExist: true, fields })
    if (id === null) return yield* refused("putCustomer", "the answer has no id")
    if (isNew === true && !lookUpProved) yield* proveLookUp(externalId, id)
    return { key: id, isNew: isNew === true }
  })

  const ownerOf = (owner: ExternalId | null): Readonly<Record<string, string>> => {
    if (owner === null) return { customer_id: "" }
    return owner.system === system
      ? { customer_id: owner.key }
      : { customer_external_id: outgoingKey(owner, [], externalSystem) }
  }

  const putCard = Effect.fnUntraced(function* (card: CardRecord, owner: ExternalId | null) {
    const externalId = externalKey(card.patch.externalIds ?? [], externalSystem)
    const { id, isNew } = yield* client.updateCard({
      uid: card.number,
      ...(externalId === null ? {} : { externalId }),
      createIfNotExist: true,
      fields: { ...cardParameters(card, timeZone), ...ownerOf(owner) }
    })
    // INFERRED that a card's answer has an id at all; the number names the card as well.
    return { key: id ?? card.number, isNew: isNew === true }
  })

  const lookUp = Effect.fnUntraced(function* (by: LookUp) {
    if (by.by === "card") return yield* refused("lookUp", "customers cannot be looked up by a card")
    const asked = asking(by, system, externalSystem)
    if (asked === null) return []
    const { members } = yield* client.listMembers({ ...asked.query, page: 1, pageSize: MOST_FOUND, cards })
    const found = members.filter(
      (member) => member._tag === "Unreadable" || asked.isMeant(textsOf(member.value))
    )
    const isLost = members.length >= MOST_FOUND && found.length < members.length
    if (isLost || (by.by === "externalId" && found.length > 1)) {
      return yield* refused("lookUp", `the list does not find customers by ${asked.filter} here`)
    }
    const changes: Array<CustomerChange> = []
    for (const member of found) {
      const read = readListed(member, client.config)
      if (Result.isSuccess(read)) changes.push(read.success)
      else
        return yield* failed(
          "lookUp",
          new Malformed({ detail: `a customer that was found: ${read.failure.reason}` })
        )
    }
    return changes
  })

  return CustomerDestination.of({
    system,
    capabilities,
    lookUps: ["key", "externalId", "phone", "email"],
    lookUp,
    removeCustomer: () => Effect.fail(refused("removeCustomer", "customers cannot be removed")),
    putCustomer,
    putCard,
    removeCard: (number) => client.deleteCard({ uid: number })
  })
})

/** `CustomerDestination` on a client. */
export const layerVirtposDestination: Layer.Layer<CustomerDestination, never, VirtposClient> = Layer.effect(
  CustomerDestination,
  makeVirtposDestination
)
