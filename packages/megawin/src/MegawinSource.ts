/**
 * A Megawin account as a source of customers. The list has no pages, no dates and no feed of changes (DOCUMENTED by
 * absence): each pass reads all of it, decoded while it is read, and no pass can begin in the middle. So every
 * checkpoint stands at the beginning, and what did not change is written by nobody twice.
 */
import { Checkpoint, CustomerSource, type SourcePage } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { MegawinClient } from "./MegawinClient.ts"
import { customerChange } from "./MegawinCodec.ts"

const beginning = Checkpoint.make("s1")

const end: SourcePage = { changes: [], next: beginning, hasMore: false }

/** The source of one account; needs its client. */
export const makeMegawinSource = Effect.gen(function* () {
  const client = yield* MegawinClient
  const { config } = client
  return CustomerSource.of({
    capabilities,
    pages: () =>
      client.customers({}).pipe(
        Stream.map((record) => customerChange(record, config)),
        Stream.grouped(config.pageSize),
        Stream.map((changes): SourcePage => ({ changes, next: beginning, hasMore: true })),
        // Whether a page is the last is known only after it.
        Stream.concat(Stream.make(end))
      )
  })
})

/** `CustomerSource` on a client. */
export const layerMegawinSource: Layer.Layer<CustomerSource, never, MegawinClient> = Layer.effect(
  CustomerSource,
  makeMegawinSource
)
