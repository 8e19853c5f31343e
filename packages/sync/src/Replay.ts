/** Dead letters tried once more, each as a page of its own: under the link's lease, with its records and its end. */
import {
  type CustomerChange,
  type CustomerDestination,
  type CustomerSource,
  type DeadLetter,
  type Lease,
  type Link,
  type MerchantId,
  type NewDeadLetter,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { changeFromText } from "./ChangeText.ts"
import { letterOfUnreadable } from "./Letters.ts"
import { isOlder, markOf } from "./Mark.ts"
import { makeStoreWriter } from "./StoreWriter.ts"
import { makeVendorWriter } from "./VendorWriter.ts"
import { isOpposite, type Matching, noMatching, type Outcome, type ToldChange } from "./Writer.ts"

export interface ReplayRequest {
  readonly merchant: MerchantId
  readonly link: Link
  readonly source: CustomerSource["Service"]
  readonly destination: CustomerDestination["Service"] | "store"
  readonly matching?: Matching | undefined
  readonly owner: string
  readonly letters: ReadonlyArray<DeadLetter>
  /** How long the lease lasts; it is not renewed. A minute for each ten letters, unless told. */
  readonly lease?: Duration.Input | undefined
  /** Told of each letter once it is over: a failure of a system ends the replay with letters left. */
  readonly onReplayed?: ((replayed: Replayed) => Effect.Effect<void>) | undefined
}

export interface Replayed {
  readonly letter: DeadLetter
  /**
   * "done": written, or there already. "overtaken": newer is known by now. "again": it failed once more. "lost": too
   * large to have been kept, or told in another charset, so that only the source can tell it again.
   */
  readonly result: "done" | "overtaken" | "again" | "lost"
  /** Why, for "again": fields and reasons, no values. */
  readonly reason: string | null
}

/** Whether bytes of the record were no text: what is read of the rest would be written damaged. */
const isDamaged = ({ kind, payload }: DeadLetter): boolean =>
  kind === "unreadable" && payload !== null && payload.includes("\ufffd")

/** The letter's customer, or why it cannot be read still. */
const read = (
  letter: DeadLetter,
  payload: string,
  source: CustomerSource["Service"]
): Result.Result<CustomerChange, NewDeadLetter> => {
  if (letter.kind !== "unreadable") {
    return Option.match(changeFromText(payload), {
      onNone: () => Result.fail({ ...letter, reason: "what was kept of it cannot be read" }),
      onSome: Result.succeed
    })
  }
  return source
    .reread(payload)
    .pipe(Result.mapError((unreadable) => ({ ...letterOfUnreadable(unreadable), name: letter.name })))
}

/** Replays letters of one link, in the order given. Repeating it changes nothing more. */
export const replayDeadLetters = Effect.fnUntraced(function* (request: ReplayRequest) {
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const { destination, letters, link, matching = noMatching, merchant, source } = request
  const { onReplayed = () => Effect.void } = request
  const ttl = Duration.toMillis(request.lease ?? Duration.minutes(1 + letters.length / 10))
  const now = yield* Clock.currentTimeMillis
  const until = now + ttl
  const writer = yield* destination === "store"
    ? makeStoreWriter(matching)
    : makeVendorWriter(destination, matching, () => until)

  const again = (letter: NewDeadLetter, lease: Lease) =>
    atomically(
      Effect.gen(function* () {
        yield* repository.advance(merchant, lease, yield* repository.state(merchant, link))
        yield* repository.putDeadLetters(merchant, link, [letter], yield* DateTime.now)
      })
    )

  const drop = (letter: DeadLetter, lease: Lease) =>
    Effect.gen(function* () {
      yield* repository.advance(merchant, lease, yield* repository.state(merchant, link))
      yield* repository.dropDeadLetters(merchant, [letter.id])
    })

  const replay = Effect.fnUntraced(function* (letter: DeadLetter, lease: Lease) {
    const say = (result: Replayed["result"], reason: string | null = null): Replayed => ({
      letter,
      result,
      reason
    })
    if (letter.payload === null || isDamaged(letter)) return say("lost")
    const found = read(letter, letter.payload, source)
    if (Result.isFailure(found)) {
      yield* again(found.failure, lease)
      return say("again", found.failure.reason)
    }
    const change = found.success
    const mark = markOf(change)
    const [record = null] = yield* repository.records(merchant, link, [change.source.key])
    if (record !== null && record.fromMark !== null && isOlder(mark, record.fromMark)) {
      yield* atomically(drop(letter, lease))
      return say("overtaken")
    }
    const told: ToldChange = {
      change,
      mark,
      record,
      toldAt: change.modifiedAt?.epochMilliseconds ?? letter.failedAt.epochMilliseconds
    }
    const state = yield* repository.state(merchant, link)
    const links = yield* repository.links(merchant)
    const [outcome] = yield* writer.write(
      {
        merchant,
        link,
        lease,
        changes: [told],
        seen: Math.max(1, state.sweep - 1),
        allCards: source.capabilities.carriesAllCards,
        twoWay: links.some((other) => isOpposite(other.link, link))
      },
      Effect.fnUntraced(function* ([done]: ReadonlyArray<Outcome>) {
        if (done?.record != null) yield* repository.putRecords(merchant, link, [done.record])
        if (done?.letter == null) yield* drop(letter, lease)
        else yield* again({ ...done.letter, name: letter.name }, lease)
      })
    )
    if (outcome?.letter != null) return say("again", outcome.letter.reason)
    return say(outcome?.action === "keep" ? "overtaken" : "done")
  })

  return yield* Effect.acquireUseRelease(
    repository.acquire(merchant, link, {
      owner: request.owner,
      now: DateTime.makeUnsafe(now),
      until: DateTime.makeUnsafe(until)
    }),
    (lease) =>
      Effect.forEach(letters, (letter) =>
        Effect.uninterruptible(Effect.tap(replay(letter, lease), onReplayed))
      ),
    (lease) => Effect.ignore(repository.release(merchant, lease))
  )
})
