/** This dialect as the conformance kit is told of it: its layers, and how an old client of the vendor talks. */
import {
  DialectSubject,
  type Subject,
  type WireAnswer,
  type WireCall,
  type WireFilter
} from "@tillbridge/conformance"
import { DateTime, Effect, Layer } from "effect"
import {
  Lcmanager,
  LcmanagerClient,
  lcmanagerCodec,
  LcmanagerRoutes,
  layerLcmanagerSource
} from "../src/index.ts"
import { examples } from "./examples.ts"

const form = { "content-type": "application/x-www-form-urlencoded" }

const post = (body: string, type = "application/json") => ({
  method: "POST",
  target: "/api/client/ClientInfoPeriod",
  headers: { "content-type": type },
  body
})

const Q = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request"

const calls: ReadonlyArray<WireCall> = [
  {
    name: "ClientInfoPeriod as JSON",
    needs: "read",
    methods: ["POST"],
    identities: ["BegDate", "RegPosList", "Operator"],
    request: () => post(`{"BegDate":"2024-06-01","Registration":true,"RegPosList":1,"Operator":1}`)
  },
  {
    name: "ClientInfoPeriod as a form",
    needs: "read",
    methods: ["POST"],
    identities: ["EndDate", "Reg.Month"],
    request: () => post("EndDate=2024-06-30&Reg.Month=6", "application/x-www-form-urlencoded")
  }
]

const inTown = (stores: ReadonlyArray<number>) => (candidate: Parameters<WireFilter["selects"]>[0]) =>
  candidate.cards.some(({ registeredIn }) => registeredIn !== null && stores.includes(registeredIn))

const day = (record: Parameters<WireFilter["request"]>[0]): string =>
  DateTime.formatIsoDateUtc(record.cards[0]!.registeredAt!)

const filters: ReadonlyArray<WireFilter> = [
  {
    name: "a list of stores",
    request: (wanted) =>
      inTown([1, 2])(wanted) ? post(`{"BegDate":"2024-01-01","Registration":true,"RegPosList":1}`) : null,
    selects: inTown([1, 2])
  },
  {
    name: "a day",
    request: (wanted) => post(`{"BegDate":"${day(wanted)}","EndDate":"${day(wanted)}","Registration":true}`),
    selects: (candidate, wanted) => day(candidate) === day(wanted)
  },
  { name: "a month", request: () => post(`{"Reg":{"Month":6}}`), selects: () => true },
  {
    name: "XML in another order",
    request: (wanted) => ({
      ...post(
        `<ClientInfoPeriodRequest xmlns="${Q}"><Registration>true</Registration><EndDate>${day(wanted)}</EndDate>` +
          `<BegDate>${day(wanted)}</BegDate></ClientInfoPeriodRequest>`,
        "text/xml"
      )
    }),
    selects: (candidate, wanted) => day(candidate) === day(wanted)
  }
]

const textOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}(?: xmlns="[^"]+")?>([^<]*)</${name}>`).exec(xml)?.[1]

/** The text of a refusal, or `null`; whichever of the three voices it has. */
const refusal = ({ headers, status, text }: WireAnswer): string | null => {
  const type = headers["content-type"] ?? ""
  if (/^(?:application|text)\/xml; charset=utf-8$/.test(type)) {
    if (text.startsWith("<Error><Message>")) return textOf(text, "Message")!
    if (!text.startsWith("<ClientInfoPeriodResponse xmlns:i=")) throw new Error("is no answer")
    return textOf(text, "ErrorCode") === "0" ? null : textOf(text, "Message")!
  }
  if (!/^application\/json; ?charset=utf-8$/i.test(type)) throw new Error(`is called ${type}`)
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>
  if ("access_token" in body) return null
  if ("error" in body) return `${String(body["error"])}: ${String(body["error_description"])}`
  if (typeof body["Message"] !== "string") throw new Error("has no Message")
  if (!("ErrorCode" in body)) {
    if (status === 200) throw new Error("has no ErrorCode")
    return body["Message"]
  }
  return body["ErrorCode"] === 0 ? null : body["Message"]
}

const told = (answer: WireAnswer): ReadonlyArray<string> => {
  if (!(answer.headers["content-type"] ?? "").includes("json")) {
    return Array.from(answer.text.matchAll(/<Client>(\d+)<\/Client>/g), ([, id]) => id!)
  }
  const { Clients } = JSON.parse(answer.text) as { Clients: ReadonlyArray<{ Client: number }> }
  return Clients.map(({ Client }) => String(Client))
}

const subject: Subject = {
  dialect: Lcmanager,
  routes: LcmanagerRoutes.layer(),
  codec: lcmanagerCodec,
  source: ({ baseUrl, externalSystem, login, secret, timeZone }) =>
    layerLcmanagerSource.pipe(
      Layer.provide(
        LcmanagerClient.layer({
          baseUrl,
          user: login ?? "",
          password: secret,
          timeZone,
          externalSystem,
          windowDays: 1,
          since: DateTime.makeUnsafe(Date.UTC(2024, 5, 4))
        })
      )
    ),
  destination: null,
  spoiledRecord: {
    spoil: (text, key) =>
      text.replace(
        new RegExp(`(\\{"Client":${key},"Card":[^,]*,"OutNumber":[^,]*,"Virtual":)([a-z]+)`),
        `$1"was $2"`
      ),
    mend: (payload) => payload.replace(/"was ([a-z]+)"/, "$1")
  },
  wire: {
    signIn: (send, { login, secret }) =>
      Effect.map(
        send({
          method: "POST",
          target: "/ManagerLogin",
          headers: form,
          body: new URLSearchParams({
            grant_type: "password",
            username: login ?? "",
            password: secret
          }).toString()
        }),
        (answer) =>
          answer.status === 200
            ? {
                auth: {
                  headers: {
                    authorization: `Bearer ${(JSON.parse(answer.text) as { access_token: string }).access_token}`
                  }
                }
              }
            : { refused: answer }
      ),
    calls,
    filters,
    examples,
    told,
    refusal
  },
  // The vendor's number of a card is an integer, which has no leading zeros.
  limits: { cardNumber: /^(?:0|[1-9][0-9]*)$/, key: /^(?:0|[1-9][0-9]*)$/ }
}

/** The dialect, as the kit takes it. */
export const layerSubject: Layer.Layer<DialectSubject> = Layer.succeed(DialectSubject, subject)
