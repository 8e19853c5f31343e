/** When something inside breaks, when there is too much to do, and what was stored to break others. */
import { DatabaseSync } from "node:sqlite"
import { XMLValidator } from "fast-xml-parser"
import { assert } from "vitest"
import { eventually } from "../support.ts"
import { alike, type Check, type Row } from "./rows.ts"
import { callers, type DialectId, HOSTILE, MARK } from "./shop.ts"
import { periodAsk, seen, voices } from "./voices.ts"
import { onOneServer } from "./transport.ts"
import { type Ask, send } from "./wire.ts"

const { alpha } = callers

const inside =
  /sqlite|SQL|select |no such table|customers?\b.*\btable|at .*\.ts|Error:|node:|effect|\/work\/|\/tmp\//i

/** The tables go away under the running server. */
const broken = onOneServer(
  {},
  async (dialect, server, file) => {
    const { errorOf, everyone } = voices[dialect]
    const ask = (one: Ask) => send(server.port, one)
    await seen(ask, dialect, alpha)
    const rename = (from: string, to: string) => {
      const database = new DatabaseSync(file)
      database.exec("PRAGMA foreign_keys = OFF")
      for (const table of ["cards", "customers"])
        database.exec(`ALTER TABLE ${from}${table} RENAME TO ${to}${table}`)
      database.close()
    }
    rename("", "CANARY_")
    try {
      const told = await ask(everyone(alpha))
      assert.isAtLeast(told.status, 500)
      assert.isNotEmpty(errorOf(told))
      assert.notMatch(told.text, inside)
      assert.notInclude(told.text, "CANARY")
      const id = told.headers["x-request-id"]
      assert.isNotEmpty(id)
      await eventually(() => server.stderr().includes(`"id":"${id}"`), "its line in the log")
      assert.notInclude(server.stderr(), alpha.key)
      assert.strictEqual((await ask({ path: "/healthz" })).status, 200)
    } finally {
      rename("CANARY_", "")
    }
    // Nobody has to start it again.
    await seen(ask, dialect, alpha)
  },
  { loggedIn: true }
)

// Nothing may wait at all, so that everything is too much.
const overload = onOneServer({ lag: 0 }, async (dialect, server) => {
  const { anonymous, errorOf } = voices[dialect]
  let told = await send(server.port, anonymous)
  await eventually(async () => (told = await send(server.port, anonymous)).status === 503, "refused")
  assert.match(told.headers["retry-after"] ?? "", /^[1-9]\d*$/)
  assert.strictEqual(told.headers["cache-control"], "no-store")
  assert.isNotEmpty(errorOf(told))
  for (const plain of ["/healthz", "/readyz", "/metrics"])
    assert.strictEqual((await send(server.port, { path: plain })).status, 200)
})

/** Alpha's customer 4 and the type of his card have names that are meant for whoever shows them. */
const storedAttack =
  (dialect: DialectId): Check =>
  async ({ send: ask }) => {
    const xmlOf = (one: Ask): Ask => {
      if (dialect === "virtpos") return { ...one, path: one.path.replace("format=json", "format=xml") }
      return dialect === "polaris" ? { ...one, path: one.path.replace("output=json", "output=xml") } : one
    }
    const everyone = voices[dialect].everyone(alpha)
    const json = await ask(everyone)
    JSON.parse(json.text)
    assert.notMatch(json.text, /[\u0000-\u0009\u000b-\u001f]/)
    assert.include(json.text, JSON.stringify(HOSTILE).slice(1, -1))
    if (dialect === "megawin") return
    const xml =
      dialect === "lcmanager"
        ? await ask(
            periodAsk({ BegDate: "2000-01-01", EndDate: "2100-01-01", Registration: true }, alpha, {
              Accept: "application/xml"
            })
          )
        : await ask(xmlOf(everyone))
    assert.match(xml.headers["content-type"] ?? "", /xml/)
    assert.isTrue(XMLValidator.validate(xml.text))
    // eslint-disable-next-line no-control-regex
    assert.notMatch(xml.text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
    assert.notInclude(xml.text, "<script")
    assert.notInclude(xml.text, "]]>")
    assert.include(xml.text, MARK)
    assert.notInclude(json.headers["content-type"] ?? "", "html")
  }

export const failureRows: ReadonlyArray<Row> = [
  { number: 17, misuse: "a stored attack on whoever reads", checks: alike(storedAttack) },
  { number: 21, misuse: "a failure inside", checks: broken },
  { number: 22, misuse: "more than can be answered", checks: overload }
]
