/** This dialect as the conformance kit is told of it: its layers, and how an old client of the vendor talks. */
import {
  DialectSubject,
  keyInQuery,
  type Subject,
  type WireAnswer,
  type WireCall,
  type WireFilter
} from "@tillbridge/conformance"
import { Layer } from "effect"
import {
  layerMegawinDestination,
  layerMegawinSource,
  Megawin,
  MegawinClient,
  megawinCodec,
  MegawinRoutes
} from "../src/index.ts"
import { examples } from "./examples.ts"

const word = encodeURIComponent
const json = { "content-type": "application/json" }

const get = (target: string) => ({ method: "GET", target })
const post = (target: string, body: object) => ({
  method: "POST",
  target,
  headers: json,
  body: JSON.stringify(body)
})

const jan = { nom: "Peeters", prenom: "Jan", denomination: "Peeters", password: "s3" }

const calls: ReadonlyArray<WireCall> = [
  {
    name: "list",
    needs: "read",
    methods: ["GET", "HEAD", "OPTIONS"],
    identities: ["id_client"],
    request: ({ customer }) => get(`/CUSTOMER/LIST/?id_client=${customer.id}`)
  },
  {
    name: "list, as clients write it",
    needs: "read",
    methods: ["GET", "HEAD", "OPTIONS"],
    identities: ["clcleunik", "id", "email"],
    request: ({ customer }) =>
      get(`/customer/list?clcleunik=${customer.id}&id=${customer.id}&email=${word(customer.email ?? "x")}`)
  },
  {
    name: "add",
    needs: "write",
    methods: ["POST", "OPTIONS"],
    identities: ["email"],
    request: ({ customer }) => post("/customer/add", { ...jan, email: `new${customer.id}@example.test` })
  },
  {
    name: "update",
    needs: "write",
    methods: ["POST", "OPTIONS"],
    identities: ["id_client"],
    request: ({ customer }) => post("/customer/update/", { id_client: `${customer.id}`, city: "Gent" })
  },
  {
    name: "update by a form",
    needs: "write",
    methods: ["POST", "OPTIONS"],
    identities: ["id_client"],
    request: ({ customer }) => ({
      method: "POST",
      target: "/customer/update",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `id_client=${customer.id}&webRemise=7`
    })
  },
  {
    name: "update in the query alone",
    needs: "write",
    methods: ["POST", "OPTIONS"],
    identities: ["id_client"],
    request: ({ customer }) => ({
      method: "POST",
      target: `/customer/update/?id_client=${customer.id}&city=Gent`
    })
  },
  {
    name: "delete",
    needs: "write",
    methods: ["DELETE", "OPTIONS"],
    identities: ["id_client"],
    request: ({ customer }) => ({ method: "DELETE", target: `/customer/delete/?id_client=${customer.id}` })
  }
]

const byId = (name: string): WireFilter => ({
  name,
  request: ({ customer }) => get(`/CUSTOMER/LIST/?${name}=${customer.id}`),
  selects: (candidate, wanted) => candidate.customer.id === wanted.customer.id
})

const filters: ReadonlyArray<WireFilter> = [
  { name: "nobody left out", request: () => get("/CUSTOMER/LIST/"), selects: () => true },
  byId("id_client"),
  byId("clcleunik"),
  byId("id"),
  {
    name: "email",
    request: ({ customer }) =>
      customer.email === null ? null : get(`/customer/list/?email=${word(customer.email)}`),
    selects: (candidate, wanted) => candidate.customer.email === wanted.customer.email
  },
  {
    name: "email as clients write it",
    request: ({ customer }) =>
      customer.email === null ? null : get(`/customer/list/?email=${customer.email}`),
    selects: (candidate, wanted) => candidate.customer.email === wanted.customer.email
  },
  {
    name: "everything together",
    request: ({ customer }) =>
      customer.email === null
        ? null
        : get(`/customer/list/?id=${customer.id}&clcleunik=${customer.id}&email=${word(customer.email)}`),
    selects: (candidate, wanted) => candidate.customer.id === wanted.customer.id
  }
]

interface Envelope {
  readonly success: unknown
  readonly message?: string
  readonly result?: { readonly customer: ReadonlyArray<{ readonly clcleunik: string }> }
}

const envelope = ({ headers, text }: WireAnswer): Envelope => {
  const type = headers["content-type"]
  if (type !== "application/json; charset=utf-8") throw new Error(`is called ${type}`)
  const body = JSON.parse(text) as Envelope
  if (body.success !== "true" && body.success !== "false") throw new Error("says neither yes nor no")
  if (typeof body.message !== "string" || body.message === "") throw new Error("has no message")
  return body
}

const client = ({ baseUrl, pageSize, secret, timeZone }: Parameters<Subject["source"]>[0]) =>
  MegawinClient.layer({ baseUrl, apiKey: secret, timeZone, pageSize })

const subject: Subject = {
  dialect: Megawin,
  routes: MegawinRoutes.layer(),
  codec: megawinCodec,
  carries: [
    "firstName",
    "lastName",
    "email",
    "phone",
    "mobilePhone",
    "address.postalCode",
    "address.city",
    "address.country",
    "company.name",
    "company.vatNumber",
    "language",
    "discountPercent"
  ],
  source: (site) => layerMegawinSource.pipe(Layer.provide(client(site))),
  destination: (site) => layerMegawinDestination.pipe(Layer.provide(client(site))),
  wire: {
    signIn: keyInQuery("apikey"),
    calls,
    filters,
    examples,
    told: (answer) => {
      const { result, success } = envelope(answer)
      if (success !== "true" || result === undefined) throw new Error("is no list")
      return result.customer.map(({ clcleunik }) => clcleunik)
    },
    refusal: (answer) => {
      const { message, success } = envelope(answer)
      return success === "true" ? null : message!
    },
    steady: (body) => body.replaceAll(/"locked-[\w-]{24}"/g, '"locked"')
  }
}

/** The dialect, as the kit takes it. */
export const layerSubject: Layer.Layer<DialectSubject> = Layer.succeed(DialectSubject, subject)
