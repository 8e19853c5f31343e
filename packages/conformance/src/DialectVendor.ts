/** Promises about a vendor that answers badly: an error with the right reason, never a success; and secrets stay secret. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  type CredentialId,
  Credentials,
  type CustomerChange,
  CustomerRepository,
  type Repositories,
  SourceError,
  type SourceFailure,
  StorageError
} from "@tillbridge/domain"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { type DialectCapability, promise, takesNoWrites } from "./DialectCase.ts"
import { destinationOf, mostPages, sourceOf } from "./DialectEnds.ts"
import { load, townspeople } from "./DialectRecords.ts"
import {
  type Answering,
  answeredBy,
  causeOf,
  newSeen,
  openServer,
  openSite,
  openStore,
  proofOf,
  makeCaller,
  makeMerchant,
  type Seen,
  type Site,
  watching,
  whileTimePasses
} from "./DialectSite.ts"
import type { Subject } from "./DialectSubject.ts"

type Reason = SourceFailure["_tag"]

/** An answer that no client may take for a success. */
interface BadAnswer {
  readonly title: string
  readonly reasons: ReadonlyArray<Reason>
  /** From the answer that the server would have given; `quiet` says that there will never be one. */
  readonly make: (good: Response, quiet: () => void) => Promise<Response>
}

const fixed = (
  title: string,
  reasons: ReadonlyArray<Reason>,
  status: number,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = { "content-type": "text/html" }
): BadAnswer => ({ title, reasons, make: () => Promise.resolve(new Response(body, { status, headers })) })

const page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>"

const cut = (part: number): BadAnswer => ({
  title: `an answer that is cut after ${part * 100} % of it`,
  reasons: ["Malformed", "Unreachable"],
  make: async (good) => {
    const bytes = await good.arrayBuffer()
    const headers = new Headers(good.headers)
    headers.delete("content-length")
    return new Response(bytes.slice(0, Math.floor(bytes.byteLength * part)), { status: good.status, headers })
  }
})

const badAnswers: ReadonlyArray<BadAnswer> = [
  fixed("an HTML page as a success", ["Malformed"], 200, page),
  fixed("nothing, as a success", ["Malformed"], 200, ""),
  fixed("an empty JSON object", ["Malformed", "Refused"], 200, "{}", { "content-type": "application/json" }),
  fixed("JSON that is no object", ["Malformed", "Refused"], 200, "null", {
    "content-type": "application/json"
  }),
  fixed("XML of another kind", ["Malformed", "Refused"], 200, "<x/>", { "content-type": "application/xml" }),
  fixed("bytes that are no text", ["Malformed"], 200, new Uint8Array([0xff, 0xfe, 0x00, 0xc3])),
  cut(0.3),
  cut(0.7),
  cut(0.97),
  fixed("500", ["VendorFailed"], 500, page),
  fixed("503", ["VendorFailed"], 503, page, { "content-type": "text/html", "retry-after": "1" }),
  fixed("401", ["Unauthorized"], 401, page),
  fixed("403", ["Unauthorized"], 403, page),
  fixed("404", ["Refused"], 404, page),
  fixed("429", ["RateLimited"], 429, "", { "retry-after": "1" }),
  fixed("a redirect", ["Malformed"], 302, "", { location: "http://elsewhere.test/" }),
  {
    title: "a connection that breaks",
    reasons: ["Unreachable"],
    make: () => Promise.reject(new TypeError("fetch failed", { cause: { code: "ECONNRESET" } }))
  },
  {
    title: "no answer at all",
    reasons: ["TimedOut"],
    make: (_good, quiet) => {
      quiet()
      return new Promise(() => {})
    }
  }
]

/** What is asked of the vendor, without what only signs in: told apart by the path on which `signIn` asks. */
const signInPaths = Effect.fnUntraced(function* (subject: Subject, site: Site) {
  const paths = new Set<string>()
  yield* proofOf(
    subject,
    (request) => {
      paths.add(new URL(request.target, "http://till.test").pathname.toLowerCase())
      return site.send(request)
    },
    site.caller
  )
  return paths
})

interface Between {
  /** Requests for data so far. */
  asked: number
  readonly fetch: Answering
  readonly seenElsewhere: Array<string>
}

/** Stands between client and server and spoils answers to requests for data, from number `from` (1) on. */
const between = (site: Site, paths: ReadonlySet<string>, from: number, bad: BadAnswer): Between => {
  const self: Between = {
    asked: 0,
    seenElsewhere: [],
    fetch: async (request, quiet) => {
      const { hostname, pathname } = new URL(request.url)
      if (hostname !== "till.test") self.seenElsewhere.push(hostname)
      const spoils = !paths.has(pathname.toLowerCase()) && ++self.asked >= from
      const good = await site.fetch(request)
      return spoils ? await bad.make(good, quiet) : good
    }
  }
  return self
}

const failureOf = (exit: Exit.Exit<unknown, unknown>, what: string): SourceError => {
  if (Exit.isSuccess(exit)) return assert.fail(`${what}: taken for a success`)
  const error = Cause.findError(exit.cause)
  return Result.isSuccess(error) && error.success instanceof SourceError
    ? error.success
    : assert.fail(`${what}: no SourceError, but ${causeOf(exit)}`)
}

const assertReason = (
  subject: Subject,
  exit: Exit.Exit<unknown, unknown>,
  reasons: ReadonlyArray<Reason>,
  what: string
) => {
  const error = failureOf(exit, what)
  assert.strictEqual(error.dialect, subject.dialect.id, `${what}: the dialect that the error names`)
  assert.include(reasons, error.reason._tag, `${what}: the reason of "${error.message}"`)
}

/** Something that a client does; the kit lets it meet each bad answer at each of its requests. */
type Doing = (site: Site, fetch: Answering) => Effect.Effect<unknown, unknown, Scope.Scope>

const reading =
  (subject: Subject): Doing =>
  (site, fetch) =>
    Effect.flatMap(sourceOf(subject, site, { http: answeredBy(fetch) }), (source) =>
      source.pages(null).pipe(Stream.take(mostPages), Stream.runCollect)
    )

const someone: CustomerChange = {
  source: { system: "elsewhere", key: "1" },
  customer: {
    firstName: "Anna",
    lastName: "Orlova",
    email: "orlova@example.test",
    company: { name: "Orlova" }
  },
  cards: []
}

const writing =
  (subject: Subject): Doing =>
  (site, fetch) =>
    Effect.flatMap(destinationOf(subject, site, { http: answeredBy(fetch) }), (destination) =>
      destination.putCustomer(someone)
    )

const good: BadAnswer = { title: "", reasons: [], make: (response) => Promise.resolve(response) }

const mostRequests = 6

const each = Effect.fnUntraced(function* (subject: Subject, doing: Doing, isRead: boolean) {
  const start = Effect.gen(function* () {
    const site = yield* openSite(subject)
    if (isRead) yield* load(site.store, site.merchant, townspeople)
    return { site, paths: yield* signInPaths(subject, site) }
  })
  const run = (from: number, bad: BadAnswer) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { paths, site } = yield* start
        const way = between(site, paths, from, bad)
        const exit = yield* whileTimePasses(doing(site, way.fetch).pipe(Effect.provide(watching(newSeen()))))
        return { exit, way }
      })
    )
  const whole = yield* run(Number.POSITIVE_INFINITY, good)
  if (Exit.isFailure(whole.exit)) assert.fail(`with good answers: ${causeOf(whole.exit)}`)
  for (const bad of badAnswers) {
    for (let from = 1; from <= Math.min(whole.way.asked, mostRequests); from++) {
      const { exit, way } = yield* run(from, bad)
      const what = `${bad.title}, from request ${from} on`
      assertReason(subject, exit, bad.reasons, what)
      assert.deepStrictEqual(way.seenElsewhere, [], `${what}: another host was asked`)
    }
  }
})

/** A store whose customers and cards nobody can get at. */
const busyStore = (real: Context.Context<Repositories>): Context.Context<Repositories> => {
  const busy = <S extends object>(service: S): S =>
    new Proxy(service, {
      get: () => () => Effect.fail(new StorageError({ operation: "any", reason: "busy" }))
    })
  return real.pipe(
    Context.add(CustomerRepository, busy(Context.get(real, CustomerRepository))),
    Context.add(CardRepository, busy(Context.get(real, CardRepository)))
  )
}

/** The vendor's own ways to say no, over the dialect's own server. */
const refusals = Effect.fnUntraced(function* (subject: Subject) {
  const doings: ReadonlyArray<readonly [string, Doing]> = [
    ["reading", reading(subject)],
    ...(subject.destination === null ? [] : [["writing", writing(subject)] as const])
  ]
  for (const [what, doing] of doings) {
    const site = yield* openSite(subject)
    yield* load(site.store, site.merchant, townspeople)
    const run = (other: Partial<Site>) =>
      whileTimePasses(
        doing({ ...site, ...other }, other.fetch ?? site.fetch).pipe(Effect.provide(watching(newSeen())))
      )
    const wrong = { ...site.caller, secret: `tb_${"wrong".padEnd(43, "0")}` }
    const refused: ReadonlyArray<Reason> = ["Unauthorized", "Refused"]
    assertReason(subject, yield* run({ caller: wrong }), refused, `${what} with a wrong secret`)
    const weak = yield* makeCaller(subject, site.store, site.merchant, { scopes: [], login: "weak" })
    assertReason(subject, yield* run({ caller: weak }), refused, `${what} without the right to`)
    yield* Context.get(site.store, Credentials).revoke(site.caller.id as CredentialId)
    assertReason(subject, yield* run({}), refused, `${what} with a revoked credential`)

    const store = yield* openStore(busyStore)
    const merchant = yield* makeMerchant(store, "Rose")
    const caller = yield* makeCaller(subject, store, merchant)
    const { fetch } = yield* openServer(subject, store)
    assertReason(subject, yield* run({ caller, fetch }), ["VendorFailed"], `${what} from a busy store`)
  }
})

/** Everything that was logged, traced or failed with, as text. */
const all = (seen: Seen, errors: ReadonlyArray<unknown>): string =>
  inspect(
    [
      seen.log,
      seen.spans.map(({ attributes, events, name, status }) => [
        name,
        [...attributes],
        events,
        // No exporter writes a success's value.
        status._tag === "Ended" && Exit.isFailure(status.exit) ? Cause.pretty(status.exit.cause) : null
      ]),
      errors
    ],
    { depth: 12, maxStringLength: null, maxArrayLength: null, showHidden: true }
  )

/** Answers that throw the caller's own secrets back. */
const echoes = (secrets: () => ReadonlyArray<string>): ReadonlyArray<BadAnswer> =>
  [200, 302, 400, 401, 500].map((status) => ({
    title: `${status}`,
    reasons: [],
    make: () => {
      const text = `refused: ${secrets().join(" ")}`
      const headers = {
        "content-type": "text/plain",
        "x-echo": "1",
        location: `/?${encodeURIComponent(text)}`
      }
      return Promise.resolve(new Response(text, { status, headers }))
    }
  }))

const secretsStaySecret = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const paths = yield* signInPaths(subject, site)
  const proof = yield* proofOf(subject, site.send, site.caller)
  const secrets = new Set([site.caller.secret])
  /** What the client sent as its proof is as good as the secret itself. */
  const note = (request: Request) => {
    for (const name of Object.keys(proof.headers ?? {})) {
      const value = request.headers.get(name)
      if (value !== null) for (const part of value.split(/[\s;=,]+/)) if (part.length > 15) secrets.add(part)
    }
  }
  const seen = newSeen()
  const errors: Array<unknown> = []
  const doings = [reading(subject), ...(subject.destination === null ? [] : [writing(subject)])]
  for (const doing of doings) {
    for (const bad of [good, ...echoes(() => [...secrets])]) {
      const way = between(site, paths, 1, bad)
      const fetch: Answering = (request, quiet) => {
        note(request)
        return way.fetch(request, quiet)
      }
      const exit = yield* whileTimePasses(
        Effect.tapError(doing(site, fetch), (error) => Effect.logError("failed", error)).pipe(
          Effect.provide(watching(seen))
        )
      )
      if (Exit.isFailure(exit)) {
        const error = failureOf(exit, `an answer ${bad.title} that repeats the secret`)
        errors.push(error, error.message, error.stack, JSON.stringify(error), Cause.pretty(exit.cause))
      }
    }
  }
  assert.isAbove(seen.spans.length, 0, "nothing was traced")
  const told = [all(seen, errors), all(site.seen, [])].join("\n")
  for (const secret of secrets) {
    for (const form of new Set([secret, encodeURIComponent(secret)])) {
      const lines = told.split("\n").filter((line) => line.includes(form))
      assert.deepStrictEqual(lines.slice(0, 3), [], "a secret is in a log line, a span or an error")
    }
  }
})

export const vendorCases = (): DialectCapability => ({
  name: "when the vendor answers badly",
  cases: [
    promise(
      "to a reader every bad answer is an error with its reason, at whichever request it comes",
      (subject) => each(subject, reading(subject), true)
    ),
    promise(
      "to a writer every bad answer is an error with its reason, at whichever request it comes",
      (subject) => each(subject, writing(subject), false),
      takesNoWrites
    ),
    promise("what the vendor refuses in its own envelope is an error and no empty success", refusals),
    promise(
      "no secret is in a log line, a span or an error, even when the vendor repeats it",
      secretsStaySecret
    )
  ]
})
