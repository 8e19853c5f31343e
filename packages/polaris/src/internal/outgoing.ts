/** What a client sends when it writes: the domain's records as members of the vendor's client record. */
import { type CustomerRecord, type ExternalId, externalKey, type TimeZone } from "@tillbridge/domain"
import type * as Schema from "effect/Schema"
import type { ClientMember, PolarisNames } from "../PolarisNames.ts"
import { scalarText } from "../PolarisSchema.ts"
import { formatDay } from "./dates.ts"
import { DIALECT } from "./dialect.ts"
import { type Field, isBare, isMemberName, jsonOf, xmlOf } from "./encode.ts"
import { clientColumns, type Column } from "./fields.ts"
import { isPasswordName } from "./passwords.ts"

/** Members by this package's names; an empty text clears, what is absent stays as it is (INFERRED). */
export type OutgoingClient = Readonly<Record<string, Schema.Json>>

/**
 * The key by which another system's customer goes into `Cle`: its plain key in the system that the prefix stands for,
 * else `system:key`, so that equal keys of two systems never meet.
 */
export const outgoingKey = (
  source: ExternalId,
  others: ReadonlyArray<ExternalId>,
  externalSystem: string
): string => externalKey([source, ...others], externalSystem) ?? `${source.system}:${source.key}`

const birthday = (birthDate: CustomerRecord["birthDate"], names: PolarisNames): string | undefined => {
  if (birthDate === undefined) return undefined
  const { day, month, year } = birthDate
  if (day === null && month === null && year === null) return ""
  // Without a day and a month there is no date to write, and nothing says that there is none.
  return day == null || month == null ? undefined : formatDay(year ?? names.dates.unknownYear, month, day)
}

const columnOf = (name: string): Column | undefined =>
  Object.hasOwn(clientColumns, name) ? clientColumns[name as ClientMember] : undefined

/** What this API itself says about a client and the domain only keeps, known to this package or not. */
const keptMembers = (kept: Readonly<Record<string, Schema.Json>>): Record<string, Schema.Json> => {
  const out: Record<string, Schema.Json> = {}
  for (const name in kept) {
    const value = kept[name]
    if (value === undefined || value === null || value === "" || isPasswordName(name)) continue
    const column = columnOf(name)
    if (column === undefined) {
      if (isMemberName(name)) out[name] = value
    } else if (column.read === undefined && !notSent.has(name)) {
      const text = scalarText(value)
      if (text !== null) out[name] = text
    }
  }
  return out
}

/** The site's own to say, and the key, which comes from the external ids. */
const notSent = new Set<string>([
  "IDClient",
  "Cle",
  "DateModification",
  "Cartes"
] satisfies Array<ClientMember>)

/**
 * A customer's members for `Client.PutClient`: only those that the record has, `null` as empty text. The shop is left
 * out unless asked for, because stores have numbers of their own in every system. `timeZone` is the site's.
 */
export const outgoingClient = (
  record: CustomerRecord,
  options: { readonly names: PolarisNames; readonly timeZone: TimeZone; readonly withStore: boolean }
): OutgoingClient => {
  const out: Record<string, Schema.Json> = keptMembers(record.extensions?.[DIALECT] ?? {})
  const put = (member: ClientMember, value: string | null | undefined) => {
    if (value !== undefined) out[member] = value ?? ""
  }
  const { address, consents, gender, registeredIn } = record
  put("Ident", record.title)
  put("Nom", record.lastName)
  put("Prenom", record.firstName)
  put("Sexe", gender == null ? gender : gender === "female" ? "F" : "M")
  put("Adresse1", address?.line1)
  put("Adresse2", address?.line2)
  put("Adresse3", address?.line3)
  put("CodePostal", address?.postalCode)
  put("Ville", address?.city)
  put("Pays", address?.country)
  put("Telephone", record.phone)
  put("Mobile", record.mobilePhone)
  put("Email", record.email)
  put("DateAnniversaire", birthday(record.birthDate, options.names))
  put("Mailing", consents?.email === undefined ? undefined : String(consents.email))
  if (options.withStore) put("CodeMagasin", registeredIn == null ? registeredIn : String(registeredIn))
  return out
}

/** The members as one document: XML without a declaration, or JSON, where an empty number or date is `null`. */
export const writeClient = (client: OutgoingClient, format: "xml" | "json", names: PolarisNames): string => {
  const wireNames: Readonly<Record<string, string>> = names.client
  const fields = Object.entries(client).map(([member, value]): Field => {
    const name = wireNames[member] ?? member
    const kind = columnOf(member)?.kind ?? "text"
    if (typeof value !== "string") return [name, value]
    return value === "" && kind !== "text" && format === "json"
      ? [name, null]
      : [name, value, isBare(kind, value)]
  })
  const { client: root } = names.roots
  return format === "json" ? `{${jsonOf(fields)}}` : `<${root}>${xmlOf(fields)}</${root}>`
}
