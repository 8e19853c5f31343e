/** Requests and answers of the vendor's page and of the protocol notes, as the conformance kit takes them. */
import type { WireExample, WireRequest } from "@tillbridge/conformance"
import { CustomerId, StoreId } from "@tillbridge/domain"
import { DateTime } from "effect"

const page = "LCManagerPartner help page, POST api/client/ClientInfoPeriod, samples of 2024-04-25"

const Q = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request"
const P = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Response"
const A = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Abstractions"
const I = "http://www.w3.org/2001/XMLSchema-instance"

const post = (
  body: string,
  type = "application/json",
  headers: Readonly<Record<string, string>> = {}
): WireRequest => ({
  method: "POST",
  target: "/api/client/ClientInfoPeriod",
  headers: { "content-type": type, ...headers },
  body
})

const json = { "content-type": "application/json; charset=utf-8" }
const xml = { "content-type": "application/xml; charset=utf-8" }

/** The client and card of the notes' examples, in the kit's zone (Paris): 10:15 there. */
const client501 = {
  customers: [{ id: CustomerId.make(501) }],
  cards: [
    {
      number: "9900000000017",
      owner: 0,
      typeName: "Standard",
      patch: {
        status: "active" as const,
        medium: "app" as const,
        registeredAt: DateTime.makeUnsafe(Date.UTC(2024, 3, 24, 8, 15)),
        registeredIn: StoreId.make(12),
        extensions: { lcmanager: { RegPos: "12", RegPosName: "Shop 12" } }
      }
    }
  ]
}

const rowJson =
  `{"Client":501,"Card":9900000000017,"OutNumber":null,"Virtual":true,"Card_Type":"Standard",` +
  `"Card_Status":"Active","RegPos":12,"RegPosName":"Shop 12","RegDate":"2024-04-24T10:15:00"}`
const listJson = `{"Clients":[${rowJson}],"ErrorCode":0,"Message":""}`
const emptyJson = `{"Clients":[],"ErrorCode":0,"Message":""}`
const listXml =
  `<ClientInfoPeriodResponse xmlns:i="${I}" xmlns="${P}"><ErrorCode xmlns="${A}">0</ErrorCode><Message xmlns="${A}"/>` +
  `<Clients><ClientInfoPeriodResponse.ClientInfoPeriodClient><Card>9900000000017</Card>` +
  `<Card_Status>Active</Card_Status><Card_Type>Standard</Card_Type><Client>501</Client>` +
  `<OutNumber i:nil="true"/><RegDate>2024-04-24T10:15:00</RegDate><RegPos>12</RegPos>` +
  `<RegPosName>Shop 12</RegPosName><Virtual>true</Virtual>` +
  `</ClientInfoPeriodResponse.ClientInfoPeriodClient></Clients></ClientInfoPeriodResponse>`

const periodJson = `{"BegDate":"2024-04-01T00:00:00","EndDate":"2024-04-30T23:59:59","Registration":true,"Operator":3}`
const periodXml =
  `<ClientInfoPeriodRequest xmlns:i="${I}" xmlns="${Q}"><Operator xmlns="${A}">3</Operator>` +
  `<BegDate>2024-04-01T00:00:00</BegDate><EndDate>2024-04-30T23:59:59</EndDate><Reg i:nil="true"/>` +
  `<Registration>true</Registration></ClientInfoPeriodRequest>`

/** The vendor's own sample of a row, which holds what the domain has no word for. */
const sampleRow =
  `{"Client":1,"Card":1,"OutNumber":1,"Virtual":true,"Card_Type":"sample string 1","Card_Status":"sample string 2",` +
  `"RegPos":1,"RegPosName":"sample string 3","RegDate":"2024-04-25T00:23:55.8646615"}`

export const examples: ReadonlyArray<WireExample> = [
  {
    title: "the sample row, its date without an offset",
    mark: "documented",
    source: page,
    customers: [{ id: CustomerId.make(1) }],
    cards: [
      {
        number: "1",
        owner: 0,
        typeName: "sample string 1",
        patch: {
          status: "new",
          medium: "app",
          externalIds: [{ system: "SHOP", key: "1" }],
          // 00:23:55.864 in Paris
          registeredAt: DateTime.makeUnsafe(Date.UTC(2024, 3, 24, 22, 23, 55, 864)),
          registeredIn: StoreId.make(1),
          extensions: {
            lcmanager: {
              Card_Status: "sample string 2",
              RegPos: "1",
              RegPosName: "sample string 3",
              RegDate: "2024-04-25T00:23:55.8646615"
            }
          }
        }
      }
    ],
    exchanges: [
      {
        request: post(`{"BegDate":"2024-04-25","EndDate":"2024-04-25","Registration":true,"RegPosList":1}`),
        status: 200,
        headers: json,
        body: `{"Clients":[${sampleRow}],"ErrorCode":0,"Message":""}`
      }
    ]
  },
  {
    title: "1: a period as JSON",
    mark: "inferred",
    source: "protocol notes on LCManager, example 1",
    ...client501,
    exchanges: [{ request: post(periodJson), status: 200, headers: json, body: listJson }]
  },
  {
    title: "2: a period as XML, answered by Accept",
    mark: "inferred",
    source: "protocol notes on LCManager, example 2",
    ...client501,
    exchanges: [
      { request: post(periodXml, "application/xml"), status: 200, headers: xml, body: listXml },
      {
        request: post(periodXml, "application/xml", { accept: "*/*" }),
        status: 200,
        headers: json,
        body: listJson
      },
      {
        request: post(periodXml, "application/xml", { accept: "text/xml" }),
        status: 200,
        headers: { "content-type": "text/xml; charset=utf-8" },
        body: listXml
      }
    ]
  },
  {
    title: "3: XML in any order, unlike the vendor's server",
    mark: "inferred",
    source: "protocol notes on LCManager, example 3",
    ...client501,
    exchanges: [
      {
        request: post(
          `<ClientInfoPeriodRequest xmlns="${Q}"><Registration>true</Registration>` +
            `<BegDate>2024-05-01T00:00:00</BegDate><Operator>3</Operator></ClientInfoPeriodRequest>`,
          "text/xml",
          { accept: "application/json" }
        ),
        status: 200,
        body: emptyJson
      }
    ]
  },
  {
    title: "4: forms",
    mark: "inferred",
    source: "protocol notes on LCManager, example 4",
    ...client501,
    exchanges: [
      {
        request: post(
          "BegDate=2024-04-01T00:00:00%2B03:00&EndDate=2024-04-30&Registration=true&Operator=3",
          "application/x-www-form-urlencoded"
        ),
        status: 200,
        headers: json,
        body: listJson
      },
      {
        request: post("Reg%5BToday%5D=true&Operator=3", "application/x-www-form-urlencoded"),
        status: 200,
        body: emptyJson
      }
    ]
  },
  {
    title: "5: content types that are not read",
    mark: "inferred",
    source: "protocol notes on LCManager, example 5",
    exchanges: [
      {
        request: post("{}", "text/plain"),
        status: 415,
        headers: json,
        body: `{"Message":"The request entity's media type 'text/plain' is not supported for this resource."}`
      }
    ]
  },
  {
    title: "7: nothing asked for",
    mark: "inferred",
    source: "protocol notes on LCManager, example 7",
    ...client501,
    exchanges: [{ request: post("{}"), status: 200, body: emptyJson }]
  },
  {
    title: "9: a date that is none, in JSON",
    mark: "inferred",
    source: "protocol notes on LCManager, example 9",
    ...client501,
    exchanges: [
      {
        request: post(`{"BegDate":"not-a-date","EndDate":"2024-04-30T00:00:00","Registration":true}`),
        status: 200,
        body: listJson
      }
    ]
  },
  {
    title: "10: who may not",
    mark: "inferred",
    source: "protocol notes on LCManager, example 10",
    exchanges: [
      {
        request: post(periodJson),
        as: "nobody",
        status: 401,
        headers: { "www-authenticate": "Bearer" },
        body: `{"Message":"Authorization has been denied for this request."}`
      },
      {
        request: { method: "GET", target: "/api/client/ClientInfoPeriod" },
        status: 405,
        headers: { allow: "POST" },
        body: `{"Message":"The requested resource does not support http method 'GET'."}`
      },
      {
        request: {
          method: "POST",
          target: "/ManagerLogin",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: "grant_type=refresh_token&refresh_token=8b5d9c0e-0000-4000-8000-000000000000"
        },
        as: "nobody",
        status: 400,
        body: `{"error":"invalid_grant","error_description":"The refresh token is not valid."}`
      }
    ]
  },
  {
    title: "11: a month, and one that does not fit",
    mark: "inferred",
    source: "protocol notes on LCManager, example 11",
    ...client501,
    exchanges: [
      { request: post(`{"Reg":{"Month":4,"Year":2024}}`), status: 200, body: listJson },
      { request: post(`{"Reg":{"Month":300}}`), status: 200, body: emptyJson },
      {
        request: post(`{"BegDate":"2024-04-01","Registration":true,"RegPosList":[7]}`),
        status: 200,
        body: listJson
      }
    ]
  }
]
