/** This dialect as the conformance kit is told of it: its layers, and how an old client of the vendor talks. */
import {
  DialectSubject,
  type SpoiledRecord,
  type Subject,
  type Wire,
  type WireAnswer,
  type WireCall,
  type WireFilter
} from "@tillbridge/conformance"
import { type CustomerWithCards, externalKey } from "@tillbridge/domain"
import { parseXml, xmlChild, xmlChildText } from "@tillbridge/wire"
import { Effect, Layer, Result } from "effect"
import {
  layerPolarisDestination,
  layerPolarisSource,
  Polaris,
  PolarisClient,
  polarisCodec,
  type PolarisOptions,
  PolarisRoutes
} from "../src/index.ts"
import { examples } from "./examples.ts"
import { form } from "./server.ts"

type Format = NonNullable<PolarisOptions["format"]>

const word = encodeURIComponent
const keyOf = ({ customer }: CustomerWithCards) => word(externalKey(customer.externalIds, "SHOP") ?? "")

const methods = ["GET", "POST"]
const get = (target: string) => ({ method: "GET", target: `/core/api/${target}` })
const post = (target: string, body: string) => ({
  method: "POST",
  target: `/core/api/${target}`,
  headers: form,
  body
})

const everybody = "Client.GetClientsModified?lastChanged=2000-01-01&codeMagasin=1&limit=1000"

const calls: ReadonlyArray<WireCall> = [
  {
    name: "Client.GetClient",
    needs: "read",
    methods,
    identities: ["IDClient", "CodeMagasin"],
    request: ({ customer }) => get(`Client.GetClient?CodeMagasin=1&IDClient=${customer.id}`)
  },
  {
    name: "Client.GetClient as JSON, by key and by a form",
    needs: "read",
    methods,
    identities: ["Cle", "prefixCle", "CodeMagasin"],
    request: (about) =>
      post("Client.GetClient?output=json&CodeMagasin=2", `prefixCle=SHOP&Cle=${keyOf(about)}`)
  },
  {
    name: "Client.GetClientsModified",
    needs: "read",
    methods,
    identities: ["codeMagasin", "prefixCle"],
    request: () => get(`${everybody}&prefixCle=SHOP`)
  },
  {
    name: "Client.PutClient",
    needs: "write",
    methods,
    identities: ["InfoClient", "CodeMagasin", "prefixCle"],
    request: ({ customer }) =>
      post(
        "Client.PutClient",
        `CodeMagasin=1&prefixCle=SHOP&InfoClient=${word(`<InfoClient><IDClient>${customer.id}</IDClient><Nom>Changed</Nom></InfoClient>`)}`
      )
  },
  {
    name: "Client.PutClient by key, as JSON, in the query alone",
    needs: "write",
    methods,
    identities: ["InfoClient", "CodeMagasin", "prefixCle"],
    request: (about) =>
      get(
        `Client.PutClient?output=json&CodeMagasin=1&prefixCle=SHOP&InfoClient=${word(`{"Cle":"${decodeURIComponent(keyOf(about))}","Nom":"Changed"}`)}`
      )
  }
]

const filters: ReadonlyArray<WireFilter> = [
  { name: "nobody left out", request: () => get(everybody), selects: () => true },
  {
    name: "nobody left out, as JSON with keys",
    request: () => get(`${everybody}&output=json&prefixCle=SHOP`),
    selects: () => true
  },
  {
    name: "IDClient",
    request: ({ customer }) => get(`Client.GetClient?CodeMagasin=1&IDClient=${customer.id}`),
    selects: (candidate, wanted) => candidate.customer.id === wanted.customer.id
  },
  {
    name: "Cle and prefixCle",
    request: (wanted) =>
      keyOf(wanted) === ""
        ? null
        : get(`Client.GetClient?CodeMagasin=1&output=json&prefixCle=SHOP&Cle=${keyOf(wanted)}`),
    selects: (candidate, wanted) => keyOf(candidate) === keyOf(wanted)
  }
]

const signIn: Wire["signIn"] = (send, { login, secret }) =>
  Effect.map(send(post("ACL.Login", `user=${word(login ?? "")}&password=${word(secret)}`)), (answer) =>
    answer.status === 200
      ? { auth: { headers: { cookie: answer.headers["set-cookie"]?.split(";")[0] ?? "" } } }
      : { refused: answer }
  )

interface Said {
  readonly error: string | null
  readonly ids: ReadonlyArray<string>
}

const inJson = (text: string): Said => {
  const value = JSON.parse(text) as {
    readonly Error?: { readonly Code: string; readonly Message: string }
    readonly clients?: ReadonlyArray<{ readonly IDClient: number }>
    readonly IDClient?: number
  } | null
  if (value?.Error !== undefined) return { error: `${value.Error.Code}: ${value.Error.Message}`, ids: [] }
  const clients = value?.clients ?? (value?.IDClient === undefined ? [] : [{ IDClient: value.IDClient }])
  return { error: null, ids: clients.map(({ IDClient }) => String(IDClient)) }
}

const inXml = (text: string): Said => {
  const parsed = parseXml(text, { maxBytes: 10_000_000, maxElements: 100_000 })
  if (Result.isFailure(parsed)) throw new Error(parsed.failure.reason)
  const root = parsed.success
  switch (root.name) {
    case "Error":
      return { error: `${xmlChildText(root, "Code")}: ${xmlChildText(root, "Message")}`, ids: [] }
    case "InfoClient":
      return { error: null, ids: [xmlChildText(root, "IDClient") ?? ""] }
    case "FragmentedInfoClient":
      return {
        error: null,
        ids: (xmlChild(root, "clients")?.children ?? []).map(
          (client) => xmlChildText(client, "IDClient") ?? ""
        )
      }
    case "long":
    case "boolean":
      return { error: null, ids: [] }
    default:
      throw new Error(`has the root ${root.name}`)
  }
}

const said = ({ headers, status, text }: WireAnswer): Said => {
  const isXml = text.startsWith("<")
  const type = isXml ? "text/xml; charset=utf-8" : "application/json; charset=utf-8"
  if (headers["content-type"] !== type) throw new Error(`is called ${headers["content-type"]}`)
  const what = isXml ? inXml(text) : inJson(text)
  if ((what.error === null) !== (status === 200)) throw new Error(`has the status ${status}`)
  return what
}

/** A member that holds a NUL, which XML has no way to write and no store can carry. */
const spoiled: Readonly<Record<Format, SpoiledRecord>> = {
  xml: {
    spoil: (text, key) =>
      text.replace(`<IDClient>${key}</IDClient>`, (found) => `${found}<Autre>&#0;</Autre>`),
    mend: (payload) => payload.replace("<Autre>&#0;</Autre>", "")
  },
  json: {
    spoil: (text, key) => text.replace(`{"IDClient":${key},`, (found) => `${found}"Autre":"\\u0000",`),
    mend: (payload) => payload.replace(`,"Autre":"\\u0000"`, "")
  }
}

const subject = (format: Format): Subject => {
  const client = ({
    baseUrl,
    externalSystem,
    login,
    pageSize,
    secret,
    timeZone
  }: Parameters<Subject["source"]>[0]) =>
    PolarisClient.layer({
      baseUrl,
      user: login ?? "",
      password: secret,
      codeMagasin: 1,
      prefixCle: externalSystem,
      timeZone,
      format,
      pageSize,
      // The codec's calls name the shop too.
      writeStore: true
    })
  return {
    dialect: Polaris,
    routes: PolarisRoutes.layer(),
    codec: polarisCodec,
    carries: [
      "externalIds",
      "title",
      "firstName",
      "lastName",
      "gender",
      "email",
      "phone",
      "mobilePhone",
      "address.line1",
      "address.line2",
      "address.line3",
      "address.postalCode",
      "address.city",
      "address.country",
      "consents.email"
    ],
    tellsModifiedAt: true,
    spoiledRecord: spoiled[format],
    source: (site) => layerPolarisSource.pipe(Layer.provide(client(site))),
    destination: (site) => layerPolarisDestination.pipe(Layer.provide(client(site))),
    wire: {
      signIn,
      calls,
      filters,
      examples,
      told: (answer) => {
        const { error, ids } = said(answer)
        if (error !== null) throw new Error(error)
        return ids
      },
      refusal: (answer) => said(answer).error,
      // Signed with a secret of the process.
      steady: (body) => body.replace(/(checkPoint"?[>:]"?)[A-Za-z0-9_-]+/g, "$1")
    }
  }
}

/** The dialect with a client that asks for one of the two forms. */
export const layerSubject = (format: Format): Layer.Layer<DialectSubject> =>
  Layer.succeed(DialectSubject, subject(format))
