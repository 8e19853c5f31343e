/** Stores that synchronising could not rely on. */
import {
  CardRepository,
  ChangeFeed,
  CustomerRepository,
  type LinkState,
  newLinkState,
  SyncRepository
} from "@tillbridge/domain"
import { Effect } from "effect"
import { type Break, broken } from "./breaking.ts"

export const breaksOfSync: ReadonlyArray<Break> = [
  [
    "lets a worker that was overtaken write",
    broken(SyncRepository, () => ({ advance: () => Effect.void })),
    "a worker that was overtaken writes nothing"
  ],
  [
    "gives a lease to everybody who asks",
    broken(SyncRepository, (good) => ({
      acquire: (merchant, link, request) =>
        Effect.catchTag(good.acquire(merchant, link, request), "LinkBusy", () =>
          Effect.succeed({ link, epoch: 1 })
        )
    })),
    "one has it"
  ],
  [
    "never gives a lease that ran out to another",
    broken(SyncRepository, (good) => ({
      acquire: (merchant, link, request) => good.acquire(merchant, link, { ...request, now: request.until })
    })),
    "one has it"
  ],
  [
    "counts the epochs of a forgotten link from the beginning",
    broken(SyncRepository, (good) => ({
      advance: (merchant, { link }, state) =>
        Effect.flatMap(good.links(merchant), ([known]) =>
          known === undefined ? Effect.void : good.advance(merchant, { link, epoch: 1 }, state)
        )
    })),
    "a lease from before a link was forgotten"
  ],
  [
    "keeps the state of a link outside of the unit",
    broken(SyncRepository, () => {
      const states = new Map<string, LinkState>()
      return {
        advance: (merchant, { link }, state) =>
          Effect.sync(() => void states.set(`${merchant} ${link.from} ${link.to}`, state)),
        state: (merchant, { from, to }) =>
          Effect.sync(() => states.get(`${merchant} ${from} ${to}`) ?? newLinkState)
      }
    }),
    "the state of a link is stored with the unit's other rows"
  ],
  [
    "keeps records of its own for each direction",
    broken(SyncRepository, (good) => {
      const apart = ({ from, to }: { readonly from: string; readonly to: string }) => ({
        from: `${from} to ${to}`,
        to: `${to} from ${from}`
      })
      return {
        records: (merchant, link, keys) => good.records(merchant, apart(link), keys),
        putRecords: (merchant, link, records) => good.putRecords(merchant, apart(link), records)
      }
    }),
    "what one direction writes the other one reads"
  ],
  [
    "leaves a record whose place another took",
    broken(SyncRepository, (good) => ({
      putRecords: (merchant, link, records) =>
        good.putRecords(
          merchant,
          link,
          records.map((record) => ({ ...record, toKey: `${record.fromKey} ${record.toKey}` }))
        )
    })),
    "takes its place"
  ],
  [
    "marks what the other direction has seen as seen by this one",
    broken(SyncRepository, (good) => ({
      markSeen: (merchant, { from, to }, keys, sweep) =>
        Effect.andThen(
          good.markSeen(merchant, { from, to }, keys, sweep),
          good.markSeen(merchant, { from: to, to: from }, keys, sweep)
        )
    })),
    "the records are those of a plain list"
  ],
  [
    "begins a window of unseen records with the last of the one before",
    broken(SyncRepository, (good) => ({
      unseenSince: (merchant, link, sweep, { after, limit }) =>
        good.unseenSince(merchant, link, sweep, { after: after && after.slice(0, -1), limit })
    })),
    "come in windows"
  ],
  [
    "sets a record aside twice",
    broken(SyncRepository, (good) => {
      let times = 0
      return {
        putDeadLetters: (merchant, link, letters, now) =>
          good.putDeadLetters(
            merchant,
            link,
            letters.map((letter) => ({ ...letter, name: `${letter.name}${times++}` })),
            now
          )
      }
    }),
    "is the same dead letter"
  ],
  [
    "lists every link's dead letters",
    broken(SyncRepository, (good) => ({
      deadLetters: (merchant, query) => good.deadLetters(merchant, { ...query, link: null })
    })),
    "listed by link or all together"
  ],
  [
    "forgets what the opposite link needs",
    broken(SyncRepository, (good) => ({
      forget: (merchant, { from, to }) =>
        Effect.andThen(good.forget(merchant, { from, to }), good.forget(merchant, { from: to, to: from }))
    })),
    "leaves nothing but what the opposite link needs"
  ],
  [
    "lists runs with the oldest first",
    broken(SyncRepository, (good) => ({
      runs: (merchant, link, limit) =>
        Effect.map(good.runs(merchant, link, limit), (runs) => [...runs].reverse())
    })),
    "runs are told with the newest first"
  ],
  [
    "tells customers that came again as removed",
    broken(ChangeFeed, (good) => {
      const told = new Map<number, Effect.Success<ReturnType<typeof good.removals>>[number]>()
      return {
        removals: (merchant, after, limit) =>
          Effect.map(good.removals(merchant, after, limit), (found) => {
            for (const one of found) told.set(one.position, one)
            return [...told.values()].filter(({ position }) => position > after).slice(0, limit)
          })
      }
    }),
    "never those that came again"
  ],
  [
    "tells a customer's own change for its position",
    broken(CustomerRepository, (good) => ({
      positions: (merchant, ids) =>
        Effect.map(good.positions(merchant, ids), (found) =>
          found.map((one) => ({ ...one, position: one.version }))
        )
    })),
    "the position of a customer is that of its newest change"
  ],
  [
    "does not know cards by their external ids",
    broken(CardRepository, (good) => ({
      named: (merchant, numbers) => good.named(merchant, numbers, [])
    })),
    "a card is matched by its number, then by its external ids"
  ]
]
