import {
  type DeadLetter,
  type DeadLetterKind,
  type Link,
  type MerchantId,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import { replayDeadLetters, type Replayed } from "@tillbridge/sync"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type Failure, notFound, Stopped, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { type SyncSettings, syncSettings } from "../remotes/SyncSettings.ts"
import { attempt } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { openEnd, refuseUnknownEnds, writable } from "../sync/Ends.ts"
import { explainSync } from "../sync/Explain.ts"
import { chooseLink, commandLine } from "../sync/LinkChoice.ts"
import { payloadValue } from "../sync/Mask.ts"
import { owner } from "../sync/Owner.ts"
import { count } from "../sync/Progress.ts"
import { pairs, table } from "../Table.ts"
import { duration } from "../transfer/Progress.ts"
import { confirm, requireYes } from "./ask.ts"

interface Filters {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly kind: DeadLetterKind | undefined
  readonly merchant: string | undefined
}

const screenful = 50
const WINDOW = 200

const nameOf = ({ from, to }: Link): string => `${from} → ${to}`

/** Letters that the filters name, in ascending id, some hundreds at a time, until `use` has enough. */
const eachWindow = Effect.fnUntraced(function* <E, R>(
  merchant: MerchantId,
  { from, kind, to }: Filters,
  use: (letters: ReadonlyArray<DeadLetter>) => Effect.Effect<boolean, E, R>
) {
  const repository = yield* SyncRepository
  const link = from === undefined || to === undefined ? null : { from, to }
  for (let after = 0; ;) {
    const found = yield* repository.deadLetters(merchant, { link, after, limit: WINDOW })
    const chosen = found.filter(
      (letter) =>
        (from === undefined || letter.link.from === from) &&
        (to === undefined || letter.link.to === to) &&
        (kind === undefined || letter.kind === kind)
    )
    if ((yield* use(chosen)) || found.length < WINDOW) return
    after = found.at(-1)!.id
  }
})

/** Without what it holds. */
const letterDocument = (letter: DeadLetter) => ({
  id: letter.id,
  ...letter.link,
  key: letter.key,
  kind: letter.kind,
  reason: letter.reason,
  attempts: letter.attempts,
  createdAt: DateTime.formatIso(letter.createdAt),
  failedAt: DateTime.formatIso(letter.failedAt),
  kept: letter.payload !== null
})

interface List extends Filters {
  readonly limit: number | undefined
}

export const list = (input: List, session: Session) =>
  withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      const limit = input.limit ?? (session.json ? Number.POSITIVE_INFINITY : screenful)
      const now = yield* Clock.currentTimeMillis
      const rows: Array<DeadLetter> = []
      let found = 0
      let hasMore = false
      yield* eachWindow(merchant.id, input, (letters) => {
        const taken = letters.slice(0, Math.max(0, limit - found))
        found += taken.length
        hasMore ||= taken.length < letters.length
        if (session.json)
          return Effect.as(
            write(taken.map((letter) => `${JSON.stringify(letterDocument(letter))}\n`).join("")),
            found >= limit
          )
        rows.push(...taken)
        return Effect.succeed(hasMore)
      })
      if (session.json) return
      if (rows.length === 0) return yield* say("Nothing is set aside.")
      yield* write(
        table(
          ["ID", "LINK", "KEY", "KIND", "REASON", "TRIES", "AGE"],
          rows.map(({ attempts, createdAt, id, key, kind, link, reason }) => [
            id,
            nameOf(link),
            key,
            kind,
            reason,
            attempts,
            duration(Math.max(0, (now - createdAt.epochMilliseconds) / 1000))
          ])
        )
      )
      if (hasMore) yield* say("There are more: --limit N shows N, --json all of them.")
    })
  )

const idOf = (word: string): number => {
  const id = Number(word)
  if (/^\d{1,15}$/.test(word) && id > 0) return id
  throw usage(`ID must be a number as \`tillbridge dead-letters list\` shows it, not "${word}"`)
}

interface Show {
  readonly id: string
  readonly reveal: boolean
  readonly merchant: string | undefined
}

const missing = (id: number) => notFound(`there is no dead letter ${id}: it was settled or dropped`)

export const show = Effect.fnUntraced(function* (input: Show, session: Session) {
  const id = yield* attempt(() => idOf(input.id))
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      const letter = yield* (yield* SyncRepository).deadLetter(merchant.id, id)
      if (letter === null) return yield* missing(id)
      const payload = letter.payload === null ? null : payloadValue(letter.payload, input.reveal)
      if (input.reveal) yield* say("What follows is personal data: keep it out of tickets and logs.")
      if (session.json)
        return yield* writeJson({ ...letterDocument(letter), revealed: input.reveal, payload })
      yield* write(
        pairs([
          ["id", letter.id],
          ["link", nameOf(letter.link)],
          ["key", letter.key],
          ["kind", letter.kind],
          ["reason", letter.reason],
          ["tries", letter.attempts],
          ["set aside", DateTime.formatIso(letter.createdAt)],
          ["failed last", DateTime.formatIso(letter.failedAt)]
        ])
      )
      if (payload === null)
        return yield* say("It was too large to be kept: only the source can tell it again.")
      const text = typeof payload === "string" ? payload : JSON.stringify(payload, null, 2)
      for (const line of ["", ...text.split(/\r?\n/)]) yield* writeLine(line)
      if (!input.reveal)
        yield* say("Letters stand as x and digits as 9. --reveal shows the values: personal data.")
    })
  )
})

interface Chosen extends Filters {
  readonly id: ReadonlyArray<string>
  readonly all: boolean
}

/** The letters that the caller means: by number, or all that the filters name. */
const choose = Effect.fnUntraced(function* (merchant: MerchantId, input: Chosen, ids: ReadonlyArray<number>) {
  const repository = yield* SyncRepository
  const letters: Array<DeadLetter> = []
  if (input.all) {
    yield* eachWindow(merchant, input, (found) => {
      letters.push(...found)
      return Effect.succeed(false)
    })
    return letters
  }
  for (const id of ids) {
    const letter = yield* repository.deadLetter(merchant, id)
    if (letter === null) return yield* missing(id)
    letters.push(letter)
  }
  return letters
})

const idsOf = Effect.fnUntraced(function* (input: Chosen) {
  const { all, from, id, kind, to } = input
  if (all && id.length > 0) return yield* usage("give numbers or --all, not both")
  if (!all && id.length === 0) return yield* usage("say which: ID..., or --all")
  if (!all && (from ?? to ?? kind) !== undefined) return yield* usage("--from, --to and --kind go with --all")
  return yield* attempt(() => [...new Set(id.map(idOf))])
})

const byLink = (letters: ReadonlyArray<DeadLetter>): ReadonlyArray<ReadonlyArray<DeadLetter>> => {
  const groups = new Map<string, Array<DeadLetter>>()
  for (const letter of letters) {
    const name = `${letter.link.from}\u0000${letter.link.to}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [letter])
    else group.push(letter)
  }
  return [...groups.values()]
}

/** Tried under one lease: it lasts as long as these may take, and a process that dies blocks nobody for longer. */
const AT_ONCE = 50

const results: Record<Replayed["result"], string> = {
  done: "done",
  overtaken: "overtaken: something newer is there",
  again: "failed again",
  lost: "lost: too large to be kept, or told in another charset; only the source can tell it again"
}

const replayedLine = ({ letter, reason, result }: Replayed): string =>
  `${letter.id}  ${nameOf(letter.link)}  ${letter.key ?? "?"}  ${results[result]}` +
  (reason === null ? "" : `: ${reason}`)

interface Replaying {
  readonly settings: SyncSettings
  readonly merchant: MerchantId
  readonly input: Chosen
  readonly session: Session
  readonly database: string
  readonly onReplayed: (replayed: Replayed) => Effect.Effect<void>
}

const replayLink = Effect.fnUntraced(function* (letters: ReadonlyArray<DeadLetter>, replaying: Replaying) {
  const { database, input, merchant, onReplayed, session, settings } = replaying
  const { link } = letters[0]!
  yield* refuseUnknownEnds(settings, link.from, link.to)
  const chosen = yield* chooseLink(settings, { ...link, merchant: input.merchant })
  const from = yield* openEnd(settings, link.from, merchant)
  const to = yield* openEnd(settings, link.to, merchant)
  const destination = yield* writable(to)
  for (let at = 0; at < letters.length; at += AT_ONCE) {
    yield* replayDeadLetters({
      merchant,
      link,
      source: from.source,
      destination,
      matching: chosen.matching,
      owner: owner("dead-letters replay"),
      letters: letters.slice(at, at + AT_ONCE),
      onReplayed
    }).pipe(
      Effect.mapError((error) =>
        explainSync(error, {
          link,
          database,
          again: commandLine(
            ["dead-letters", "replay"],
            { all: true, from: link.from, to: link.to },
            session
          ),
          allowing: () => "",
          resume: "Letters that were not reached stay. Try again with"
        })
      )
    )
  }
})

export const replay = Effect.fnUntraced(function* (input: Chosen, session: Session) {
  const ids = yield* idsOf(input)
  const settings = yield* syncSettings(session)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      const letters = yield* choose(merchant.id, input, ids)
      const counts = { done: 0, overtaken: 0, again: 0, lost: 0 }
      const gone = yield* Deferred.make<never, Failure | Stopped>()
      const onReplayed = (replayed: Replayed) => {
        counts[replayed.result]++
        const { letter, reason, result } = replayed
        const told = session.json
          ? writeJson({ event: "replayed", ...letterDocument(letter), result, why: reason })
          : writeLine(replayedLine(replayed))
        return told.pipe(Effect.catch((error) => Effect.asVoid(Deferred.fail(gone, error))))
      }
      yield* Effect.forEach(byLink(letters), (group) =>
        Effect.scoped(
          replayLink(group, {
            settings,
            merchant: merchant.id,
            input,
            session,
            database: store.databasePath,
            onReplayed
          })
        )
      ).pipe(Effect.raceFirst(Deferred.await(gone)))
      if (session.json) yield* writeJson({ event: "done", letters: letters.length, ...counts })
      else
        yield* say(
          `${count(letters.length)} tried: ${count(counts.done)} done, ${count(counts.overtaken)} overtaken, ` +
            `${count(counts.again)} failed again, ${count(counts.lost)} lost`
        )
      if (counts.again + counts.lost > 0) return yield* new Stopped({ exitCode: 1 })
    })
  )
})

interface Drop extends Chosen {
  readonly yes: boolean
}

export const drop = Effect.fnUntraced(function* (input: Drop, session: Session) {
  const ids = yield* idsOf(input)
  yield* requireYes(input.yes)
  yield* withStore(session, (store) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, store)
      const letters = yield* choose(merchant.id, input, ids)
      const many = `${count(letters.length)} dead ${letters.length === 1 ? "letter" : "letters"}`
      if (letters.length > 0) yield* confirm(`Throw ${many} away for good?`, input.yes)
      const repository = yield* SyncRepository
      const { atomically } = yield* UnitOfWork
      const dropped = yield* atomically(
        repository.dropDeadLetters(
          merchant.id,
          letters.map(({ id }) => id)
        )
      )
      yield* session.json
        ? writeJson({ dropped })
        : writeLine(`${count(dropped)} dead ${dropped === 1 ? "letter is" : "letters are"} thrown away`)
    })
  )
})
