/** Tests a remote by reading its first page, and tells what was seen on the way. Nothing is written. */
import type { SourceError } from "@tillbridge/domain"
import { parseHttpDate } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as HttpClient from "effect/http/HttpClient"
import type { Opened } from "./Opening.ts"
import type { RemoteStep, RemoteTest, Right } from "./Remote.ts"
import type { RemoteSettings } from "./RemoteSettings.ts"

/** What the answers of a remote show of it. */
interface Sightings {
  readonly through: (http: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly answers: () => number
  readonly latencyMillis: () => number | null
  readonly clockSkewSeconds: () => number | null
}

const monotonic = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** A `Date` header is the beginning of its second, and was written somewhere between request and answer. */
const skewOf = (date: number, sentAt: number, receivedAt: number): number => {
  if (date > receivedAt) return Math.ceil((date - receivedAt) / 1_000)
  const behind = sentAt - (date + 999)
  return behind > 0 ? -Math.ceil(behind / 1_000) : 0
}

export const makeSightings = (): Sightings => {
  let answers = 0
  let latency: number | null = null
  let skew: number | null = null
  return {
    through: (http) =>
      HttpClient.transform(http, (send) =>
        Effect.gen(function* () {
          const sentAt = yield* Clock.currentTimeMillis
          const began = yield* monotonic
          const response = yield* send
          const took = (yield* monotonic) - began
          const receivedAt = yield* Clock.currentTimeMillis
          answers++
          latency = Math.min(latency ?? took, took)
          const date = parseHttpDate(response.headers["date"], receivedAt)
          if (date !== undefined) skew = skewOf(date, sentAt, receivedAt)
          return response
        })
      ),
    answers: () => answers,
    latencyMillis: () => (latency === null ? null : Math.round(latency * 10) / 10),
    clockSkewSeconds: () => skew
  }
}

const ok = (step: RemoteStep["step"], detail: string): RemoteStep => ({ step, outcome: "ok", detail })
const failed = (step: RemoteStep["step"], detail: string): RemoteStep => ({ step, outcome: "failed", detail })
const notTried = (step: RemoteStep["step"]): RemoteStep => ({ step, outcome: "not tried", detail: "" })

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

const stepsOf = (
  where: string,
  answered: boolean,
  result: { readonly customers: number; readonly cards: number } | SourceError
): ReadonlyArray<RemoteStep> => {
  const reached = ok("reach", `${where} answered`)
  if (!("reason" in result)) {
    const { cards, customers } = result
    const found = `${counted(customers, "customer", "customers")}, ${counted(cards, "card", "cards")}`
    return [reached, ok("credential", "accepted"), ok("read", `first page: ${found}`)]
  }
  const { message, reason } = result
  if (!answered) return [failed("reach", `${where}: ${message}`), notTried("credential"), notTried("read")]
  if (reason._tag === "Unauthorized") return [reached, failed("credential", message), notTried("read")]
  // Whoever is asked to slow down, or gets no sensible answer, has learnt nothing of the credential.
  const credential: RemoteStep = {
    step: "credential",
    outcome: "not tried",
    detail: "the answer does not tell"
  }
  return [reached, credential, failed("read", message)]
}

const rightsOf = (
  { destination, source, writes }: Opened,
  result: { readonly customers: number } | SourceError
): RemoteTest["rights"] => {
  const refused = "reason" in result && result.reason._tag === "Unauthorized"
  const read: Right = "reason" in result ? (refused ? "no" : "unknown") : "yes"
  const may = destination?.capabilities
  const possible = (can: boolean | undefined): Right => (can === true ? "unknown" : "no")
  const note =
    destination === null
      ? "this API has no call that writes"
      : (writes ?? "whether this credential may write shows at the first write")
  return {
    read,
    write: possible(may?.canUpsertCustomer),
    readCards: source.capabilities.carriesCards ? read : "no",
    writeCards: possible(may?.canUpsertCard),
    note
  }
}

const isHere = (host: string) => host === "localhost" || host === "[::1]" || host.startsWith("127.")

const warningsOf = ({ url }: RemoteSettings, skew: number | null): ReadonlyArray<string> => {
  const address = url === undefined ? undefined : new URL(url)
  return [
    ...(address?.protocol === "http:" && !isHere(address.hostname)
      ? ["the connection is not encrypted: the credential and all data can be read on the way"]
      : []),
    ...(skew !== null && Math.abs(skew) >= 60
      ? [`its clock is ${Math.abs(skew)} seconds ${skew > 0 ? "ahead of" : "behind"} this one`]
      : [])
  ]
}

export const testRemote = (
  settings: RemoteSettings,
  opened: Opened,
  sightings: Sightings
): Effect.Effect<RemoteTest> =>
  Effect.gen(function* () {
    const before = sightings.answers()
    const result = yield* Stream.runHead(opened.source.pages(null)).pipe(
      Effect.map((page) => {
        const changes = Option.match(page, { onNone: () => [], onSome: (found) => found.changes })
        const unreadable = Option.match(page, {
          onNone: () => 0,
          onSome: (found) => found.unreadable?.length ?? 0
        })
        const cards = changes.reduce((sum, { cards: some }) => sum + some.length, 0)
        return { customers: changes.length + unreadable, cards }
      }),
      Effect.catch((error) => Effect.succeed(error))
    )
    const where = settings.url === undefined ? "the vendor" : new URL(settings.url).origin
    const skew = sightings.clockSkewSeconds()
    const test: RemoteTest = {
      steps: stepsOf(where, sightings.answers() > before, result),
      failure: "reason" in result ? result : null,
      rights: rightsOf(opened, result),
      latencyMillis: sightings.latencyMillis(),
      clockSkewSeconds: skew,
      fingerprint: opened.fingerprint?.() ?? null,
      warnings: warningsOf(settings, skew)
    }
    return test
  })
