/** Reading a merchant's changes by checkpoint. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ChangeFeed, type Removal } from "./ChangeFeed.ts"
import { type Checkpoint, checkpointAt, positionOf } from "./Checkpoint.ts"
import type { FeedPage } from "./CustomerChange.ts"
import { InvalidField, type StorageError } from "./errors.ts"
import type { ChangePosition, MerchantId } from "./Ids.ts"

export class Feed extends Context.Service<
  Feed,
  {
    /**
     * Up to `limit` changes after the checkpoint (`null`: from the beginning), oldest first. A reader that follows
     * `next` while others write misses nothing and sees each entity at its newest change.
     */
    readonly page: (
      merchant: MerchantId,
      from: Checkpoint | null,
      limit: number
    ) => Effect.Effect<FeedPage, InvalidField | StorageError>
    /** Up to `limit` customers removed after a position and not there again, the earliest first. */
    readonly removals: (
      merchant: MerchantId,
      after: ChangePosition,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Removal>, StorageError>
  }
>()("@tillbridge/domain/Feed") {
  static readonly layer = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const feed = yield* ChangeFeed
      return Feed.of({
        removals: feed.removals,
        page: Effect.fnUntraced(function* (merchant, from, limit) {
          const after = positionOf(merchant, from)
          if (after instanceof InvalidField) return yield* after
          const found = yield* feed.read(merchant, after, limit + 1)
          const changes = found.slice(0, limit)
          const last = changes.at(-1)?.position ?? after
          return { changes, next: checkpointAt(merchant, last), hasMore: found.length > limit }
        })
      })
    })
  )
}
