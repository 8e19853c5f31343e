/** What a client sends when it writes: the domain's records as the vendor's JSON bodies. Never a login or a password. */
import type { CustomerRecord } from "@tillbridge/domain"
import { moneyToText } from "@tillbridge/domain"
import type * as Schema from "effect/Schema"
import { scalarFlag, scalarText } from "../MegawinSchema.ts"
import { DEFAULT_GROUP } from "./fields.ts"

/** Parameters by the vendor's names; an empty text clears (OBSERVED). */
export type OutgoingParameters = Readonly<Record<string, string>>

const put = (out: Record<string, string>, name: string, value: string | null | undefined) => {
  if (value !== undefined) out[name] = value ?? ""
}

const keptOf = (record: CustomerRecord): Readonly<Record<string, Schema.Json>> =>
  record.extensions?.["megawin"] ?? {}

/** The vendor's one line of address; absent while no line is told. */
const street = ({ address }: CustomerRecord): string | undefined => {
  if (address === undefined) return undefined
  const { line1, line2, line3 } = address
  if (line1 === undefined && line2 === undefined && line3 === undefined) return undefined
  return [line1, line2, line3].filter((line) => line != null && line !== "").join(", ")
}

/**
 * The fields of an update: only those that the record has, `null` as empty text. The price group cannot be changed by
 * it, nor what the vendor makes itself. Source: Customer Update page.
 */
export const updateParameters = (record: CustomerRecord): OutgoingParameters => {
  const out: Record<string, string> = {}
  const kept = keptOf(record)
  put(out, "email", record.email)
  put(out, "firstName", record.firstName)
  put(out, "lastName", record.lastName)
  put(out, "address", street(record))
  put(out, "zipcode", record.address?.postalCode)
  put(out, "city", record.address?.city)
  put(out, "country", record.address?.country)
  put(out, "phone", record.phone)
  put(out, "cellphone", record.mobilePhone)
  put(out, "denomination", record.company?.name)
  put(out, "tvaNumber", record.company?.vatNumber)
  put(out, "language", record.language)
  const { discountPercent } = record
  put(out, "webRemise", discountPercent == null ? discountPercent : moneyToText(discountPercent))
  const show = scalarFlag(kept["showPrice"])
  if (show !== null) put(out, "showPrice", show ? "1" : "0")
  if ("megawinapp_login" in kept) put(out, "megawinapp_login", scalarText(kept["megawinapp_login"]))
  return out
}

/** The vendor requires these of everybody; "-" stands for one that nobody knows, and an update clears it again. */
const required = (value: string | null | undefined, instead = "-"): string =>
  value == null || value.trim() === "" ? instead : value

/**
 * The fields of an add, by the French names that it takes, without the password. `null` without an e-mail, by which
 * alone the new customer can be found again. Source: Customer Add page.
 */
export const addParameters = (record: CustomerRecord): OutgoingParameters | null => {
  if (record.email == null || record.email.trim() === "") return null
  const kept = keptOf(record)
  const nom = required(record.lastName)
  const out: Record<string, string> = {
    nom,
    prenom: required(record.firstName),
    email: record.email,
    denomination: required(record.company?.name, nom),
    megatech_GPR_No: record.group?.name ?? DEFAULT_GROUP
  }
  const show = scalarFlag(kept["showPrice"])
  if (show !== null) out["afficher_prix"] = show ? "1" : "0"
  for (const name of ["is_guest", "actif"]) {
    const flag = scalarFlag(kept[name])
    if (flag !== null) out[name] = flag ? "1" : "0"
  }
  if (record.language != null && record.language !== "") out["langue"] = record.language
  return out
}

/** The body of an update of the customer with that key. */
export const updateCall = (key: string, record: CustomerRecord): string =>
  JSON.stringify({ id_client: key, ...updateParameters(record) })

/** The body of an add; `password` is the vendor's to require and nobody's to know. */
export const addCall = (parameters: OutgoingParameters, password: string): string =>
  JSON.stringify({ ...parameters, password })
