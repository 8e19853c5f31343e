/** The tables of what went wrong on the way to a vendor, and of the reason that stands for it. */
import { assert, describe, it } from "@effect/vitest"
import { type BrokenExchange, reasonOfBroken, reasonOfStatus, type SourceFailure } from "../src/index.ts"

const plain = ({ _tag, ...fields }: SourceFailure) => {
  const { isRetryable, ...rest } = fields as typeof fields & { readonly isRetryable: boolean }
  return [_tag, isRetryable, JSON.parse(JSON.stringify(rest)) as object]
}

const refused = (status: number) => ["Refused", false, { detail: `HTTP ${status}` }] as const
const redirect = (status: number) =>
  ["Malformed", false, { detail: `redirect (HTTP ${status}) is not followed` }] as const
const unauthorized = (status: number) => ["Unauthorized", false, { detail: `HTTP ${status}` }] as const

const statuses: ReadonlyArray<
  readonly [number, number | undefined, readonly [string, boolean, Readonly<Record<string, unknown>>]]
> = [
  [300, undefined, redirect(300)],
  [302, 5_000, redirect(302)],
  [399, undefined, redirect(399)],
  [400, undefined, refused(400)],
  [401, undefined, unauthorized(401)],
  [402, undefined, refused(402)],
  [403, 1_000, unauthorized(403)],
  [404, 1_000, refused(404)],
  [408, undefined, ["VendorFailed", true, { status: 408 }]],
  [429, undefined, ["RateLimited", true, {}]],
  [429, 0, ["RateLimited", true, { retryAfterMillis: 0 }]],
  [429, 7_500, ["RateLimited", true, { retryAfterMillis: 7_500 }]],
  [499, undefined, refused(499)],
  [500, undefined, ["VendorFailed", true, { status: 500 }]],
  [503, 120_000, ["VendorFailed", true, { status: 503, retryAfterMillis: 120_000 }]],
  [599, undefined, ["VendorFailed", true, { status: 599 }]],
  [101, undefined, refused(101)]
]

const broken: ReadonlyArray<readonly [BrokenExchange["kind"], ReturnType<typeof plain>]> = [
  ["unreachable", ["Unreachable", true, { detail: "no connection" }]],
  ["timeout", ["TimedOut", true, { millis: 1_500 }]],
  ["malformed", ["Malformed", false, { detail: "no connection" }]]
]

describe("the reason", () => {
  for (const [status, retryAfterMillis, expected] of statuses) {
    const wait = retryAfterMillis === undefined ? "" : `, to be asked again in ${retryAfterMillis} ms`
    it(`of HTTP ${status}${wait} is ${expected[0]}`, () =>
      assert.deepStrictEqual<unknown>(plain(reasonOfStatus(status, retryAfterMillis)), expected))
  }
  for (const [kind, expected] of broken) {
    it(`of an exchange that ended as ${kind} is ${String(expected[0])}`, () =>
      assert.deepStrictEqual<unknown>(
        plain(reasonOfBroken({ kind, detail: "no connection", millis: 1_500 })),
        expected
      ))
  }
})
