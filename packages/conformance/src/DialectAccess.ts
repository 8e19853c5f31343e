/** Promises about who may do what: credentials, rights, and that merchants never see each other. */
import { assert } from "@effect/vitest"
import { Credentials, type CredentialId } from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { assertRefused, type DialectCapability, promise, refusalOf, shown } from "./DialectCase.ts"
import { foreigners, foreignMark, load, townspeople } from "./DialectRecords.ts"
import {
  type Caller,
  everythingOf,
  makeCaller,
  makeMerchant,
  noon,
  openServer,
  openSite,
  openStore,
  proofOf,
  type Site,
  withAuth
} from "./DialectSite.ts"
import type { SignedIn, Subject, WireAnswer, WireAuth, WireCall, WireRequest } from "./DialectSubject.ts"

/** A key in the form of those that are generated, which nobody was given. */
const strangersSecret = (index = 0) => `tb_${`stranger${index}`.padEnd(43, "0")}`

const isClosed = ({ needs }: WireCall) => needs !== null

/** A proof with one character of each of its values changed: one that was never given out. */
const forged = (auth: WireAuth): WireAuth => {
  const change = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const at = Math.max(0, value.length - 8)
        return [name, `${value.slice(0, at)}${value[at] === "x" ? "y" : "x"}${value.slice(at + 1)}`]
      })
    )
  return { query: change(auth.query), headers: change(auth.headers) }
}

const sameAnswers = (answers: ReadonlyArray<readonly [what: string, answer: WireAnswer]>, call: string) => {
  const [first, ...others] = answers
  for (const [what, answer] of others)
    assert.deepStrictEqual(answer, first![1], `${call}: ${what} is told apart from ${first![0]}`)
}

/** Everything that a stranger must not learn. */
const secretsOf = ({ caller, merchant }: Site): ReadonlyArray<string> => [
  caller.secret,
  merchant.name,
  ...(townspeople.customers ?? []).flatMap(({ email, firstName }) => [firstName ?? "", email ?? ""])
]

const assertSilent = (site: Site, answer: WireAnswer, what: string) => {
  const all = JSON.stringify([answer.headers, answer.text])
  for (const secret of secretsOf(site)) {
    if (secret !== "" && all.includes(secret)) assert.fail(`${what}: tells "${secret}": ${shown(answer)}`)
  }
}

/** Wrong callers at one call: those who come so far get the same refusal, and so do those who cannot sign in. */
const strangers = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const site = yield* openSite(subject)
  const { caller, merchant, send, store } = site
  const [about] = yield* load(store, merchant, townspeople)
  const request = call.request(about!)
  const revoked = yield* makeCaller(subject, store, merchant, { login: "revoked" })
  const elsewhere = yield* makeCaller(subject, store, merchant, {
    dialect: `${subject.dialect.id}-2`,
    login: "x"
  })
  const before = yield* site.everything
  const auth = yield* proofOf(subject, send, caller)
  const heldByRevoked = yield* proofOf(subject, send, revoked)
  yield* Context.get(store, Credentials).revoke(revoked.id as CredentialId)

  const atCall: Array<readonly [string, WireAnswer]> = []
  const atSignIn: Array<readonly [string, WireAnswer]> = []
  const come = Effect.fnUntraced(function* (what: string, signedIn: SignedIn) {
    if ("refused" in signedIn) atSignIn.push([what, signedIn.refused])
    else atCall.push([what, yield* send(withAuth(request, signedIn.auth))])
  })
  const wrong: Pick<Caller, "login" | "secret"> = { login: caller.login, secret: strangersSecret() }
  yield* come("a forged proof", { auth: forged(auth) })
  yield* come("a proof whose credential was revoked", { auth: heldByRevoked })
  yield* come("no credential", { auth: {} })
  yield* come("a wrong secret", yield* subject.wire.signIn(send, wrong))
  yield* come("a revoked credential", yield* subject.wire.signIn(send, revoked))
  yield* come("another dialect's credential", yield* subject.wire.signIn(send, elsewhere))
  if (caller.login !== null) {
    yield* come("a wrong login", yield* subject.wire.signIn(send, { ...caller, login: "nobody" }))
  }
  for (const [what, answer] of [...atCall, ...atSignIn]) {
    assertRefused(subject, answer, `${call.name} with ${what}`)
    assertSilent(site, answer, `${call.name} with ${what}`)
  }
  sameAnswers(atCall, call.name)
  sameAnswers(atSignIn, "signing in")
  assert.deepStrictEqual(yield* site.everything, before, `${call.name}: a stranger changed something`)
})

const withoutRight = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  const site = yield* openSite(subject)
  const { merchant, send, store } = site
  const [about] = yield* load(store, merchant, townspeople)
  const before = yield* site.everything
  const scopes = call.needs === "read" ? [] : (["read"] as const)
  const weak = yield* makeCaller(subject, store, merchant, { scopes, login: "weak" })
  const signedIn = yield* subject.wire.signIn(send, weak)
  const answer =
    "refused" in signedIn ? signedIn.refused : yield* send(withAuth(call.request(about!), signedIn.auth))
  assertRefused(subject, answer, `${call.name} without the right ${call.needs}`)
  assertSilent(site, answer, `${call.name} without the right ${call.needs}`)
  assert.deepStrictEqual(yield* site.everything, before, `${call.name} changed something without the right`)
})

/** A server of two merchants; the second has records or not. */
const besideAnother = Effect.fnUntraced(function* (subject: Subject, hasRecords: boolean) {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const other = yield* makeMerchant(store, foreignMark)
  const own = yield* load(store, merchant, townspeople)
  const foreign = hasRecords ? yield* load(store, other, foreigners) : []
  const { send } = yield* openServer(subject, store)
  const auth = yield* proofOf(subject, send, yield* makeCaller(subject, store, merchant))
  return {
    own,
    foreign,
    ask: (request: WireRequest) => send(withAuth(request, auth)),
    everything: everythingOf(store, merchant),
    foreignThings: everythingOf(store, other)
  }
})

/** Asks two servers the same, one of which has another merchant's records: nobody can tell which. */
const apart = Effect.fnUntraced(function* (subject: Subject) {
  yield* TestClock.setTime(noon)
  const beside = yield* besideAnother(subject, true)
  const alone = yield* besideAnother(subject, false)
  const before = yield* beside.foreignThings
  const steady = subject.wire.steady ?? ((body: string) => body)
  const ask = Effect.fnUntraced(function* (what: string, request: WireRequest) {
    const [told, expected] = [yield* beside.ask(request), yield* alone.ask(request)]
    refusalOf(subject, told, what)
    assert.deepStrictEqual(
      { ...told, text: steady(told.text) },
      { ...expected, text: steady(expected.text) },
      `${what} (${request.target}) tells that another merchant has such a record`
    )
    assert.notInclude(told.text, foreignMark, what)
  })
  for (const about of beside.foreign) {
    for (const { name, request } of subject.wire.filters) {
      const asking = request(about)
      if (asking !== null) yield* ask(`the filter ${name}`, asking)
    }
    for (const call of subject.wire.calls.filter(isClosed)) yield* ask(call.name, call.request(about))
  }
  for (const [index, about] of beside.own.entries()) {
    // An own customer together with another merchant's card.
    const mixed = { customer: about.customer, cards: beside.foreign[index]!.cards }
    for (const call of subject.wire.calls.filter(isClosed)) yield* ask(call.name, call.request(mixed))
  }
  assert.deepStrictEqual(yield* beside.foreignThings, before, "another merchant's records were changed")
  assert.deepStrictEqual(yield* beside.everything, yield* alone.everything, "what was stored differs")
})

const mostFailures = 300

/** Tries wrong secrets until the server has had enough; the answer that says so. */
const tooMany = Effect.fnUntraced(function* (subject: Subject, { caller, send }: Site, request: WireRequest) {
  for (let index = 1; index <= mostFailures; index++) {
    const signedIn = yield* subject.wire.signIn(send, { ...caller, secret: strangersSecret(index) })
    const answer = "refused" in signedIn ? signedIn.refused : yield* send(withAuth(request, signedIn.auth))
    assertRefused(subject, answer, `wrong secret number ${index}`)
    if (answer.status === 429) return answer
  }
  return assert.fail(`${mostFailures} wrong secrets in a row were never answered with 429`)
})

export const accessCases = (): DialectCapability => ({
  name: "who may do what",
  cases: [
    promise(
      "no credential, a forged, a wrong, a revoked and another dialect's are refused alike and learn nothing",
      (subject) =>
        Effect.forEach(
          subject.wire.calls.filter(isClosed),
          (call) => Effect.scoped(strangers(subject, call)),
          { discard: true }
        )
    ),
    promise("a credential without the right that a call needs is refused", (subject) =>
      Effect.forEach(
        subject.wire.calls.filter(isClosed),
        (call) => Effect.scoped(withoutRight(subject, call)),
        { discard: true }
      )
    ),
    promise("another merchant's records answer as if they had never existed, and are not touched", apart),
    promise(
      "after many wrong secrets the answer is 429 with Retry-After, and after that wait a good one works",
      (subject) =>
        Effect.gen(function* () {
          const site = yield* openSite(subject)
          const [about] = yield* load(site.store, site.merchant, townspeople)
          const request = subject.wire.calls.find(({ needs }) => needs === "read")!.request(about!)
          const answer = yield* tooMany(subject, site, request)
          const wait = answer.headers["retry-after"] ?? ""
          assert.match(wait, /^[1-9][0-9]*$/, `429 without Retry-After in whole seconds: ${shown(answer)}`)
          yield* TestClock.adjust(`${Number(wait)} seconds`)
          assert.strictEqual((yield* site.ask(request)).status, 200)
        })
    )
  ]
})
