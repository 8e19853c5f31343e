/**
 * A Megawin account as a source of customers. The list has no pages, no dates and no feed of changes (DOCUMENTED by
 * absence): each pass reads all of it, decoded while it is read, and after the last customer the checkpoint stands at
 * the beginning again; what did not change is written by nobody twice. A pass that goes on where another stopped reads
 * the list again and passes over those up to the customer that was last, or begins anew when that one is gone. That
 * the list keeps its order meanwhile is INFERRED; whom a change of order hides comes in the next pass.
 */
import {
  Checkpoint,
  type CustomerChange,
  CustomerSource,
  type SourcePage,
  type UnreadableRecord
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { MegawinClient } from "./MegawinClient.ts"
import { type ListedMember, reread, unreadableRecord } from "./internal/reply.ts"
import { customerChange } from "./MegawinCodec.ts"

const PLACE = "s1."

const beginning = Checkpoint.make("s1")

/** The key of the customer that was told last; `null` at the beginning, and for what is no checkpoint of this source. */
const lastIn = (checkpoint: Checkpoint | null): string | null =>
  checkpoint?.startsWith(PLACE) ? checkpoint.slice(PLACE.length) : null

const keyOf = (member: ListedMember): string | null =>
  Result.isSuccess(member) ? member.success.clcleunik : member.failure.key

const end: SourcePage = { changes: [], next: beginning, hasMore: false }

/** The source of one account; needs its client. */
export const makeMegawinSource = Effect.gen(function* () {
  const client = yield* MegawinClient
  const { config } = client

  const everyone = client.members({})

  /** Those after the customer with this key; everyone when nobody has it. */
  const after = (key: string) =>
    Stream.suspend(() => {
      let found = false
      const rest = everyone.pipe(
        Stream.filter((member) => {
          const wanted = found
          if (keyOf(member) === key) found = true
          return wanted
        })
      )
      return Stream.concat(
        rest,
        Stream.suspend(() => (found ? Stream.empty : everyone))
      )
    })

  const pageOf = (members: ReadonlyArray<ListedMember>, next: Checkpoint): SourcePage => {
    const changes: Array<CustomerChange> = []
    const unreadable: Array<UnreadableRecord> = []
    for (const member of members) {
      if (Result.isSuccess(member)) changes.push(customerChange(member.success, config))
      else unreadable.push(unreadableRecord(member.failure, config.system))
    }
    return { changes, next, hasMore: true, ...(unreadable.length === 0 ? {} : { unreadable }) }
  }

  return CustomerSource.of({
    system: config.system,
    capabilities,
    reread: (payload) => reread(payload, config),
    pages: (from) =>
      Stream.suspend(() => {
        const last = lastIn(from)
        let next = last === null ? beginning : Checkpoint.make(PLACE + last)
        return (last === null ? everyone : after(last)).pipe(
          Stream.grouped(config.pageSize),
          Stream.map((members) => {
            // Of a page without any key, those before it are the last that were told.
            const key = members.reduce<string | null>((known, member) => keyOf(member) ?? known, null)
            if (key !== null) next = Checkpoint.make(PLACE + key)
            return pageOf(members, next)
          }),
          // Whether a page is the last is known only after it.
          Stream.concat(Stream.make(end))
        )
      })
  })
})

/** `CustomerSource` on a client. */
export const layerMegawinSource: Layer.Layer<CustomerSource, never, MegawinClient> = Layer.effect(
  CustomerSource,
  makeMegawinSource
)
