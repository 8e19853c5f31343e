/** Changes to what a link remembers, under its lease as a run makes them: no run goes on meanwhile. */
import {
  type Lease,
  type LeaseLost,
  type Link,
  type MerchantId,
  type StorageError,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Failure } from "../Failure.ts"
import { busy } from "./Explain.ts"
import { owner } from "./Owner.ts"

const LEASE_MILLIS = 60_000

/** Runs the change as one unit, which is undone when the lease is lost; `change` begins with `advance`. */
export const fenced = Effect.fnUntraced(function* <R>(
  merchant: MerchantId,
  link: Link,
  command: string,
  change: (lease: Lease) => Effect.Effect<void, LeaseLost | StorageError, R>
) {
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const now = yield* Clock.currentTimeMillis
  const lease = repository
    .acquire(merchant, link, {
      owner: owner(command),
      now: DateTime.makeUnsafe(now),
      until: DateTime.makeUnsafe(now + LEASE_MILLIS)
    })
    .pipe(Effect.catchTag("LinkBusy", (error) => Effect.fail(busy(error))))
  yield* Effect.acquireUseRelease(
    lease,
    (held) => atomically(change(held)),
    (held) => Effect.ignore(repository.release(merchant, held))
  ).pipe(
    Effect.catchTag("LeaseLost", ({ message }) =>
      Effect.fail(new Failure({ kind: "busy", message: `${message}. Nothing was changed` }))
    )
  )
})
