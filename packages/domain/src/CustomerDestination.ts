/** Port: a system that customers and cards can be written to. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { CardRecord, CustomerChange } from "./CustomerChange.ts"
import type { Capabilities } from "./Dialect.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { SourceError } from "./SourceError.ts"

/** What a write did; `key` is the customer's (or card's) own id in the destination. */
export interface Written {
  readonly key: string
  readonly isNew: boolean
}

/** One way to look for customers: their own key there, their key elsewhere, or what a person is known by. */
export type LookUp =
  | { readonly by: "key"; readonly key: string }
  | { readonly by: "externalId"; readonly externalId: ExternalId }
  | { readonly by: "card" | "phone" | "email"; readonly value: string }

export class CustomerDestination extends Context.Service<
  CustomerDestination,
  {
    /** Name of the system in external ids: a customer that has one of it is written under that key. */
    readonly system: string
    readonly capabilities: Capabilities
    /** Writes by the source's external id, so that writing again changes nothing more. */
    readonly putCustomer: (change: CustomerChange) => Effect.Effect<Written, SourceError>
    /** Writes a card by its number; `owner` is the customer's external id. */
    readonly putCard: (card: CardRecord, owner: ExternalId | null) => Effect.Effect<Written, SourceError>
    readonly removeCard: (number: string) => Effect.Effect<void, SourceError>
    /** Removes a customer by its own key; one that is not there is removed already. Only where it is a capability. */
    readonly removeCustomer: (key: string) => Effect.Effect<void, SourceError>
    /** The ways of `lookUp` that it has. */
    readonly lookUps: ReadonlyArray<LookUp["by"]>
    /** Everybody found, as its source would tell them; nobody is an empty list. A way it lacks is refused. */
    readonly lookUp: (by: LookUp) => Effect.Effect<ReadonlyArray<CustomerChange>, SourceError>
  }
>()("@tillbridge/domain/CustomerDestination") {}
