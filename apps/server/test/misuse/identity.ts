/** Who is asking, and for whom. */
import { assert } from "vitest"
import { alike, type Check, type Row, type Stage } from "./rows.ts"
import { callers, type DialectId } from "./shop.ts"
import { logIn, loginAsk, seen, tokenOf, voices } from "./voices.ts"
import { type Ask, basic, form, get, jsonHeaders, newAddress, type Told } from "./wire.ts"

const { alpha, beta, idle, reader, revoked } = callers

const unknownKey = `tb_${"A".repeat(43)}`

/** What of an answer its reader can tell it by. */
const shown = ({ headers: { date: _, "x-request-id": _id, ...headers }, status, text }: Told) => ({
  status,
  headers,
  text
})

/** Requests that prove nothing, and must not be told apart. */
const unproved: Readonly<Record<DialectId, () => ReadonlyArray<Ask>>> = {
  virtpos: () =>
    [undefined, "", " ", "x", "%41", unknownKey, revoked.key, "'", "a".repeat(2_000)].map((key) =>
      get(`/api/customer?format=json&id=1${key === undefined ? "" : `&apikey=${key}`}`)
    ),
  polaris: () => {
    const { path: target } = voices.polaris.anonymous
    const headers = [
      {},
      { Authorization: "Basic" },
      { Authorization: "Basic !!!" },
      { Authorization: `Bearer ${unknownKey}` },
      { Authorization: basic("nobody", "x") },
      { Authorization: basic(alpha.login, "x") },
      { Authorization: basic(alpha.login, beta.key) },
      { Authorization: basic(revoked.login, revoked.key) },
      { Cookie: "PolarisSession=x" },
      { Cookie: `PolarisSession=${"A".repeat(43)}` }
    ]
    return headers.map((one) => get(target, one))
  },
  lcmanager: () =>
    [
      undefined,
      "x",
      "a.b.c",
      unknownKey,
      `${tokenOf(alpha)}x`,
      "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiYWxwaGEifQ."
    ].map((token) => ({
      ...voices.lcmanager.anonymous,
      headers: { ...jsonHeaders, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) }
    })),
  megawin: () => [
    get("/customer/list"),
    ...["", "x", "%20", unknownKey, revoked.key].map((key) => get(`/customer/list?apikey=${key}`)),
    get("/customer/list", { API_KEY: "x" }),
    get("/customer/list", { "X-Api-Key": alpha.key }),
    get("/customer/list", { Authorization: `Bearer ${alpha.key}` })
  ]
}

const unprovedAreAlike =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    const asks = unproved[dialect]()
    const tolds: Array<Told> = []
    for (const ask of asks) tolds.push(await send(ask))
    tolds.forEach((told, at) => assert.deepStrictEqual(shown(told), shown(tolds[0]!), asks[at]!.path))
    assert.isNotEmpty(voices[dialect].errorOf(tolds[0]!))
    assert.include([200, 401], tolds[0]!.status)
  }

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** An unknown credential and a revoked one cost the same work. */
const timesAreAlike = async ({ send }: Stage, unknown: (n: number) => Ask, gone: Ask): Promise<void> => {
  const times: [Array<number>, Array<number>] = [[], []]
  for (let n = 0; n < 5; n++) {
    times[0].push((await send(unknown(n))).millis)
    times[1].push((await send(gone)).millis)
  }
  const ratio = median(times[0]) / median(times[1])
  assert.isTrue(ratio > 0.25 && ratio < 4, `unknown takes ${ratio.toFixed(2)} times as long as revoked`)
}

const noOrWrongKey: Row = {
  number: 1,
  misuse: "no or a wrong key: nobody learns why",
  checks: {
    virtpos: async (stage) => {
      await unprovedAreAlike("virtpos")(stage)
      const ask = (key: string) => get(`/api/customer?format=json&apikey=${key}`)
      await timesAreAlike(stage, (n) => ask(`unknown${n}`), ask(revoked.key))
    },
    polaris: async (stage) => {
      await unprovedAreAlike("polaris")(stage)
      const ask = (user: string, key: string) =>
        get(voices.polaris.anonymous.path, { Authorization: basic(user, key) })
      await timesAreAlike(stage, (n) => ask(`unknown${n}`, "x"), ask(revoked.login, revoked.key))
      // Known, but with neither of the two rights.
      const told = await stage.send(voices.polaris.customer("1", idle))
      assert.strictEqual(told.status, 403)
      assert.match(
        voices.polaris.errorOf(told),
        /consultation des membres clients.*saisie des membres clients/
      )
    },
    lcmanager: async (stage) => {
      await unprovedAreAlike("lcmanager")(stage)
      const wrong = [
        loginAsk({ login: "nobody", key: "x" }),
        loginAsk({ ...alpha, key: "x" }),
        loginAsk({ ...alpha, key: beta.key }),
        loginAsk(revoked)
      ]
      const tolds: Array<Told> = []
      for (const ask of wrong) tolds.push(await stage.send(ask))
      for (const told of tolds) assert.deepStrictEqual(shown(told), shown(tolds[0]!))
      assert.match(voices.lcmanager.errorOf(tolds[0]!), /^invalid_grant/)
      await timesAreAlike(stage, (n) => loginAsk({ login: `unknown${n}`, key: "x" }), loginAsk(revoked))
      // The integer in the body proves nothing.
      const guessed = await stage.send({
        ...voices.lcmanager.anonymous,
        body: `{"Token":1,"Operator":1,"Registration":true,"BegDate":"2000-01-01","EndDate":"2100-01-01"}`
      })
      assert.strictEqual(guessed.status, 401)
    },
    megawin: async (stage) => {
      await unprovedAreAlike("megawin")(stage)
      const ask = (key: string) => get(`/customer/list?apikey=${key}`)
      await timesAreAlike(stage, (n) => ask(`unknown${n}`), ask(revoked.key))
      for (const good of [
        get(`/customer/list?id_client=Alpha1&apikey=${alpha.key}`),
        get("/customer/list?id_client=Alpha1", { api_key: alpha.key }),
        get("/customer/list?id_client=Alpha1", { API_KEY: alpha.key })
      ])
        assert.include((await stage.send(good)).text, `"success":"true"`)
    }
  }
}

const wrongKey: Readonly<Record<DialectId, (n: number) => Ask>> = {
  virtpos: (n) => get(`/api/customer?format=json&apikey=guess${n}`),
  polaris: (n) => get(voices.polaris.anonymous.path, { Authorization: basic(alpha.login, `guess${n}`) }),
  lcmanager: (n) => loginAsk({ login: `someone${n}`, key: "guess" }),
  megawin: (n) => get(`/customer/list?apikey=guess${n}`)
}

/** Alpha asked before; a stranger guesses from the same address as Beta. */
const guessing =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    const { customer, errorOf } = voices[dialect]
    const from = newAddress()
    const good = { ...customer("1", alpha), from }
    assert.strictEqual((await send(good)).status, 200)
    const statuses: Array<number> = []
    for (let n = 0; n < 14; n++) {
      const told = await send({ ...wrongKey[dialect](n), from })
      statuses.push(told.status)
      errorOf(told)
      if (told.status === 429) assert.match(told.headers["retry-after"] ?? "", /^[1-9]\d*$/)
      // A success, even of another tenant, gives no new guesses.
      if (n === 10) assert.notStrictEqual((await send({ ...customer("1", beta), from })).status, 500)
    }
    assert.include([200, 401, 400], statuses[0])
    assert.deepStrictEqual(statuses.slice(10), [429, 429, 429, 429])
    assert.strictEqual((await send(good)).status, 200, "who proved himself is not kept out")
    const elsewhere = await send({ ...wrongKey[dialect](99), from: newAddress() })
    assert.notStrictEqual(elsewhere.status, 429, "and nobody elsewhere")
  }

/** Ids of Beta's, ids of nobody's, and the request that asks for one. */
const foreign: Readonly<Record<DialectId, ReadonlyArray<readonly [theirs: Ask, nobodys: Ask]>>> = {
  virtpos: [
    [voices.virtpos.customer("8", alpha), voices.virtpos.customer("888", alpha)],
    ...(
      [
        ["external_id", "Beta-8", "Beta-9"],
        ["phone", "+799900048", "+799900049"],
        ["email", "beta8@example.com", "beta9@example.com"]
      ] as const
    ).map(([name, theirs, nobodys]): readonly [Ask, Ask] => [
      get(`/api/customer?${form({ apikey: alpha.key, format: "json", [name]: theirs })}`),
      get(`/api/customer?${form({ apikey: alpha.key, format: "json", [name]: nobodys })}`)
    ]),
    ...(["deleteCard", "updateCard"] as const).map((action): readonly [Ask, Ask] => [
      get(`/api/customer/${action}?${form({ apikey: alpha.key, uid: "00048", format: "json" })}`),
      get(`/api/customer/${action}?${form({ apikey: alpha.key, uid: "00049", format: "json" })}`)
    ]),
    [
      get(`/api/customer/update?${form({ apikey: alpha.key, id: "8", fname: "X", format: "json" })}`),
      get(`/api/customer/update?${form({ apikey: alpha.key, id: "888", fname: "X", format: "json" })}`)
    ]
  ],
  polaris: [
    [voices.polaris.customer("8", alpha), voices.polaris.customer("888", alpha)],
    ...(["Beta-8|Beta-9|Cle", "77|78|CodeMagasin"] as const).map((words): readonly [Ask, Ask] => {
      const [theirs = "", nobodys = "", name = ""] = words.split("|")
      const fields = name === "Cle" ? { CodeMagasin: "1", prefixCle: "SHOP" } : { IDClient: "1" }
      const ask = (value: string): Ask => ({
        ...voices.polaris.customer("1", alpha),
        path: `/core/api/Client.GetClient?${form({ ...fields, [name]: value, output: "json" })}`
      })
      return [ask(theirs), ask(nobodys)]
    })
  ],
  lcmanager: [[voices.lcmanager.customer("5", alpha), voices.lcmanager.customer("6", alpha)]],
  megawin: [
    ...(["id_client", "clcleunik", "id", "email"] as const).flatMap((name) =>
      (name === "email"
        ? [["beta8@example.com", "beta9@example.com"]]
        : [
            ["8", "888"],
            ["Beta8", "Beta9"]
          ]
      ).map(([theirs = "", nobodys = ""]): readonly [Ask, Ask] => [
        get(`/customer/list?${form({ apikey: alpha.key, [name]: theirs })}`),
        get(`/customer/list?${form({ apikey: alpha.key, [name]: nobodys })}`)
      ])
    ),
    [
      { ...get(`/customer/delete?${form({ apikey: alpha.key, id_client: "Beta8" })}`), method: "DELETE" },
      { ...get(`/customer/delete?${form({ apikey: alpha.key, id_client: "Beta9" })}`), method: "DELETE" }
    ]
  ]
}

const otherMerchant: Row = {
  number: 12,
  misuse: "a key of one merchant and an id of another",
  checks: alike((dialect) => async ({ send }) => {
    const { customer, everyone, showsNobody } = voices[dialect]
    const before = await seen(send, dialect, beta)
    const asks =
      dialect === "lcmanager" ? ([[customer("5", alpha), customer("6", alpha)]] as const) : foreign[dialect]
    for (const [theirs, nobodys] of asks) {
      const told = await send(theirs)
      assert.deepStrictEqual(shown(told), shown(await send(nobodys)), theirs.path)
      if (told.status === 200 && dialect !== "polaris")
        assert.isTrue(showsNobody(told) || told.text.includes("false") || told.text.includes(`"success":0`))
      assert.notInclude(told.text, "Beta")
    }
    if (dialect === "virtpos") {
      // Made for Alpha alone; Beta's record of that name stays what it is.
      const made = await send(
        get(
          `/api/customer/update?${form({ apikey: alpha.key, external_id: "Beta-7", create_if_not_exist: "1", fname: "Mine", format: "json" })}`
        )
      )
      assert.match(made.text, /"success":1.*"isnew":1/)
    }
    if (dialect === "polaris") {
      const slice = await send({
        ...everyone(beta),
        path: everyone(beta).path.replace("limit=1000", "limit=1")
      })
      const { checkpoint } = JSON.parse(slice.text.replace(/"checkPoint"/i, `"checkpoint"`)) as {
        checkpoint: string
      }
      const stolen = await send({
        ...everyone(alpha),
        path: `${everyone(alpha).path}&checkPoint=${checkpoint}`
      })
      assert.match(voices.polaris.errorOf(stolen), /InvalidCheckPoint/)
    }
    const after = await seen(send, dialect, beta)
    assert.strictEqual(after, before)
    assert.include(after, dialect === "lcmanager" ? `"Client":8` : "Beta8")
  })
}

export const identityRows: ReadonlyArray<Row> = [
  noOrWrongKey,
  { number: 2, misuse: "guessing keys", checks: alike(guessing) },
  otherMerchant
]

export const logInAll = async (port: number): Promise<void> => {
  for (const one of [alpha, beta, reader]) await logIn(port, one)
}
