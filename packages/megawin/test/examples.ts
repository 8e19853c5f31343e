/** The vendor's examples, with what is there before each: see fixtures/index.ts for where they come from. */
import type { WireExample } from "@tillbridge/conformance"
import type { CustomerRecord } from "@tillbridge/domain"
import { DateTime } from "effect"
import { answers, type Provenance, textOf } from "./fixtures/index.ts"
import { empty, refused } from "./server.ts"
import { johnDoe } from "./support.ts"

const json = { "content-type": "application/json; charset=utf-8" }

const get = (target: string) => ({ method: "GET", target })
const post = (target: string, body: object) => ({
  method: "POST",
  target,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Exactly this text, but for the password, which is locked. */
const but = (text: string) =>
  new RegExp(`^${escaped(text).replace(/"password":"[^"]*"/, '"password":"locked-[A-Za-z0-9_-]{24}"')}$`)

const where = ({ mark, source }: Provenance): Provenance => ({ mark, source })
const notes = (example: number, mark: Provenance["mark"]): Provenance => ({
  mark,
  source: `protocols/megawin.md, section 9, example ${example}`
})

const key = (value: string) => [{ system: "megawin", key: value }]

const anna: CustomerRecord = {
  externalIds: key("1"),
  lastName: "Maes",
  firstName: "Anna",
  address: { line1: "Dorpstraat 1", postalCode: "2000", city: "Antwerpen", country: "BE" },
  email: "anna@example.test",
  company: { name: "Maes BV", vatNumber: "BE0000000000" },
  language: "NL",
  registeredAt: DateTime.makeUnsafe("2024-05-06T05:08:09Z"),
  extensions: { megawin: { customerNumber: "C0001", login: "anna", notification_accepted: "1" } }
}

const claes: CustomerRecord = { externalIds: key("2"), lastName: "Claes", email: "claes@example.test" }

/** In the client's typings everything is text; the vendor's page has a boolean and a number. */
const typed = (text: string) =>
  text.replace('"showPrice":"1"', '"showPrice":true').replace('"webRemise":"0"', '"webRemise":0')

const updated = textOf(answers.updated)

export const examples: ReadonlyArray<WireExample> = [
  {
    title: "the vendor's page",
    ...where(answers.seedList),
    customers: [johnDoe],
    exchanges: [
      {
        request: get("/CUSTOMER/LIST/?id_client=1"),
        status: 200,
        headers: json,
        body: but(textOf(answers.seedList).replace('"clcleunik":1,', '"clcleunik":"1",'))
      }
    ]
  },
  {
    title: "one customer",
    ...where(answers.oneCustomer),
    customers: [anna, claes],
    exchanges: [
      {
        request: get("/CUSTOMER/LIST/?id_client=1"),
        status: 200,
        headers: json,
        body: but(typed(textOf(answers.oneCustomer)))
      }
    ]
  },
  {
    title: "everybody, in lower case and without the last slash, and one by clcleunik",
    ...notes(2, "observed"),
    customers: [anna, claes],
    exchanges: [
      { request: get("/customer/list"), status: 200, body: /"clcleunik":"1".*"clcleunik":"2"/ },
      {
        request: get("/customer/list/?clcleunik=2"),
        status: 200,
        body: /"customer":\[\{"clcleunik":"2"[^{]*\}\]/
      }
    ]
  },
  {
    title: "nobody, and nobody's key",
    ...where(answers.nobody),
    customers: [anna],
    exchanges: [
      { request: get("/customer/list/?id_client=999"), status: 200, headers: json, body: empty },
      {
        request: get("/customer/list/?apikey=BAD"),
        as: "nobody",
        status: 200,
        headers: json,
        body: refused("invalid apikey")
      }
    ]
  },
  {
    title: "a partial update, and one of nobody",
    ...where(answers.updated),
    customers: [anna],
    exchanges: [
      {
        request: post("/customer/update/", { id_client: "1", city: "Gent", webRemise: "5" }),
        status: 200,
        headers: json,
        body: updated
      },
      {
        request: get("/customer/list?id_client=1"),
        status: 200,
        body: but(
          typed(textOf(answers.oneCustomer))
            .replace("Antwerpen", "Gent")
            .replace('"webRemise":0', '"webRemise":5')
        )
      },
      {
        request: post("/customer/update", { city: "Gent" }),
        status: 200,
        headers: json,
        body: refused("id_client is required")
      }
    ]
  },
  {
    title: "an add, found by its e-mail",
    ...where(answers.added),
    exchanges: [
      {
        request: post("/customer/add", {
          nom: "Peeters",
          prenom: "Jan",
          email: "jan@example.test",
          denomination: "Peeters",
          password: "s3"
        }),
        status: 200,
        headers: json,
        body: but(
          textOf(answers.added).replace('"success":true', '"success":"true"').replace("janpeeters", "jan")
        )
      },
      {
        request: get("/customer/list?email=jan@example.test"),
        status: 200,
        body: /"groupePrice":"01".*"lastName":"Peeters".*"showPrice":true/
      }
    ]
  },
  {
    title: "blanks around values, no body and no content type",
    ...notes(10, "observed"),
    customers: [anna],
    exchanges: [
      {
        request: { method: "POST", target: "/customer/update/?id_client=1%20%20&city=Gent%20%20" },
        status: 200,
        headers: json,
        body: updated
      }
    ]
  },
  {
    title: "a delete",
    mark: "observed",
    source: "protocols/megawin.md, section 6",
    customers: [anna],
    exchanges: [
      {
        request: { method: "DELETE", target: "/customer/delete/?id_client=1" },
        status: 200,
        headers: json,
        body: `{"success":"true","message":"Deleted successfully."}`
      },
      { request: get("/customer/list"), status: 200, body: empty }
    ]
  }
]
