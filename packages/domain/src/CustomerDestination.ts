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

export class CustomerDestination extends Context.Service<
  CustomerDestination,
  {
    readonly capabilities: Capabilities
    /** Writes by the source's external id, so that writing again changes nothing more. */
    readonly putCustomer: (change: CustomerChange) => Effect.Effect<Written, SourceError>
    /** Writes a card by its number; `owner` is the customer's external id. */
    readonly putCard: (card: CardRecord, owner: ExternalId | null) => Effect.Effect<Written, SourceError>
    readonly removeCard: (number: string) => Effect.Effect<void, SourceError>
  }
>()("@tillbridge/domain/CustomerDestination") {}
