import { assert, describe, it } from "@effect/vitest"
import { makeAttempts, networkOf } from "../src/Attempts.ts"

const attempt = (from: string | null, login: string | null = null, dialect = "till") => ({
  dialect,
  login,
  from
})

/** How many failures are taken before the next try has to wait. */
const failuresUntilWait = (
  attempts: ReturnType<typeof makeAttempts>,
  of: Parameters<ReturnType<typeof makeAttempts>["failed"]>[0],
  now: number
) => {
  let count = 0
  for (; attempts.wait(of, now) === 0; count++) attempts.failed(of, now)
  return count
}

describe("the network of an address", () => {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["::ffff:255.254.1.0", "255.254.1.0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2"],
    ["2001:db8:1:3::1", "2001:db8:1:3"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["fe80::2%eth1", "fe80:0:0:0"],
    ["/run/tillbridge.sock", "/run/tillbridge.sock"],
    ["", ""]
  ]
  for (const [address, network] of rows) {
    it(`${address || "of no text"} is ${network || "no text"}`, () =>
      assert.strictEqual(networkOf(address), network))
  }

  it("of a text that is no address stays short", () => assert.lengthOf(networkOf("x".repeat(100_000)), 64))
})

describe("the counts of failed proofs", () => {
  it("are shared by the addresses of one IPv6 network and by both forms of an IPv4 address", () => {
    const attempts = makeAttempts()
    for (let n = 0; n < 10; n++) attempts.failed(attempt(`2001:db8::${n.toString(16)}`), 0)
    assert.strictEqual(attempts.wait(attempt("2001:db8::ffff"), 0), 6_000)
    assert.strictEqual(attempts.wait(attempt("2001:db8:0:1::ffff"), 0), 0)
    for (let n = 0; n < 10; n++) attempts.failed(attempt(n % 2 ? "::ffff:192.0.2.1" : "192.0.2.1"), 0)
    assert.strictEqual(attempts.wait(attempt("192.0.2.1"), 0), 6_000)
  })

  it("tell the longer wait of address and login", () => {
    const attempts = makeAttempts()
    for (let n = 0; n < 20; n++) attempts.failed(attempt("192.0.2.1", "anna"), 0)
    assert.strictEqual(attempts.wait(attempt("192.0.2.1", "anna"), 0), 45_000)
    assert.strictEqual(attempts.wait(attempt("192.0.2.1", "boris"), 0), 6_000)
    assert.strictEqual(attempts.wait(attempt("192.0.2.2", "anna"), 0), 45_000)
    assert.strictEqual(attempts.wait(attempt("192.0.2.2", "boris"), 0), 0)
    assert.strictEqual(attempts.wait(attempt("192.0.2.2", "anna", "another"), 0), 0)
  })

  it("are of 10,000 addresses and 10,000 logins at most, however many come", () => {
    const attempts = makeAttempts()
    for (let n = 0; n < 60_000; n++) {
      const from = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
      attempts.failed(attempt(from, `login ${n}`), n)
      assert.isAtMost(attempts.size(), 20_000)
    }
    assert.strictEqual(attempts.size(), 20_000)
    const looked = attempts.size()
    for (let n = 0; n < 1_000; n++) attempts.wait(attempt(`172.16.0.${n % 256}`, `other ${n}`), 60_000)
    assert.strictEqual(attempts.size(), looked, "who only asks is not remembered")
  })

  it("forget the least recently used first: one that goes on trying is kept", () => {
    const attempts = makeAttempts()
    const [busy, quiet] = [attempt("192.0.2.1"), attempt("192.0.2.2")]
    for (const one of [busy, quiet]) failuresUntilWait(attempts, one, 0)
    for (let n = 0; n < 15_000; n++) {
      attempts.failed(attempt(`10.0.${n >> 8}.${n & 255}`), 0)
      if (n % 1_000 === 0) assert.strictEqual(attempts.wait(busy, 0), 6_000)
    }
    assert.strictEqual(attempts.wait(busy, 0), 6_000)
    assert.strictEqual(attempts.wait(quiet, 0), 0)
  })

  it("keep nothing of a login longer than any there is", () => {
    const attempts = makeAttempts()
    for (let n = 0; n < 100; n++) attempts.failed(attempt(null, "x".repeat(1_001)), 0)
    assert.strictEqual(attempts.size(), 0)
    assert.strictEqual(failuresUntilWait(attempts, attempt(null, "x".repeat(1_000)), 0), 20)
  })

  it("never make anybody wait longer than one interval, also when the clock was set back", () => {
    const attempts = makeAttempts()
    const one = attempt("192.0.2.1", "anna")
    for (let n = 0; n < 1_000; n++) attempts.failed(one, 1_000_000_000)
    assert.strictEqual(attempts.wait(one, 1_000_000_000), 45_000)
    assert.strictEqual(attempts.wait(one, 0), 45_000)
    assert.strictEqual(attempts.wait(one, 1_000_045_000), 0)
  })
})
