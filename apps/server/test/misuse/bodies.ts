/** Parameters and bodies that could be read in two ways, or that cost to read. */
import { assert } from "vitest"
import * as fs from "node:fs"
import { gzipSync } from "node:zlib"
import { megawinQuery, polaris, polarisHeaders, virtposQuery, xmlHeaders, xmlRequest } from "./asks.ts"
import { alike, type Check, type Row, type Stage } from "./rows.ts"
import { callers, type DialectId, MARK } from "./shop.ts"
import { periodAsk, seen, tokenOf, voices } from "./voices.ts"
import { type Ask, formHeaders, jsonHeaders, send, sendBytes } from "./wire.ts"

const { alpha } = callers

const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("")
const bombs = [
  `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">${entities}]><a>&l9;</a>`,
  `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`,
  `<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x"><a/>`,
  `<!DOCTYPE a><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`,
  `<a>${"<b>".repeat(10_000)}${"</b>".repeat(5_000)}`,
  `${"<a>".repeat(5_000)}${"</a>".repeat(5_000)}`,
  `<a>${"<b/>".repeat(12_000)}</a>`,
  `<a>${"&#65;".repeat(12_000)}</a>`,
  `<__proto__><constructor>x</constructor></__proto__>`,
  `<a ${Array.from({ length: 4_000 }, (_, n) => `a${n}="x"`).join(" ")}/>`
]

/** Every place where a dialect could be made to read XML. */
const xmlPlaces: Readonly<Record<DialectId, ReadonlyArray<(xml: string) => Ask>>> = {
  virtpos: [
    (xml) => ({
      method: "POST",
      path: `/api/customer/update?apikey=${alpha.key}&id=1&format=json`,
      headers: xmlHeaders,
      body: xml
    })
  ],
  polaris: [
    (xml) => ({
      method: "POST",
      path: "/core/api/Client.GetClient?CodeMagasin=1&IDClient=1&output=json",
      headers: { ...polarisHeaders, ...xmlHeaders },
      body: xml
    }),
    (xml) => ({
      method: "POST",
      path: "/core/api/Client.PutClient?output=json",
      headers: { ...polarisHeaders, ...formHeaders },
      body: `CodeMagasin=1&InfoClient=${encodeURIComponent(xml).slice(0, 60_000)}`
    })
  ],
  lcmanager: [
    (xml) => periodAsk(xml, alpha, { ...xmlHeaders, Accept: "application/json" }),
    (xml) => periodAsk(xml, alpha, { "Content-Type": "text/xml", Accept: "application/json" })
  ],
  megawin: [
    (xml) => ({
      method: "POST",
      path: `/customer/update?apikey=${alpha.key}`,
      headers: xmlHeaders,
      body: xml
    })
  ]
}

const residentMegabytes = ({ pid }: Stage): number =>
  (Number(fs.readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096) / 1024 / 1024

const bombing =
  (dialect: DialectId): Check =>
  async (stage) => {
    const all = async () => {
      for (const bomb of bombs) {
        for (const place of xmlPlaces[dialect]) {
          const told = await stage.send(place(bomb))
          assert.isNotEmpty(voices[dialect].errorOf(told))
          assert.isBelow(told.status, 500)
          assert.isBelow(told.millis, 500, bomb.slice(0, 60))
          assert.notMatch(told.text, /root:|lollol/)
        }
      }
    }
    await all()
    const before = residentMegabytes(stage)
    for (let round = 0; round < 3; round++) await all()
    assert.isBelow(residentMegabytes(stage) - before, 40)
  }

const login = (body: string): Ask => ({ method: "POST", path: "/ManagerLogin", headers: formHeaders, body })
const duplicates: Readonly<Record<DialectId, ReadonlyArray<Ask>>> = {
  virtpos: [
    { path: `${virtposQuery}&apikey=${alpha.key}` },
    { path: `${virtposQuery}&apikey=x` },
    { path: `${virtposQuery}&id=1&id=2` },
    { path: `${virtposQuery}&id=1&i%64=1` },
    { path: `${virtposQuery}&format=json` },
    { method: "POST", path: virtposQuery, headers: formHeaders, body: `apikey=${alpha.key}` }
  ],
  polaris: [
    polaris("GetClient", "CodeMagasin=1&IDClient=1&IDClient=1"),
    polaris("GetClient", "CodeMagasin=1&IDClient=1&idclient=2"),
    polaris("GetClient", "CodeMagasin=1&codemagasin=2&IDClient=1"),
    polaris("GetClient", "CodeMagasin=1&Cle=a&cle=b&prefixCle=SHOP"),
    polaris("GetClientsModified", "codeMagasin=1&lastChanged=2000-01-01&checkPoint=a&checkPoint=b"),
    {
      ...polaris("GetClient", "CodeMagasin=1&IDClient=1"),
      method: "POST",
      headers: { ...polarisHeaders, ...formHeaders },
      body: "IDClient=2"
    },
    { path: `/core/api/ACL.Login?user=alpha&user=beta&password=${alpha.key}&output=json` }
  ],
  lcmanager: [
    login(`grant_type=password&username=alpha&username=beta&password=${alpha.key}`),
    login(`grant_type=password&username=alpha&password=${alpha.key}&password=x`)
  ],
  megawin: [
    { path: `${megawinQuery}&apikey=${alpha.key}` },
    { path: `${megawinQuery}&id_client=1&id_client=2` },
    { path: megawinQuery, headers: { API_KEY: alpha.key } },
    {
      method: "POST",
      path: `/customer/update?apikey=${alpha.key}&id_client=Alpha1`,
      headers: jsonHeaders,
      body: `{"id_client":"Alpha1"}`
    },
    {
      method: "POST",
      path: `/customer/update?apikey=${alpha.key}`,
      headers: jsonHeaders,
      body: `{"id_client":"Alpha1","id_client":"Alpha2"}`
    }
  ]
}

const duplicateParameters =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    // Made here: a token is known only when somebody logged in.
    const more =
      dialect === "lcmanager"
        ? [
            periodAsk(`{"Registration":true,"RegPosList":1,"RegPosList":2}`, alpha),
            periodAsk(`{"Registration":true,"Reg":{"Today":true,"Today":false}}`, alpha),
            periodAsk(xmlRequest("<RegPosList>1</RegPosList><RegPosList>2</RegPosList>"), alpha, {
              ...xmlHeaders,
              Accept: "application/json"
            })
          ]
        : []
    for (const ask of [...duplicates[dialect], ...more]) {
      const told = await send(ask)
      assert.isNotEmpty(voices[dialect].errorOf(told), ask.path)
      assert.notInclude(told.text, MARK)
    }
  }

const badTexts = ["%FF", "%C0%AF", "%E0%80%80", "%ED%A0%80", "%zz", "%", "%00", "%F4%90%80%80"]

/** Requests with such a text where a name belongs, and one that reads the record back. */
const badPlaces: Readonly<Record<DialectId, (text: string) => ReadonlyArray<Ask>>> = {
  virtpos: (text) => [
    { path: `/api/customer/update?apikey=${alpha.key}&id=2&format=json&fname=${text}` },
    { path: `/api/customer/update?apikey=${alpha.key}&id=2&format=json&fname=A&x=${text}` },
    {
      method: "POST",
      path: `/api/customer/update?apikey=${alpha.key}&id=2&format=json`,
      headers: formHeaders,
      body: `fname=${text}`
    }
  ],
  polaris: (text) => [
    polaris("GetClient", `CodeMagasin=1&IDClient=1&Cle=${text}&prefixCle=SHOP`),
    {
      method: "POST",
      path: "/core/api/Client.PutClient?output=json",
      headers: { ...polarisHeaders, ...formHeaders },
      body: `CodeMagasin=1&InfoClient=%7B%22IDClient%22%3A2%2C%22Nom%22%3A%22${text}%22%7D`
    }
  ],
  lcmanager: (text) => [login(`grant_type=password&username=${text}&password=x`)],
  megawin: (text) => [
    { path: `${megawinQuery}&email=${text}` },
    {
      method: "POST",
      path: `/customer/update?apikey=${alpha.key}&id_client=Alpha2`,
      headers: formHeaders,
      body: `lastName=${text}`
    }
  ]
}

const rawBytes = (before: string, bytes: ReadonlyArray<number>, after: string): Buffer =>
  Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])

const invalidText =
  (dialect: DialectId): Check =>
  async ({ port, send }) => {
    const { errorOf } = voices[dialect]
    const before = await seen(send, dialect, alpha)
    for (const text of badTexts) {
      for (const ask of badPlaces[dialect](text)) {
        const told = await send(ask)
        assert.isNotEmpty(errorOf(told), `${text} ${ask.path}`)
        assert.isBelow(told.status, 500)
      }
    }
    const body = rawBytes(`{"id_client":"Alpha2","SiteCode":"`, [0xff, 0xfe], `","city":"a"}`)
    if (dialect === "megawin" || dialect === "lcmanager") {
      const ask =
        dialect === "megawin"
          ? { method: "POST", path: `/customer/update?apikey=${alpha.key}`, headers: jsonHeaders, body }
          : { ...periodAsk("", alpha), body }
      errorOf(await send(ask))
    }
    if (dialect === "lcmanager") {
      const unknown = await send(
        periodAsk("{}", alpha, { "Content-Type": "application/json; charset=x-none" })
      )
      assert.include([200, 415], unknown.status)
      errorOf(unknown)
    }
    // Bytes that are no text, in the request line itself: Node refuses them before anybody reads.
    const line = await sendBytes(
      port,
      rawBytes("GET /core/api?x=", [0xff], " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    )
    assert.match(line.toString("latin1"), /^HTTP\/1\.1 (?:400|404) /)
    const after = await seen(send, dialect, alpha)
    assert.strictEqual(after, before)
    assert.notInclude(after, "\ufffd")
  }

/** A request with this content type, and what it must be told. */
const types: Readonly<Record<DialectId, ReadonlyArray<readonly [Ask, status: number]>>> = {
  virtpos: [
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=windows-1251"
  ].map((type): readonly [Ask, number] => [
    {
      method: "POST",
      path: `/api/customer/update?apikey=${alpha.key}&id=1&format=json`,
      headers: { "Content-Type": type },
      body: `{"fname":"X"}`
    },
    415
  ]),
  polaris: ["application/json", "text/xml", "multipart/form-data; boundary=x"].map(
    (type): readonly [Ask, number] => [
      {
        method: "POST",
        path: "/core/api/Client.GetClient?CodeMagasin=1&IDClient=1&output=json",
        headers: { ...polarisHeaders, "Content-Type": type },
        body: "{}"
      },
      415
    ]
  ),
  lcmanager: [],
  megawin: ["application/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16"].map(
    (type): readonly [Ask, number] => [
      {
        method: "POST",
        path: `/customer/update?apikey=${alpha.key}`,
        headers: { "Content-Type": type },
        body: `{"id_client":"Alpha1","city":"X"}`
      },
      415
    ]
  )
}

const contentTypes =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    const bearer = { Authorization: `Bearer ${tokenOf(alpha)}` }
    const lcmanager = (headers: Readonly<Record<string, string>>, body: string): Ask => ({
      method: "POST",
      path: "/api/client/ClientInfoPeriod",
      headers: { ...bearer, ...headers },
      body
    })
    const refused =
      dialect === "lcmanager"
        ? [{}, { "Content-Type": "text/plain" }, { "Content-Type": "multipart/form-data; boundary=x" }].map(
            (headers) => [lcmanager(headers, "{}"), 415] as const
          )
        : types[dialect]
    for (const [ask, status] of refused) {
      const told = await send(ask)
      assert.strictEqual(told.status, status, JSON.stringify(ask.headers))
      assert.isNotEmpty(voices[dialect].errorOf(told))
    }
    if (dialect !== "lcmanager") return
    const json = `{"BegDate":"1999-01-01","EndDate":"1999-01-02","Registration":true}`
    const xml = xmlRequest(
      "<BegDate>1999-01-01</BegDate><EndDate>1999-01-02</EndDate><Registration>true</Registration>"
    )
    for (const [type, body] of [
      ["application/json", json],
      ["text/json", json],
      ["application/xml", xml],
      ["text/xml", xml],
      ["application/x-www-form-urlencoded", "BegDate=1999-01-01&EndDate=1999-01-02&Registration=true"]
    ] as const) {
      const told = await send(lcmanager({ "Content-Type": type, Accept: "application/json" }, body))
      assert.deepInclude(JSON.parse(told.text) as object, { Clients: [], ErrorCode: 0 }, type)
    }
  }

/** A request with a body, and the method that takes one. */
const withBody: Readonly<Record<DialectId, () => Ask>> = {
  virtpos: () => ({ method: "POST", path: "/api/customer/update?format=json&id=1", headers: formHeaders }),
  polaris: () => ({
    method: "POST",
    path: "/core/api/Client.GetClient?output=json",
    headers: { ...polarisHeaders, ...formHeaders }
  }),
  lcmanager: () => {
    const { body: _, ...ask } = periodAsk("", alpha)
    return ask
  },
  megawin: () => ({ method: "POST", path: `/customer/update?apikey=${alpha.key}`, headers: jsonHeaders })
}

const bigBody =
  (dialect: DialectId): Check =>
  async ({ port, send: ask }) => {
    const { errorOf } = voices[dialect]
    const given = withBody[dialect]()
    for (const size of [64 * 1024 + 1, 200_000]) {
      const told = await ask({ ...given, body: "x".repeat(size) })
      assert.strictEqual(told.status, 413)
      assert.strictEqual(told.headers["connection"], "close")
      assert.isNotEmpty(errorOf(told))
    }
    const announced = await send(port, {
      ...given,
      headers: { ...given.headers, "Content-Length": "10000000000" }
    })
    assert.strictEqual(announced.status, 413, "refused by its announcement alone")
    const chunks = `${"1000\r\n"}${"x".repeat(4096)}\r\n`.repeat(40)
    const chunked = await ask({
      ...given,
      headers: { ...given.headers, "Transfer-Encoding": "chunked" },
      body: chunks
    })
    assert.strictEqual(chunked.status, 413, "cut while it is read")
    const zipped = await ask({
      ...given,
      headers: { ...given.headers, "Content-Encoding": "gzip" },
      body: gzipSync(Buffer.alloc(60_000_000))
    })
    assert.include([413, 415], zipped.status)
    errorOf(zipped)
    if (dialect === "polaris" || dialect === "megawin") {
      const got = await ask({ ...voices[dialect].customer("1", alpha), method: "GET", body: "x" })
      assert.isNotEmpty(errorOf(got))
      assert.strictEqual(got.headers["connection"], "close")
    }
    assert.strictEqual((await ask(voices[dialect].everyone(alpha))).status, 200)
  }

export const bodyRows: ReadonlyArray<Row> = [
  { number: 5, misuse: "XML that grows, points elsewhere or nests", checks: alike(bombing) },
  { number: 6, misuse: "who is meant or who asks, said twice", checks: alike(duplicateParameters) },
  { number: 7, misuse: "text that is no text", checks: alike(invalidText) },
  { number: 8, misuse: "a content type that the call does not have", checks: alike(contentTypes) },
  { number: 9, misuse: "a body that is too long or packed", checks: alike(bigBody) }
]
