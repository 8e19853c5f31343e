/** What a caller may not set, and what never gets out. */
import { assert } from "vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { alike, type Row } from "./rows.ts"
import { callers, MARK } from "./shop.ts"
import { loginAsk, periodAsk, tokenOf, voices } from "./voices.ts"
import { type Ask, basic, form, formHeaders, get, jsonHeaders } from "./wire.ts"

const { alpha, beta, reader } = callers

/** Fields that a caller may not set, and how to read the record back. */
const massAssignment: Row = {
  number: 13,
  misuse: "fields that are not the caller's to set",
  checks: {
    virtpos: async ({ send }) => {
      const read = async () =>
        (
          JSON.parse((await send(voices.virtpos.customer("1", alpha))).text) as {
            customers: [Record<string, unknown>]
          }
        ).customers[0]
      const before = await read()
      const set = (fields: Readonly<Record<string, string>>) =>
        send(get(`/api/customer/update?${form({ apikey: alpha.key, id: "1", format: "json", ...fields })}`))
      assert.match(voices.virtpos.errorOf(await set({ age: "30" })), /age/)
      assert.match(voices.virtpos.errorOf(await set({ accumulated_sales: "1000000" })), /accumulated_sales/)
      await set({
        created_by: "99",
        created_date: "2001-01-01 00:00:00",
        last_update_by: "99",
        last_update_date: "2001-01-01 00:00:00",
        tenant_id: "2",
        merchant_id: "2",
        version: "9"
      })
      const { last_update_by: _, last_update_date: _date, ...after } = await read()
      assert.deepInclude(before, after)
      const refused = await send(
        get(`/api/customer/update?${form({ apikey: reader.key, id: "1", fname: "X", format: "json" })}`)
      )
      assert.match(voices.virtpos.errorOf(refused), /may not change/)
    },
    polaris: async ({ send }) => {
      const read = async () => (await send(voices.polaris.customer("2", alpha))).text
      const before = await read()
      const put = (record: object, who = alpha) =>
        send({
          method: "POST",
          path: "/core/api/Client.PutClient",
          headers: { ...formHeaders, Authorization: basic(who.login, who.key) },
          body: form({ CodeMagasin: "1", output: "json", InfoClient: JSON.stringify(record) })
        })
      await put({
        IDClient: 2,
        DateModification: "2001-01-01T00:00:00",
        merchant: 2,
        tenant_id: 2,
        version: 9,
        CumulVentes: 1_000_000
      })
      assert.strictEqual(stripped(await read()), stripped(before))
      assert.match(voices.polaris.errorOf(await put({ IDClient: 2, Nom: "X" }, reader)), /NotPermitted/)
      assert.strictEqual(stripped(await read()), stripped(before))
    },
    lcmanager: async ({ send }) => {
      const plain = await send(voices.lcmanager.everyone(alpha))
      const more = await send(
        periodAsk(
          {
            BegDate: "2000-01-01T00:00:00",
            EndDate: "2100-01-01T00:00:00",
            Registration: true,
            Clients: [{ Client: 1, Card: 9 }],
            ErrorCode: 5,
            oper: 2
          },
          alpha
        )
      )
      assert.strictEqual(more.text, plain.text)
    },
    megawin: async ({ send }) => {
      const read = async () => (await send(voices.megawin.customer("Alpha2", alpha))).text
      const before = await read()
      const told = await send({
        method: "POST",
        path: `/customer/update?apikey=${alpha.key}`,
        headers: jsonHeaders,
        body: JSON.stringify({
          id_client: "Alpha2",
          clcleunik: undefined,
          login: "admin",
          password: "CANARY-password",
          customerNumber: "1",
          groupePrice: "VIP",
          addedDate: "2001-01-01",
          merchant: 2
        })
      })
      assert.include(told.text, `"success":"true"`)
      assert.strictEqual(await read(), before)
      const refused = await send({
        method: "POST",
        path: `/customer/update?apikey=${reader.key}`,
        headers: jsonHeaders,
        body: `{"id_client":"Alpha2","city":"X"}`
      })
      assert.match(voices.megawin.errorOf(refused), /may not change/)
    }
  }
}

/** Without the stamp of a change, and without members that nobody knows, which are kept and told as they came. */
const stripped = (text: string): string =>
  text.replace(/"DateModification":"[^"]*"|"(?:merchant|tenant_id|version|CumulVentes)":\d+,/g, "")

const everyText = (folder: string): string =>
  fs
    .readdirSync(folder)
    .map((name) => fs.readFileSync(path.join(folder, name), "latin1"))
    .join("\n")

const secrets: Row = {
  number: 14,
  misuse: "a secret is shown or kept",
  checks: {
    virtpos: async ({ send }) => {
      const told = await send(get("/api/customer?format=json&apikey=CANARY-echo&id=CANARY-echo"))
      assert.notInclude(voices.virtpos.errorOf(told), "CANARY")
    },
    polaris: async ({ send }) => {
      const told = await send(get("/core/api/ACL.Login?user=CANARY-echo&password=CANARY-echo&output=json"))
      assert.notInclude(voices.polaris.errorOf(told), "CANARY")
      assert.notMatch((await send(voices.polaris.everyone(alpha))).text, /passe|password/i)
    },
    lcmanager: async ({ send }) => {
      const told = await send(
        periodAsk({ Token: 4242424242, SiteCode: "CANARY-echo", Registration: true }, alpha)
      )
      assert.notMatch(told.text, /CANARY|4242424242/)
      const refused = await send(loginAsk({ login: "CANARY-echo", key: "CANARY-echo" }))
      assert.notInclude(refused.text, "CANARY")
    },
    megawin: async ({ folder, send, url }) => {
      for (const [target, body] of [
        ["update", { id_client: "Alpha3", password: "CANARY-password", Password: "CANARY-password" }],
        [
          "add",
          { nom: "A", prenom: "B", email: "new@example.com", denomination: "C", password: "CANARY-password" }
        ]
      ] as const) {
        const told = await send({
          method: "POST",
          path: `/customer/${target}?apikey=${beta.key}`,
          headers: jsonHeaders,
          body: JSON.stringify(target === "update" ? { ...body, id_client: "Beta3" } : body)
        })
        assert.include(told.text, `"success":"true"`)
        assert.notInclude(told.text, "CANARY")
      }
      const all = await send(voices.megawin.everyone(beta))
      const { result } = JSON.parse(all.text) as { result: { customer: ReadonlyArray<{ password: string }> } }
      const passwords = result.customer.map(({ password }) => password)
      assert.strictEqual(new Set(passwords).size, passwords.length)
      for (const password of passwords) assert.isAtLeast(password.length, 20)
      assert.notInclude(all.text, "CANARY")
      const files = everyText(folder)
      assert.notInclude(files, "CANARY-password")
      for (const password of passwords) assert.notInclude(files, password)
      const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text())
      const dropped = /^\S*password\S*(?:\{[^}]*\})? ([1-9]\d*)$/m.exec(metrics)
      assert.isNotNull(dropped, "dropped passwords are counted")
    }
  }
}

const keysInLogs: Row = {
  number: 15,
  misuse: "a key in a log line, a metric or an error",
  checks: alike((dialect) => async ({ printed, send, url }) => {
    const { anonymous } = voices[dialect]
    const [target = ""] = anonymous.path.split("?")
    const mark = `CANARY-log-${dialect}`
    const asks: ReadonlyArray<Ask> = [
      { ...anonymous, path: `${target}?apikey=${mark}&user=${mark}&password=${mark}&token=${mark}` },
      { ...anonymous, headers: { ...anonymous.headers, Authorization: `Bearer ${mark}` } },
      { ...anonymous, headers: { ...anonymous.headers, Authorization: basic(mark, mark) } },
      { ...anonymous, headers: { ...anonymous.headers, api_key: mark, Cookie: `PolarisSession=${mark}` } },
      {
        method: "POST",
        path: target,
        headers: formHeaders,
        body: `apikey=${mark}&password=${mark}&username=${mark}`
      },
      {
        method: "POST",
        path: `${target}/${dialect === "polaris" ? "ACL.Login" : ""}`,
        headers: jsonHeaders,
        body: `{"apikey":"${mark}","Token":"${mark}"`
      },
      { method: "DELETE", path: `${target}?apikey=${mark}%FF` }
    ]
    for (const ask of asks) assert.notInclude((await send(ask)).text, mark)
    const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text())
    // Lines are gathered for a moment.
    await new Promise((resolve) => setTimeout(resolve, 300))
    for (const text of [metrics, printed()]) {
      assert.notInclude(text, "CANARY")
      assert.notInclude(text, tokenOf(alpha))
      assert.notInclude(text, MARK)
    }
    assert.include(printed(), `"path":"${target}"`)
  })
}

export const secretRows: ReadonlyArray<Row> = [massAssignment, secrets, keysInLogs]
