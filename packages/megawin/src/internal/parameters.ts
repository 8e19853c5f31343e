/**
 * The parameters of a request to the drop-in server, read into what the domain's services take. What update and add do
 * not document is ignored without a word (OBSERVED: clients send whole records back). An `InvalidField` names the
 * parameter as the vendor spells it.
 */
import { type CustomerPatch, type CustomerRecord, InvalidField, orNull } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { scalarFlag } from "../MegawinSchema.ts"
import { addPart, customerReaders, readGroup, readText, wrong } from "./fields.ts"

/** Values by name, as they came; blanks around them are no part of them (one client puts them into its query). */
export interface Values {
  readonly get: (name: string) => string | undefined
  /** Whether a password was given; the value itself is gone. */
  readonly hasPassword: boolean
}

type Kept = Record<string, Schema.Json>

/** Fields of an update (DOCUMENTED), besides `id_client`, and `password`, which is dropped. */
const updateNames = [...Object.keys(customerReaders), "showPrice", "megawinapp_login"] as const

/** Fields of an add (DOCUMENTED), besides `password`. */
const addNames = [
  "nom",
  "prenom",
  "email",
  "denomination",
  "megatech_GPR_No",
  "is_guest",
  "afficher_prix",
  "actif",
  "langue"
] as const

/** Names that say who is meant or who is asking. Said twice, they would leave it open. */
export const identities = ["apikey", "id_client", "clcleunik", "id", "email"] as const

/** Without the `u` flag, so that ASCII letters alone fold. */
const identity = new RegExp(`^(${identities.join("|")})((?:\\[.*)?)$`, "i")

/**
 * The identity that a name spells, in any letter case: one that is spelled otherwise and not seen would make a filter
 * for one customer a list of everybody, of which a client takes the first. `isList`: as `id_client[]`, PHP's many values.
 */
export const identityIn = (name: string): { readonly name: string; readonly isList: boolean } | undefined => {
  const match = identity.exec(name)
  return match === null ? undefined : { name: match[1]!.toLowerCase(), isList: match[2] !== "" }
}

/** Every name that means something in some call. */
export const knownNames: ReadonlySet<string> = new Set([...identities, ...updateNames, ...addNames])

const fail = (field: string, reason: string) => Result.fail(wrong(field, reason))

const hundred = BigDecimal.fromBigInt(100n)
const nought = BigDecimal.fromBigInt(0n)

/** A percentage that a shop may give; what a vendor tells is taken as it is. */
const isDiscount = (percent: BigDecimal.BigDecimal): boolean =>
  !BigDecimal.isLessThan(percent, nought) && !BigDecimal.isGreaterThan(percent, hundred)

/** Yes or no; `null` when empty, which means the vendor's default. */
const readFlag = (name: string, value: string): boolean | null | InvalidField =>
  value === "" ? null : (scalarFlag(value) ?? wrong(name, "must be 1 or 0"))

/** The fields of an update: an absent one is left, an empty one is cleared. */
export const readUpdate = (values: Values): Result.Result<CustomerPatch, InvalidField> => {
  let patch: CustomerPatch = {}
  for (const name in customerReaders) {
    const value = values.get(name)
    if (value === undefined) continue
    const part = customerReaders[name]!(name, value)
    if (part instanceof InvalidField) return Result.fail(part)
    patch = addPart(patch, part)
  }
  if (patch.discountPercent != null && !isDiscount(patch.discountPercent)) {
    return fail("webRemise", "must be a percentage from 0 to 100")
  }
  const kept: Kept = {}
  const show = values.get("showPrice")
  if (show !== undefined) {
    const flag = readFlag("showPrice", show)
    if (flag instanceof InvalidField) return Result.fail(flag)
    kept["showPrice"] = flag
  }
  const app = values.get("megawinapp_login")
  if (app !== undefined) {
    const login = readText("megawinapp_login", app)
    if (login instanceof InvalidField) return Result.fail(login)
    kept["megawinapp_login"] = login
  }
  return Result.succeed(Object.keys(kept).length === 0 ? patch : { ...patch, extensions: { megawin: kept } })
}

/** What an add says of the new customer. */
export interface AddRequest {
  readonly email: string
  readonly record: Pick<
    CustomerRecord,
    "lastName" | "firstName" | "email" | "company" | "language" | "extensions"
  >
  readonly group: { readonly name: string } | null
}

/** The fields of an add; those that the vendor requires must say something. */
export const readAdd = (values: Values): Result.Result<AddRequest, InvalidField> => {
  const texts: Record<string, string | null> = {}
  for (const name of ["nom", "prenom", "email", "denomination", "langue"]) {
    const text = readText(name, values.get(name) ?? null)
    if (text instanceof InvalidField) return Result.fail(text)
    if (text === null && name !== "langue") return fail(name, "is required")
    texts[name] = text
  }
  if (!values.hasPassword) return fail("password", "is required")
  const group = readGroup("megatech_GPR_No", values.get("megatech_GPR_No") ?? null)
  if (group instanceof InvalidField) return Result.fail(group)
  const kept: Kept = {}
  for (const [name, key] of [
    ["afficher_prix", "showPrice"],
    ["is_guest", "is_guest"],
    ["actif", "actif"]
  ] as const) {
    const flag = readFlag(name, values.get(name) ?? "")
    if (flag instanceof InvalidField) return Result.fail(flag)
    if (flag !== null) kept[key] = key === "showPrice" ? flag : Number(flag)
  }
  return Result.succeed({
    email: texts["email"]!,
    group,
    record: {
      lastName: texts["nom"]!,
      firstName: texts["prenom"]!,
      email: texts["email"]!,
      company: { name: texts["denomination"]! },
      language: texts["langue"]!,
      extensions: { megawin: kept }
    }
  })
}

/** The name of the vendor's making (DOCUMENTED by one example): `john.doe@…` becomes `johndoe`. */
export const loginFrom = (email: string): string => {
  const local = email.slice(0, Math.max(0, email.indexOf("@"))).toLowerCase()
  return local.replace(/[^a-z0-9]/g, "").slice(0, 100) || "customer"
}

/** The values of a JSON object; `null` says nothing. Members that mean nothing here are not looked at. */
export const valuesOfJson = (
  members: Readonly<Record<string, unknown>>
): Result.Result<Map<string, string>, InvalidField> => {
  const values = new Map<string, string>()
  for (const member of Object.keys(members)) {
    const spelled = identityIn(member)
    if (spelled === undefined && !knownNames.has(member)) continue
    const name = spelled?.name ?? member
    const value = members[member]
    if (spelled?.isList === true) return fail(name, "must be a single value")
    if (values.has(name)) return fail(name, "is given more than once")
    if (typeof value === "object" && value !== null) return fail(name, "must be a single value")
    const text = value === null ? "" : String(value)
    if (!text.isWellFormed() || text.includes("\0")) {
      return fail(name, "must not contain NUL or a lone surrogate")
    }
    values.set(name, text)
  }
  return Result.succeed(values)
}

export const isBlank = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === "string" && orNull(value) === null)
