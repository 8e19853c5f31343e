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
  Refused,
  SourceError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { capabilities } from "./internal/capabilities.ts"
import { MegawinClient } from "./MegawinClient.ts"
import { addParameters, customerChange, DIALECT, updateParameters } from "./MegawinCodec.ts"
import type * as Wire from "./MegawinSchema.ts"

/** Customers whose new keys are kept, for sources that tell them again before anybody has noted the key. */
const REMEMBERED = 10_000

const refused = (operation: string, detail: string) =>
  Effect.fail(new SourceError({ dialect: DIALECT, operation, reason: new Refused({ detail }) }))

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

  /** Whether the vendor honours the filter is unknown, so that the answer is looked through. */
  const withEmail = (email: string) =>
    Effect.map(client.list({ email }), (found) =>
      found.filter((record) => emailKey(record.email ?? null) === emailKey(email))
    )

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

  /** Whether the vendor honours the filter is unknown here as well. */
  const withKey = (key: string) =>
    Effect.map(client.list({ idClient: key }), (found) =>
      found.filter(({ clcleunik }) => clcleunik === key.trim())
    )

  const lookUp = Effect.fnUntraced(function* (by: LookUp) {
    if (by.by !== "key" && by.by !== "email") {
      return yield* refused("lookUp", "customers can be looked up by key and by e-mail")
    }
    const found = yield* by.by === "key" ? withKey(by.key) : withEmail(by.value)
    return found.map((record) => customerChange(record, client.config))
  })

  /** The vendor refuses to delete nobody in words that nobody documents, so that it is asked whether anybody is there. */
  const removeCustomer = (key: string) =>
    client.delete(key).pipe(
      Effect.catchIf(
        ({ reason }) => reason._tag === "Refused",
        (error) =>
          Effect.flatMap(withKey(key), (found) => (found.length === 0 ? Effect.void : Effect.fail(error)))
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
