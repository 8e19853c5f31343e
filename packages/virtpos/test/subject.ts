/** This dialect as the conformance kit is told of it: its layers, and how an old client of the vendor talks. */
import {
  DialectSubject,
  keyInQuery,
  type Subject,
  type WireAnswer,
  type WireCall,
  type WireFilter
} from "@tillbridge/conformance"
import { type CustomerWithCards, externalKey } from "@tillbridge/domain"
import { parseXml, type XmlElement, xmlChild, xmlChildText } from "@tillbridge/wire"
import { Layer, Result } from "effect"
import {
  layerVirtposDestination,
  layerVirtposSource,
  Virtpos,
  VirtposClient,
  virtposCodec,
  type VirtposOptions,
  VirtposRoutes
} from "../src/index.ts"
import { examples } from "./examples.ts"
import { form } from "./server.ts"

type Format = NonNullable<VirtposOptions["format"]>

const customerIds = ["id", "external_id"]
const cardIds = ["card_id", "uid", "external_id", "card_barcode"]
const reads = ["GET", "HEAD", "POST", "OPTIONS"]
const writes = ["GET", "POST", "OPTIONS"]

const word = encodeURIComponent
const keyOf = ({ customer }: CustomerWithCards) => word(externalKey(customer.externalIds, "SHOP") ?? "")
const uidOf = ({ cards }: CustomerWithCards) => word(cards[0]?.number ?? "")

const get = (target: string) => ({ method: "GET", target: `/api/customer${target}` })
const post = (target: string, body: string) => ({
  method: "POST",
  target: `/api/customer${target}`,
  headers: form,
  body
})

const calls: ReadonlyArray<WireCall> = [
  {
    name: "list",
    needs: "read",
    methods: reads,
    identities: customerIds,
    request: ({ customer }) => get(`?id=${customer.id}&cards=true`)
  },
  {
    name: "list as JSON, by a form",
    needs: "read",
    methods: reads,
    identities: customerIds,
    request: (about) => post(`?format=json&external_id=${keyOf(about)}`, `phone=${word(phoneOf(about))}`)
  },
  {
    name: "update",
    needs: "write",
    methods: writes,
    identities: customerIds,
    request: ({ customer }) => post(`/update?id=${customer.id}`, "fname=Changed&group_name=New")
  },
  {
    name: "update by the outside key, as JSON, in the query alone",
    needs: "write",
    methods: writes,
    identities: customerIds,
    request: (about) => get(`/update?format=json&external_id=${keyOf(about)}&fname=Changed`)
  },
  {
    name: "updateCard",
    needs: "write",
    methods: writes,
    identities: [...cardIds, "customer_id"],
    request: (about) =>
      post(`/updateCard?uid=${uidOf(about)}`, `status=BLOCKED&customer_id=${about.customer.id}`)
  },
  {
    name: "insertCard",
    needs: "write",
    methods: writes,
    identities: ["uid", "customer_external_id"],
    request: (about) => get(`/insertCard?uid=7${uidOf(about)}&customer_external_id=${keyOf(about)}`)
  },
  {
    name: "deleteCard",
    needs: "write",
    methods: writes,
    identities: cardIds,
    request: (about) => get(`/deleteCard?uid=${uidOf(about)}`)
  }
]

const phoneOf = ({ customer }: CustomerWithCards) => customer.phone ?? customer.mobilePhone ?? ""

const by = (
  name: string,
  ask: (wanted: CustomerWithCards) => string | null,
  selects: WireFilter["selects"]
): WireFilter => ({
  name,
  request: (wanted) => {
    const target = ask(wanted)
    return target === null ? null : get(target)
  },
  selects
})

const same = (read: (record: CustomerWithCards) => unknown): WireFilter["selects"] => {
  return (candidate, wanted) => read(candidate) === read(wanted)
}

const filters: ReadonlyArray<WireFilter> = [
  by(
    "nobody left out",
    () => "",
    () => true
  ),
  by(
    "nobody left out, as JSON with cards",
    () => "?format=json&cards=true&bonuses=true",
    () => true
  ),
  by(
    "id",
    ({ customer }) => `?id=${customer.id}`,
    same(({ customer }) => customer.id)
  ),
  by("external_id", (wanted) => (keyOf(wanted) === "" ? null : `?external_id=${keyOf(wanted)}`), same(keyOf)),
  by(
    "phone",
    (wanted) => (phoneOf(wanted) === "" ? null : `?phone=${word(phoneOf(wanted))}`),
    (candidate, wanted) =>
      [candidate.customer.phone, candidate.customer.mobilePhone].includes(phoneOf(wanted))
  ),
  by(
    "email",
    ({ customer }) => (customer.email === null ? null : `?email=${word(customer.email)}`),
    same(({ customer }) => customer.email)
  ),
  by(
    "with_phone",
    (wanted) => `?with_phone=${phoneOf(wanted) !== ""}`,
    same((record) => phoneOf(record) !== "")
  ),
  by(
    "with_email",
    ({ customer }) => `?with_email=${customer.email !== null}`,
    same(({ customer }) => customer.email !== null)
  )
]

const xmlOf = (text: string): XmlElement => {
  const parsed = parseXml(text)
  if (Result.isFailure(parsed)) throw new Error(parsed.failure.reason)
  return parsed.success
}

/** The envelope's own members and the ids in it, in either form. */
const envelope = ({ headers, text }: WireAnswer) => {
  const isJson = text.startsWith("{")
  const type = isJson ? "application/json; charset=UTF-8" : "application/xml; charset=UTF-8"
  if (headers["content-type"] !== type) throw new Error(`is called ${headers["content-type"]}`)
  if (isJson) {
    const { customers, info, success } = JSON.parse(text) as {
      readonly success: unknown
      readonly info?: string
      readonly customers?: ReadonlyArray<{ readonly id: string }>
    }
    return { success, info, ids: customers?.map(({ id }) => id) }
  }
  const root = xmlOf(text)
  if (root.name !== "root") throw new Error(`has the root ${root.name}`)
  const ids = xmlChild(root, "customers")?.children.map((customer) => xmlChildText(customer, "id") ?? "")
  return { success: Number(xmlChildText(root, "success")), info: xmlChildText(root, "info"), ids }
}

const subject = (format: Format): Subject => {
  const client = ({
    baseUrl,
    externalSystem,
    pageSize,
    secret,
    timeZone
  }: Parameters<Subject["source"]>[0]) =>
    VirtposClient.layer({ baseUrl, apiKey: secret, timeZone, format, pageSize, externalSystem })
  return {
    dialect: Virtpos,
    routes: VirtposRoutes.layer(),
    codec: virtposCodec,
    carries: [
      "externalIds",
      "firstName",
      "middleName",
      "lastName",
      "gender",
      "email",
      "phone",
      "birthDate",
      "consents.push",
      "consents.email",
      "consents.sms",
      "notes",
      "accumulatedSales"
    ],
    source: (site) => layerVirtposSource.pipe(Layer.provide(client(site))),
    destination: (site) => layerVirtposDestination.pipe(Layer.provide(client(site))),
    wire: {
      signIn: keyInQuery("apikey"),
      calls,
      filters,
      examples,
      told: (answer) => {
        const { ids, success } = envelope(answer)
        if (success !== 1 || ids === undefined) throw new Error("is no list")
        return ids
      },
      refusal: (answer) => {
        const { info, success } = envelope(answer)
        if (success === 1) return null
        if (success !== 0 || info === undefined || info === "")
          throw new Error("is neither success nor error")
        return info
      }
    }
  }
}

/** The dialect with a client that asks for one of the two forms. */
export const layerSubject = (format: Format): Layer.Layer<DialectSubject> =>
  Layer.succeed(DialectSubject, subject(format))
