import { type Link, type MerchantId, SyncRepository } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { notFound, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { type SyncSettings, syncSettings } from "../remotes/SyncSettings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { openEnd, refuseUnknownEnds } from "../sync/Ends.ts"
import { fenced } from "../sync/Fenced.ts"
import { chooseLink } from "../sync/LinkChoice.ts"
import { stateFromText, stateText } from "../sync/LinkState.ts"
import { type RunFlags, runOnce } from "../sync/Running.ts"
import { isSameLink, standingDocument, standingPage, standings, standingTable } from "../sync/Status.ts"
import { readText } from "../sync/readText.ts"
import { confirm, requireYes } from "./ask.ts"

interface Run extends RunFlags {
  readonly from: string
  readonly to: string
}

export const run = Effect.fnUntraced(function* (flags: Run, session: Session) {
  keepMemoryFlat()
  const settings = yield* syncSettings(session)
  yield* refuseUnknownEnds(settings, flags.from, flags.to)
  const chosen = yield* chooseLink(settings, flags)
  yield* withStore(session, (store) =>
    Effect.scoped(
      Effect.gen(function* () {
        const merchant = yield* chooseMerchant(chosen.merchant, store)
        const from = yield* openEnd(settings, flags.from, merchant.id)
        const to = yield* openEnd(settings, flags.to, merchant.id)
        yield* runOnce({ chosen, merchant, from, to, flags, session, database: store.databasePath })
      })
    )
  )
})

interface OfLink {
  readonly from: string
  readonly to: string
  readonly merchant: string | undefined
}

/** Names in links that were run, beside those of the settings: a remote may be gone from there. */
const knownLink = Effect.fnUntraced(function* (settings: SyncSettings, merchant: MerchantId, link: Link) {
  const links = yield* (yield* SyncRepository).links(merchant)
  const ends = links.flatMap((status) => [status.link.from, status.link.to])
  yield* refuseUnknownEnds(settings, link.from, link.to, ends)
  return links.some((status) => isSameLink(status.link, link))
})

interface Status {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly merchant: string | undefined
}

export const status = Effect.fnUntraced(function* (input: Status, session: Session) {
  const { from, to } = input
  if (from !== undefined && to === undefined)
    return yield* usage(`say both ends of the link: tillbridge sync status ${from} TO`)
  const settings = yield* syncSettings(session)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      const one = from === undefined || to === undefined ? undefined : { from, to }
      if (one !== undefined) yield* knownLink(settings, merchant.id, one)
      const set = (yield* settings.links).map((link): Link => ({ from: link.from, to: link.to }))
      const all = yield* standings(merchant.id, one === undefined ? set : [...set, one])
      const shown = one === undefined ? all : all.filter(({ status }) => isSameLink(status.link, one))
      if (session.json)
        return yield* write(
          shown.map((standing) => `${JSON.stringify(standingDocument(standing))}\n`).join("")
        )
      if (one !== undefined) return yield* write(shown.map(standingPage).join(""))
      if (shown.length === 0) return yield* say("No link yet. Try one: tillbridge sync run FROM TO --dry-run")
      yield* write(standingTable(shown))
      for (const { status } of shown) {
        if (status.paused === null) continue
        const { from: first, to: second } = status.link
        yield* say(`${first} → ${second} waits for you: ${status.paused}`)
      }
    })
  )
})

interface Reset extends OfLink {
  readonly all: boolean
  readonly yes: boolean
}

export const reset = Effect.fnUntraced(function* (input: Reset, session: Session) {
  const link: Link = { from: input.from, to: input.to }
  const name = `${link.from} → ${link.to}`
  yield* requireYes(input.yes)
  const settings = yield* syncSettings(session)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      if (!(yield* knownLink(settings, merchant.id, link))) return yield* notFound(`${name} was never run`)
      const what = input.all
        ? `Forget everything about ${name}: checkpoint, who is who, dead letters and journal?`
        : `Forget the checkpoint of ${name}, so that the next run reads everything?`
      yield* confirm(what, input.yes)
      const repository = yield* SyncRepository
      yield* fenced(merchant.id, link, "sync reset", (lease) =>
        Effect.gen(function* () {
          const state = yield* repository.state(merchant.id, link)
          yield* repository.advance(merchant.id, lease, {
            ...state,
            checkpoint: null,
            sweeping: false,
            paused: null
          })
          if (input.all) yield* repository.forget(merchant.id, link)
        })
      )
      if (session.json) return yield* writeJson({ ...link, reset: input.all ? "all" : "checkpoint" })
      yield* writeLine(
        input.all
          ? `${name} is forgotten: the next run matches customers anew`
          : `The checkpoint of ${name} is forgotten: the next run reads everything`
      )
    })
  )
})

export const getState = Effect.fnUntraced(function* (input: OfLink, session: Session) {
  const link: Link = { from: input.from, to: input.to }
  const settings = yield* syncSettings(session)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      yield* knownLink(settings, merchant.id, link)
      const state = yield* (yield* SyncRepository).state(merchant.id, link)
      yield* write(stateText(link, state))
    })
  )
})

interface SetState extends OfLink {
  readonly file: string | undefined
}

export const setState = Effect.fnUntraced(function* (input: SetState, session: Session) {
  const link: Link = { from: input.from, to: input.to }
  const settings = yield* syncSettings(session)
  const { name, text } = yield* readText(input.file ?? "-")
  const read = stateFromText(text, link)
  if (Result.isFailure(read)) return yield* usage(`${name} is refused: ${read.failure}`)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      yield* knownLink(settings, merchant.id, link)
      const repository = yield* SyncRepository
      yield* fenced(merchant.id, link, "sync state set", (lease) =>
        repository.advance(merchant.id, lease, read.success)
      )
      if (session.json) return yield* writeJson({ ...link, set: true })
      yield* say(`${link.from} → ${link.to} goes on as ${name} says`)
    })
  )
})
