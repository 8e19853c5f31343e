/** Promises about HTTP: methods, headers, prefetches, and requests that are too long, broken or ambiguous. */
import { assert } from "@effect/vitest"
import { MAX_BODY_BYTES } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { assertRefused, type DialectCapability, promise, refusalOf, shown } from "./DialectCase.ts"
import { load, townspeople } from "./DialectRecords.ts"
import { openSite, proofOf, type Site, withAuth } from "./DialectSite.ts"
import type { Subject, WireAnswer, WireCall, WireRequest } from "./DialectSubject.ts"

/** A site with records, the request of a call about the first of them, and its proof. */
const ready = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const site = yield* openSite(subject)
  const [about] = yield* load(site.store, site.merchant, townspeople)
  const auth = yield* proofOf(subject, site.send, site.caller)
  return { site, auth, about: about!, good: call.request(about!) }
})

const eachCall = (
  subject: Subject,
  calls: (call: WireCall) => boolean,
  body: (call: WireCall) => Effect.Effect<void, unknown, Scope.Scope>
) => Effect.forEach(subject.wire.calls.filter(calls), (call) => Effect.scoped(body(call)), { discard: true })

const any = () => true
const writes = ({ needs }: WireCall) => needs === "write" || needs === "balance"

const unchanged = Effect.fnUntraced(function* <E, R>(
  { everything }: Site,
  what: string,
  body: Effect.Effect<void, E, R>
) {
  const before = yield* everything
  yield* body
  assert.deepStrictEqual(yield* everything, before, `${what} changed something`)
})

const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"]

const wrongVerbs = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  for (const method of verbs) {
    if (call.methods.includes(method)) continue
    const what = `${method} ${call.name}`
    const { body, ...rest } = withAuth(good, auth)
    const request = {
      ...rest,
      ...(method === "GET" || body === undefined ? {} : { body }),
      method,
      headers: { ...rest.headers, "x-http-method-override": good.method }
    }
    yield* unchanged(
      site,
      what,
      Effect.map(site.send(request), (answer) => {
        assert.strictEqual(answer.status, 405, `${what}: ${shown(answer)}`)
        assertRefused(subject, answer, what)
        const allowed = (answer.headers["allow"] ?? "").split(",").map((name) => name.trim())
        assert.deepStrictEqual(allowed.sort(), [...call.methods].sort(), `${what}: Allow`)
      })
    )
  }
})

const prefetches: ReadonlyArray<Readonly<Record<string, string>>> = [
  { purpose: "prefetch" },
  { "sec-purpose": "prefetch;prerender" },
  { "x-moz": "prefetch" }
]

const lookingOnly = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  const request = withAuth(good, auth)
  const { body: _, ...bare } = request
  for (const method of ["HEAD", "OPTIONS"]) {
    yield* unchanged(site, `${method} ${call.name}`, Effect.asVoid(site.send({ ...bare, method })))
  }
  for (const headers of prefetches) {
    const what = `${call.name} as a prefetch (${JSON.stringify(headers)})`
    const asked = { ...request, headers: { ...request.headers, ...headers } }
    yield* unchanged(
      site,
      what,
      Effect.map(site.send(asked), (answer) => assertRefused(subject, answer, what))
    )
  }
})

const assertHeaders = ({ headers, text, status }: WireAnswer, what: string) => {
  const said = `${what} (${status})`
  assert.include(headers["cache-control"] ?? "", "no-store", `${said}: cache-control`)
  assert.strictEqual(headers["x-content-type-options"], "nosniff", `${said}: x-content-type-options`)
  assert.isUndefined(headers["access-control-allow-credentials"], `${said}: credentials for other origins`)
  assert.include([undefined, "*"], headers["access-control-allow-origin"], `${said}: allowed origins`)
  if (text !== "") assert.isDefined(headers["content-type"], `${said}: content-type`)
}

/** Good requests, bad ones and those of a browser at another origin. */
const tour = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  const request = withAuth(good, auth)
  const { body: _, ...bare } = request
  const origin = { origin: "https://elsewhere.test", "access-control-request-method": good.method }
  const path = good.target.split("?")[0]!
  const asked: ReadonlyArray<readonly [string, WireRequest]> = [
    ["without a credential", good],
    ["HEAD", { ...bare, method: "HEAD" }],
    ["OPTIONS", { ...bare, method: "OPTIONS", headers: { ...request.headers, ...origin } }],
    ["a wrong verb", { ...bare, method: "PATCH" }],
    ["a path below it", { ...request, target: `${path}/nothing/here` }],
    [
      "a query that is not UTF-8",
      { ...request, target: `${request.target}${request.target.includes("?") ? "&" : "?"}%FF` }
    ],
    ["a good request from elsewhere", { ...request, headers: { ...request.headers, ...origin } }]
  ]
  for (const [what, one] of asked) {
    assertHeaders(yield* site.send(one), `${call.name}: ${what}`)
  }
})

const refusedUnchanged = (
  subject: Subject,
  site: Site,
  request: WireRequest,
  what: string,
  status?: number
) =>
  unchanged(
    site,
    what,
    Effect.map(site.send(request), (answer) => {
      assertRefused(subject, answer, what)
      if (status !== undefined) assert.strictEqual(answer.status, status, `${what}: ${shown(answer)}`)
    })
  )

const bytesOf = (body: WireRequest["body"]) =>
  typeof body === "string" ? new TextEncoder().encode(body) : (body ?? new Uint8Array())

const padded = (body: WireRequest["body"], more: ReadonlyArray<number> | Uint8Array) => {
  const bytes = bytesOf(body)
  const out = new Uint8Array(bytes.length + more.length)
  out.set(bytes)
  out.set(more, bytes.length)
  return out
}

const brokenBodies = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  const request = withAuth(good, auth)
  const tooLong = { ...request, body: padded(request.body, new Uint8Array(MAX_BODY_BYTES + 1).fill(0x61)) }
  yield* refusedUnchanged(subject, site, tooLong, `${call.name}: a body of more than 64 KiB`, 413)
  const notUtf8 = { ...request, body: padded(request.body, [0x61, 0xff, 0x61]) }
  yield* refusedUnchanged(subject, site, notUtf8, `${call.name}: a body that is not UTF-8`)
})

/** The request with a parameter said once more wherever it stands; `null` where it does not. */
const saidTwice = (request: WireRequest, name: string): WireRequest | null => {
  const [path, query = ""] = request.target.split("?")
  const value = new URLSearchParams(query).get(name)
  if (value !== null) {
    return { ...request, target: `${path}?${query}&${name}=${encodeURIComponent(value)}` }
  }
  if (typeof request.body !== "string") return null
  const type = request.headers?.["content-type"] ?? ""
  if (type.includes("json")) {
    const member = (JSON.parse(request.body) as Readonly<Record<string, unknown>>)[name]
    if (member === undefined) return null
    return {
      ...request,
      body: request.body.replace("{", `{${JSON.stringify(name)}:${JSON.stringify(member)},`)
    }
  }
  const field = new URLSearchParams(request.body).get(name)
  return field === null ? null : { ...request, body: `${request.body}&${name}=${encodeURIComponent(field)}` }
}

const ambiguous = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  const names = [...(call.identities ?? []), ...Object.keys(auth.query ?? {})]
  for (const name of names) {
    const twice = saidTwice(withAuth(good, auth), name)
    if (twice !== null) yield* refusedUnchanged(subject, site, twice, `${call.name}: ${name} said twice`)
  }
})

const brokenQueries = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const { auth, good, site } = yield* ready(subject, call)
  const request = withAuth(good, auth)
  if (!request.target.includes("?")) return
  for (const part of ["x=%FF", "x=%C0%AF", "x=%ED%A0%80"]) {
    const what = `${call.name}: ${part} in the query`
    yield* refusedUnchanged(subject, site, { ...request, target: `${request.target}&${part}` }, what)
  }
  const odd = yield* site.send({ ...request, target: `${request.target}&__proto__=1&constructor=2` })
  refusalOf(subject, odd, `${call.name}: names that every object has`)
})

export const httpCases = (): DialectCapability => ({
  name: "HTTP",
  cases: [
    promise(
      "a wrong method is 405 with Allow, in the envelope, whatever an override header says",
      (subject) => eachCall(subject, any, (call) => wrongVerbs(subject, call))
    ),
    promise("HEAD, OPTIONS and a prefetch never change anything", (subject) =>
      eachCall(subject, writes, (call) => lookingOnly(subject, call))
    ),
    promise(
      "every answer is no-store and nosniff, and opens nothing to other origins with credentials",
      (subject) => eachCall(subject, any, (call) => tour(subject, call))
    ),
    promise(
      "a body that is too long is 413 and one that is not UTF-8 is refused, in the envelope",
      (subject) =>
        eachCall(
          subject,
          (call) => call.methods.includes("POST"),
          (call) => brokenBodies(subject, { ...call, request: (about) => asPost(call.request(about)) })
        )
    ),
    promise("a query that is not UTF-8 is refused, in the envelope", (subject) =>
      eachCall(subject, any, (call) => brokenQueries(subject, call))
    ),
    promise(
      "a parameter that says who is meant or who is asking is refused when it is said twice",
      (subject) => eachCall(subject, any, (call) => ambiguous(subject, call))
    )
  ]
})

/** A request that has no body yet, as a form of nothing. */
const asPost = (request: WireRequest): WireRequest =>
  request.body === undefined
    ? {
        ...request,
        method: "POST",
        headers: { ...request.headers, "content-type": "application/x-www-form-urlencoded" },
        body: ""
      }
    : request
