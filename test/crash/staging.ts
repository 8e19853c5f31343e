/** The program's ports with stages at their boundaries: at the one it is told, it stands still until it is killed. */
import {
  type CustomerDestination,
  type CustomerSource,
  type Repositories,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { writeSync } from "node:fs"
import type { Plan, Stage } from "./plan.ts"

export const tell = (line: string) => writeSync(1, `${line}\n`)

export type Reach = (stage: Stage) => Effect.Effect<void>

/** Nothing moves any more, as it is at the moment of a kill; the parent kills. */
const standStill = () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000)
  process.exit(9)
}

export const reacher = (stop: Plan["stop"]): Reach => {
  let left = stop?.nth ?? 0
  return (stage) =>
    Effect.sync(() => {
      if (stage !== stop?.stage || --left > 0) return
      tell(`at ${stage}`)
      standStill()
    })
}

/** What a unit of work wrote, by which its commit is named. */
type Written = "page" | "dead letters" | "deletes" | null

export const stagedStore = (
  store: Context.Context<Repositories>,
  reach: Reach,
  onCommit: () => void
): Context.Context<Repositories> => {
  const sync = Context.get(store, SyncRepository)
  const { atomically } = Context.get(store, UnitOfWork)
  // Units that write follow one another, so one word is enough for all of them.
  let written: Written = null
  const after = (stage: Stage) => Effect.tap<unknown, void, never, never>(() => reach(stage))
  const committed = Effect.suspend(() => {
    const what = written
    written = null
    if (what === null) return Effect.void
    onCommit()
    return reach(`${what} committed`)
  })
  return store.pipe(
    Context.add(UnitOfWork, {
      atomically: (effect) => Effect.tap(atomically(effect), () => committed)
    }),
    Context.add(SyncRepository, {
      ...sync,
      acquire: (merchant, link, request) =>
        Effect.tap(sync.acquire(merchant, link, request), ({ epoch }) => {
          tell(`lease ${link.from} ${link.to} ${epoch}`)
          return reach("lease taken")
        }),
      renew: (merchant, lease, until) => after("lease renewed")(sync.renew(merchant, lease, until)),
      startRun: (...args) => Effect.tap(sync.startRun(...args), () => reach("run begun")),
      putRun: (merchant, id, run) =>
        Effect.tap(sync.putRun(merchant, id, run), () =>
          run.outcome === "running" ? Effect.void : reach("run ended")
        ),
      advance: (merchant, lease, state) =>
        reach("rows written").pipe(
          Effect.andThen(sync.advance(merchant, lease, state)),
          Effect.tap(() => {
            written ??= "page"
            return reach("checkpoint written")
          })
        ),
      putDeadLetters: (...args) =>
        Effect.tap(sync.putDeadLetters(...args), () => {
          written = "dead letters"
          return reach("dead letters written")
        }),
      removeRecords: (...args) =>
        Effect.tap(sync.removeRecords(...args), () => {
          written = "deletes"
          return reach("deletes written")
        })
    })
  )
}

export const stagedSource = (source: CustomerSource["Service"], reach: Reach): CustomerSource["Service"] => ({
  ...source,
  pages: (from) => Stream.tap(source.pages(from), () => reach("page told"))
})

export const stagedDestination = (
  destination: CustomerDestination["Service"],
  reach: Reach
): CustomerDestination["Service"] => ({
  ...destination,
  putCustomer: (change) =>
    Effect.andThen(reach("customer sent"), destination.putCustomer(change)).pipe(
      Effect.tap(() => reach("customer taken"))
    ),
  putCard: (card, owner) => Effect.tap(destination.putCard(card, owner), () => reach("card taken"))
})
