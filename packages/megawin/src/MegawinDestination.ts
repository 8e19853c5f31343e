/**
 * A Megawin account as a destination: a customer that has a key there is updated, any other is added. An add answers
 * no key (DOCUMENTED), so that the new customer is found again by its e-mail; one without an e-mail is refused. The
 * vendor keeps no key of ours: a customer that is already there under the same e-mail and name is taken for the same
 * one, and one of another name under it for somebody else, which is refused rather than overwritten.
 * An update cannot change the price group, so that it is told once, when a customer is added.
 */
import {
  type CustomerChange,
  CustomerDestination,
  type CustomerRecord,
  emailKey,
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
import { type ListQuery, MegawinClient, type UnreadableMember } from "./MegawinClient.ts"
import { addParameters, customerChange, DIALECT, updateParameters } from "./MegawinCodec.ts"
import type * as Wire from "./MegawinSchema.ts"

/** Customers whose new keys are kept, for sources that tell them again before anybody has noted the key. */
const REMEMBERED = 10_000

const failed = (operation: string, reason: Malformed | Refused) =>
  Effect.fail(new SourceError({ dialect: DIALECT, operation, reason }))

const refused = (operation: string, detail: string) => failed(operation, new Refused({ detail }))

const folded = (name: string | null | undefined): string => (name ?? "").trim().toLowerCase()

/** Whether a record at the vendor bears the names that an add would give this customer. */
const bearsNames = (found: Wire.CustomerRecord, fields: Readonly<Record<string, string>>): boolean => {
  const names = (last: string | null | undefined, first: string | null | undefined) =>
    `${folded(last)} ${folded(first)}`.replace(/-(?= |$)|(?<= |^)-/g, "")
  return names(found.lastName, found.firstName) === names(fields["nom"], fields["prenom"])
}

/** The destination of one account; needs its client. */
export const makeMegawinDestination = Effect.gen(function* () {
  const client = yield* MegawinClient
  const { system } = client.config
  const remembered = new Map<string, string>()

  const remember = (source: string, key: string) => {
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value!)
    remembered.set(source, key)
  }

  /**
   * Whether the vendor honours a filter is unknown, so that the answer is looked through. One that cannot be read fails
   * the look-up only where it may be the one that is meant.
   */
  const found = Effect.fnUntraced(function* (
    query: ListQuery,
    isMeant: (record: Wire.CustomerRecord) => boolean,
    mayBeMeant: (member: UnreadableMember) => boolean
  ) {
    const records: Array<Wire.CustomerRecord> = []
    for (const member of yield* client.listMembers(query)) {
      if (Result.isFailure(member)) {
        if (!mayBeMeant(member.failure)) continue
        const { reason } = member.failure
        return yield* failed("lookUp", new Malformed({ detail: `a customer that was found: ${reason}` }))
      }
      if (isMeant(member.success)) records.push(member.success)
    }
    return records
  })

  const withEmail = (email: string) => {
    const wanted = emailKey(email)
    if (wanted === null) return Effect.succeed([])
    return found(
      { email },
      (record) => emailKey(record.email ?? null) === wanted,
      ({ payload }) => payload.toLowerCase().includes(wanted)
    )
  }

  /** The customer's key at the vendor, where it is added unless it is there. */
  const place = Effect.fnUntraced(function* (customer: CustomerRecord) {
    const fields = addParameters(customer)
    if (fields === null) {
      return yield* refused("putCustomer", "a customer without e-mail cannot be added")
    }
    const email = fields["email"]!
    const before = yield* withEmail(email)
    if (before.length > 1) return yield* refused("putCustomer", "several customers have this e-mail")
    const [same] = before
    if (same !== undefined) {
      return bearsNames(same, fields)
        ? { key: same.clcleunik, isNew: false }
        : yield* refused("putCustomer", "another customer has this e-mail")
    }
    yield* client.add({ fields })
    const after = yield* withEmail(email)
    const [added] = after
    return added !== undefined && after.length === 1
      ? { key: added.clcleunik, isNew: true }
      : yield* refused(
          "putCustomer",
          added === undefined
            ? "the customer that was added is not found by its e-mail"
            : "several customers have this e-mail"
        )
  })

  const putCustomer = Effect.fnUntraced(function* ({ customer, source }: CustomerChange) {
    const name = `${source.system}\u0000${source.key}`
    const own = externalKey([source, ...(customer.externalIds ?? [])], system) ?? remembered.get(name)
    const placed = own === undefined ? yield* place(customer) : { key: own, isNew: false }
    if (own === undefined) remember(name, placed.key)
    yield* client.update(placed.key, updateParameters(customer))
    return placed
  })

  const withKey = (given: string) => {
    const wanted = given.trim()
    if (wanted === "") return Effect.succeed([])
    return found(
      { idClient: wanted },
      ({ clcleunik }) => clcleunik === wanted,
      ({ key }) => key === wanted
    )
  }

  const lookUp = Effect.fnUntraced(function* (by: LookUp) {
    if (by.by !== "key" && by.by !== "email") {
      return yield* refused("lookUp", "customers can be looked up by key and by e-mail")
    }
    const records = yield* by.by === "key" ? withKey(by.key) : withEmail(by.value)
    return records.map((record) => customerChange(record, client.config))
  })

  /** The vendor refuses to delete nobody in words that nobody documents, so that it is asked whether anybody is there. */
  const removeCustomer = (key: string) =>
    client.delete(key).pipe(
      Effect.catchIf(
        ({ reason }) => reason._tag === "Refused",
        (error) =>
          Effect.flatMap(withKey(key), (there) => (there.length === 0 ? Effect.void : Effect.fail(error)))
      )
    )

  return CustomerDestination.of({
    system,
    capabilities,
    lookUps: ["key", "email"],
    lookUp,
    removeCustomer,
    putCustomer,
    putCard: () => refused("putCard", "there are no cards"),
    removeCard: () => refused("removeCard", "there are no cards")
  })
})

/** `CustomerDestination` on a client. */
export const layerMegawinDestination: Layer.Layer<CustomerDestination, never, MegawinClient> = Layer.effect(
  CustomerDestination,
  makeMegawinDestination
)
