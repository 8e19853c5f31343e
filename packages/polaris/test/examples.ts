/** The examples of the notes, with what is there before each: see fixtures/index.ts for where they come from. */
import type { WireExample, WireExchange, WireRequest } from "@tillbridge/conformance"
import { CustomerId, type CustomerRecord } from "@tillbridge/domain"
import { answers, type Exchange, exchanges, textOf } from "./fixtures/index.ts"
import { declaration, form, refused } from "./server.ts"

const xml = { "content-type": "text/xml; charset=utf-8" }
const json = { "content-type": "application/json; charset=utf-8" }

const request = (exchange: Exchange): WireRequest => ({
  method: exchange.method,
  target: `/core/api/${exchange.target}`,
  ...(exchange.body === undefined ? {} : { headers: form, body: exchange.body })
})

const whereabouts = ({ mark, source }: Exchange) => ({ mark, source })

const anne: CustomerRecord = {
  id: CustomerId.make(1234),
  lastName: "DURAND",
  firstName: "Anne",
  externalIds: [{ system: "SHOP", key: "WEB-42" }]
}

const three: ReadonlyArray<CustomerRecord> = ["A", "B", "C"].map((lastName) => ({ lastName }))

/** A fixture with the members that this server always tells. */
const asTold = (text: string) =>
  text
    .replace(
      "</InfoClient>",
      "<Mailing>false</Mailing><DateModification>2024-06-15T12:00:00</DateModification><Cartes/></InfoClient>"
    )
    .replace(/"Anne"\}$/, `"Anne","Mailing":false,"DateModification":"2024-06-15T12:00:00","Cartes":[]}`)

const inJson: WireExchange = {
  request: request(exchanges.byNumberJson),
  status: 200,
  headers: json,
  body: asTold(textOf(answers.clientJson))
}

export const examples: ReadonlyArray<WireExample> = [
  {
    title: "a login by GET that nobody knows is refused",
    ...whereabouts(exchanges.login),
    exchanges: [
      {
        as: "nobody",
        request: request(exchanges.login),
        status: 401,
        headers: xml,
        body: refused.xml(
          "NotAuthenticated",
          "identification requise : appeler ACL.Login avec user et password"
        )
      }
    ]
  },
  {
    title: "a client by number, as XML by default",
    ...whereabouts(exchanges.byNumber),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.byNumber),
        status: 200,
        headers: xml,
        body: asTold(textOf(answers.client))
      }
    ]
  },
  {
    title: "a client by number, as JSON",
    ...whereabouts(exchanges.byNumberJson),
    customers: [anne],
    exchanges: [inJson]
  },
  {
    title: "a client by external key is the same as by number, with its key",
    ...whereabouts(exchanges.byKey),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.byKey),
        status: 200,
        headers: json,
        body: asTold(textOf(answers.clientJson)).replace(`1234,`, `1234,"Cle":"WEB-42",`)
      }
    ]
  },
  {
    title: "an external key needs its prefix",
    ...whereabouts(exchanges.keyWithoutPrefix),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.keyWithoutPrefix),
        status: 400,
        headers: xml,
        body: refused.xml("MissingParameter", "prefixCle est obligatoire")
      }
    ]
  },
  {
    title: "CodeMagasin is required",
    ...whereabouts(exchanges.withoutShop),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.withoutShop),
        status: 400,
        headers: xml,
        body: refused.xml("MissingParameter", "CodeMagasin est obligatoire")
      }
    ]
  },
  {
    title: "parameters may be split over query and form",
    ...whereabouts(exchanges.mixed),
    customers: [anne],
    exchanges: [{ ...inJson, request: request(exchanges.mixed) }]
  },
  {
    title: "a first slice says that there is more and where to go on",
    ...whereabouts(exchanges.firstPage),
    customers: three,
    exchanges: [
      {
        request: request(exchanges.firstPage),
        status: 200,
        headers: json,
        body: /^\{"hasMoreResults":true,"checkPoint":"[A-Za-z0-9_-]+","clients":\[\{"IDClient":1,"Nom":"A".*\{"IDClient":2,"Nom":"B"[^[]*\[\]\}\]\}$/
      },
      {
        request: {
          method: "GET",
          target: `/core/api/${exchanges.firstPage.target.replace("limit=2", "limit=3")}`
        },
        status: 200,
        body: /^\{"hasMoreResults":false,.*"Nom":"A".*"Nom":"B".*"Nom":"C"/
      }
    ]
  },
  {
    title: "100 clients without a limit",
    ...whereabouts(exchanges.defaultLimit),
    customers: Array.from({ length: 101 }, (_, n) => ({ lastName: `N${n}` })),
    exchanges: [
      {
        request: request(exchanges.defaultLimit),
        status: 200,
        body: /^\{"hasMoreResults":true,.*\{"IDClient":100,(?!.*\{"IDClient":101)/
      }
    ]
  },
  {
    title: "DELETE is not supported",
    ...whereabouts(exchanges.deleted),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.deleted),
        status: 405,
        headers: { ...xml, allow: "GET, POST" },
        body: refused.xml("MethodNotAllowed", "méthode HTTP refusée, attendu : GET, POST")
      }
    ]
  },
  {
    title: "a type's page, in both spellings of its namespace, without a login",
    ...whereabouts(exchanges.sliceType),
    exchanges: [
      { as: "nobody", request: request(exchanges.sliceType), status: 200, body: /hasMoreResults/ },
      { as: "nobody", request: request(exchanges.clientType), status: 200, body: /IDClient/ }
    ]
  },
  {
    title: "a client is made once and changed afterwards",
    ...whereabouts(exchanges.create),
    customers: [anne],
    exchanges: [
      {
        request: request(exchanges.create),
        status: 200,
        headers: xml,
        body: textOf(answers.written)
      },
      {
        request: {
          ...request(exchanges.create),
          body: exchanges.create.body.replace("%3CCle%3E", "%3CIDClient%3E1235%3C%2FIDClient%3E%3CCle%3E")
        },
        status: 200,
        body: `${declaration}<long>1235</long>`
      },
      { request: request(exchanges.create), status: 200, body: `${declaration}<long>1235</long>` }
    ]
  }
]
