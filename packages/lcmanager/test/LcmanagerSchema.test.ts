/** The vendor's samples decode, and what was decoded encodes to the same. */
import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "@tillbridge/wire"
import { Redacted, Result, Schema } from "effect"
import { openEnvelope, parseReply } from "../src/internal/reply.ts"
import { readRows } from "../src/internal/rows.ts"
import { requestJson, requestXml } from "../src/internal/outgoing.ts"
import { LcmanagerSchema } from "../src/index.ts"
import { fixtures, textOf } from "./fixtures/index.ts"

const row = {
  Client: "1",
  Card: "1",
  OutNumber: "1",
  Virtual: true,
  Card_Type: "sample string 1",
  Card_Status: "sample string 2",
  RegPos: "1",
  RegPosName: "sample string 3",
  RegDate: "2024-04-25T00:23:55.8646615+03:00"
}

const request = {
  BegDate: "2024-04-25T00:23:55.6146589+03:00",
  EndDate: "2024-04-25T00:23:55.6146589+03:00",
  Registration: true,
  RegPosList: 1,
  Reg: { Today: true, Yesterday: true, Month: 64, Year: 1 },
  Operator: 1,
  Token: 1,
  SiteCode: "sample string 1"
}

const withoutLayout = (xml: string) => xml.replace(/>\s+</g, "><")
const bytes = (text: string) => new TextEncoder().encode(text)

describe("the vendor's samples", () => {
  it("the answer in JSON", () => {
    const parsed = Result.getOrThrow(parseJson(textOf(fixtures.responseJson)))
    const decoded = Schema.decodeUnknownSync(LcmanagerSchema.ClientInfoPeriodResponse)(parsed)
    assert.deepStrictEqual(decoded, { Clients: [row, row], ErrorCode: 1, Message: "sample string 2" })
    const encoded = Schema.encodeSync(LcmanagerSchema.ClientInfoPeriodResponse)(decoded)
    assert.strictEqual(
      JSON.stringify(encoded, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value), 2),
      textOf(fixtures.responseJson)
    )
  })

  it("the answer in XML says the same", () => {
    const parsed = Result.getOrThrow(parseReply(bytes(textOf(fixtures.responseXml))))
    const decoded = Schema.decodeUnknownSync(LcmanagerSchema.ClientInfoPeriodResponse)(parsed)
    assert.deepStrictEqual(decoded, { Clients: [row, row], ErrorCode: 1, Message: "sample string 2" })
  })

  it("its ErrorCode 1 is a refusal", () => {
    for (const fixture of [fixtures.responseJson, fixtures.responseXml]) {
      const parsed = Result.getOrThrow(parseReply(bytes(textOf(fixture))))
      const opened = openEnvelope(parsed, [Redacted.make("string")])
      assert.isTrue(Result.isFailure(opened))
      if (Result.isFailure(opened)) {
        assert.strictEqual(opened.failure._tag, "Refused")
        assert.strictEqual(opened.failure.detail, "ErrorCode 1: sample <redacted> 2")
      }
    }
  })

  it("the request, as JSON and as XML in the contract's order", () => {
    const decoded = Schema.decodeUnknownSync(LcmanagerSchema.ClientInfoPeriodRequest)(
      JSON.parse(textOf(fixtures.requestJson))
    )
    assert.deepStrictEqual(decoded, request)
    assert.strictEqual(requestJson(decoded), JSON.stringify(JSON.parse(textOf(fixtures.requestJson))))
    assert.strictEqual(requestXml(decoded), withoutLayout(textOf(fixtures.requestXml)))
  })

  it("a request that says little: nothing in JSON, nil in XML", () => {
    assert.strictEqual(requestJson({ Registration: true }), `{"Registration":true}`)
    assert.strictEqual(
      requestXml({ Registration: true }),
      `<ClientInfoPeriodRequest xmlns:i="http://www.w3.org/2001/XMLSchema-instance"` +
        ` xmlns="http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request">` +
        ["Operator", "SiteCode", "Token"]
          .map(
            (name) =>
              `<${name} i:nil="true" xmlns="http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Abstractions"/>`
          )
          .join("") +
        `<BegDate i:nil="true"/><EndDate i:nil="true"/><Reg i:nil="true"/><RegPosList i:nil="true"/>` +
        `<Registration>true</Registration></ClientInfoPeriodRequest>`
    )
  })
})

describe("whole numbers", () => {
  const rows = (json: string) =>
    readRows(
      Result.getOrThrow(
        Result.flatMap(parseReply(bytes(`{"Clients":[${json}],"ErrorCode":0,"Message":null}`)), (value) =>
          openEnvelope(value, [])
        )
      )
    )

  it("keep every digit, in JSON numbers, in quotes and in XML", () => {
    const long = "9".repeat(60)
    for (const digits of [
      "9223372036854775807",
      "9007199254740993",
      "12345678901234567890",
      long,
      "0",
      "-5"
    ]) {
      assert.deepStrictEqual(rows(`{"Card":${digits}}`).rows, [{ Card: digits }])
      assert.deepStrictEqual(rows(`{"Card":"${digits}"}`).rows, [{ Card: digits }])
      const xml =
        `<ClientInfoPeriodResponse><ErrorCode>0</ErrorCode><Clients>` +
        `<ClientInfoPeriodResponse.ClientInfoPeriodClient><Card>${digits}</Card>` +
        `</ClientInfoPeriodResponse.ClientInfoPeriodClient></Clients></ClientInfoPeriodResponse>`
      const opened = Result.flatMap(parseReply(bytes(xml)), (value) => openEnvelope(value, []))
      assert.deepStrictEqual(Result.getOrThrow(Result.map(opened, readRows)).rows, [{ Card: digits }])
    }
  })

  it("null and nothing are the same; what is no whole number is refused without its value", () => {
    assert.deepStrictEqual(rows(`{"Card":null,"Client":"","Virtual":null}`).rows, [
      { Card: null, Client: null, Virtual: null }
    ])
    for (const odd of ["1.5", "1e30", `"1e5"`, `"secret"`, "{}", "[1]", "true"]) {
      const read = rows(`{"Client":1,"Card":${odd}}`)
      assert.deepStrictEqual(
        read.unreadable.map(({ client, number, reason }) => [number, client, reason]),
        [[1, "1", "Card: must be a whole number"]],
        odd
      )
    }
  })
})
