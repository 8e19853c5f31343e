/**
 * The one table between the vendor's members and the domain's fields. Its names and the readings are INFERRED
 * throughout; what the members mean is taken from the labels of the vendor's back office (DOCUMENTED there). A member
 * without `read` and `write` has no word in the domain: it is kept in `extensions.polaris` and given back unchanged.
 * The server reads strictly (a wrong value is an error), the client leniently (it is kept beside the domain's fields).
 */
import {
  type Customer,
  type CustomerPatch,
  InvalidField,
  orNull,
  type StoreId,
  type TimeZone
} from "@tillbridge/domain"
import type { CardMember, ClientMember, PolarisNames } from "../PolarisNames.ts"
import { formatDay, readTime, readWall } from "./dates.ts"

/** What reading depends on. */
export interface ReadContext {
  readonly timeZone: TimeZone
  /** System whose keys stand in `Cle`. */
  readonly externalSystem: string
  readonly names: PolarisNames
}

export interface WriteContext {
  readonly timeZone: TimeZone
  readonly names: PolarisNames
}

/** The form of a value: numbers and booleans stand bare in JSON. */
export type Kind = "text" | "whole" | "decimal" | "yes" | "time" | "list"

/** A member: what it is on the wire, what a reader of the documentation is told, and its place in the domain. */
export interface Column {
  readonly kind: Kind
  /** The .NET type, as the documentation pages name it. */
  readonly net: string
  /** In French: it stands on pages that a shop's developer reads. */
  readonly meaning: string
  /** `null` is not written. */
  readonly write?: (customer: Customer, context: WriteContext) => string | null
  /** Reads a value into the patch, or says what is wrong with it; `null` says that it is empty, which clears. */
  readonly read?: (
    patch: PatchInto,
    name: string,
    value: string | null,
    context: ReadContext
  ) => InvalidField | undefined
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** A patch while members are read into it. */
export type PatchInto = Mutable<Omit<CustomerPatch, "address" | "consents">> & {
  address?: Mutable<NonNullable<CustomerPatch["address"]>>
  consents?: Mutable<NonNullable<CustomerPatch["consents"]>>
}

const wrong = (field: string, reason: string) => new InvalidField({ field, reason })

export const isWrong = (value: unknown): value is InvalidField => value instanceof InvalidField

/** Whether a text can be kept at all: no store carries NUL or a lone surrogate. */
export const isStorable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed()

/** What the domain's `Text` takes, checked by hand: it stands in the way of every field of every customer. */
const isText = (text: string): boolean => text.length <= 1_000 && isStorable(text)

const readText = (name: string, value: string | null): string | null | InvalidField => {
  const given = orNull(value)
  return given === null || isText(given)
    ? given
    : wrong(name, "must be at most 1000 characters long, without NUL")
}

type TextField = "title" | "firstName" | "lastName" | "email" | "phone" | "mobilePhone"

const text = (field: TextField, meaning: string): Column => ({
  kind: "text",
  net: "String",
  meaning,
  write: (customer) => customer[field],
  read: (patch, name, value) => {
    const read = readText(name, value)
    if (isWrong(read)) return read
    patch[field] = read
    return undefined
  }
})

const addressPart = (
  part: "line1" | "line2" | "line3" | "postalCode" | "city" | "country",
  meaning: string
): Column => ({
  kind: "text",
  net: "String",
  meaning,
  write: (customer) => customer.address[part],
  read: (patch, name, value) => {
    const read = readText(name, value)
    if (isWrong(read)) return read
    const address = (patch.address ??= {})
    address[part] = read
    return undefined
  }
})

const kept = (kind: Kind, net: string, meaning: string): Column => ({ kind, net, meaning })

/** The words and letters that a French till may have for the two. */
const genders: Readonly<Record<string, "female" | "male">> = {
  f: "female",
  femme: "female",
  feminin: "female",
  féminin: "female",
  m: "male",
  h: "male",
  homme: "male",
  masculin: "male"
}

const sexe: Column = {
  kind: "text",
  net: "String",
  meaning: "Sexe : F ou M (H, Femme, Homme, Féminin et Masculin sont aussi lus)",
  write: ({ gender }) => (gender === null ? null : gender === "female" ? "F" : "M"),
  read: (patch, name, value) => {
    const given = orNull(value)
    const word = given?.trim().toLowerCase() ?? ""
    if (given !== null && !Object.hasOwn(genders, word)) return wrong(name, "must be F or M")
    patch.gender = given === null ? null : genders[word]!
    return undefined
  }
}

/** A birthday's year before this one says that the year is unknown. */
const oldestYear = 1850

const birthday: Column = {
  kind: "time",
  net: "DateTime (Optionnel)",
  meaning: "Date d'anniversaire ; une année avant 1850 (ici 0004) signifie que l'année n'est pas connue",
  write: ({ birthDate: { day, month, year } }, { names }) =>
    day === null || month === null ? null : formatDay(year ?? names.dates.unknownYear, month, day),
  read: (patch, name, value, context) => {
    const given = orNull(value)
    // .NET's smallest date is how it writes "no date".
    if (given === null || given.trimStart().startsWith("0001-01-01")) {
      patch.birthDate = { day: null, month: null, year: null }
      return undefined
    }
    const local = readWall(given, context.timeZone)
    if (local === undefined) return wrong(name, "must be a date such as 1980-12-31")
    const { day, month, year } = local
    if (year > 2999) return wrong(name, "must be a date before the year 3000")
    patch.birthDate = { day, month, year: year < oldestYear ? null : year }
    return undefined
  }
}

/** Every spelling of yes and no that a .NET or a French program writes. */
export const readYes = (value: string): boolean | undefined => {
  switch (value.trim().toLowerCase()) {
    case "true":
    case "1":
    case "oui":
      return true
    case "false":
    case "0":
    case "non":
      return false
    default:
      return undefined
  }
}

const mailing: Column = {
  kind: "yes",
  net: "Boolean",
  meaning: "Accepte de recevoir des messages (lu et écrit comme l'accord pour l'e-mail)",
  write: ({ consents }) => String(consents.email),
  read: (patch, name, value) => {
    const agreed = orNull(value) === null ? false : readYes(value ?? "")
    if (agreed === undefined) return wrong(name, "must be true or false")
    patch.consents = { email: agreed }
    return undefined
  }
}

/** An Int32 as text; `undefined` when it is none. */
export const readInt32 = (value: string): number | undefined => {
  const given = value.trim()
  const number = /^[+-]?[0-9]{1,10}$/.test(given) ? Number(given) : Number.NaN
  return number >= -2_147_483_648 && number <= 2_147_483_647 ? number : undefined
}

const shop: Column = {
  kind: "whole",
  net: "Int32 (Optionnel)",
  meaning: "Magasin du client",
  write: ({ registeredIn }) => (registeredIn === null ? null : String(registeredIn)),
  read: (patch, name, value) => {
    const given = orNull(value)
    const number = given === null ? null : readInt32(given)
    if (number === undefined || (number !== null && number < 1))
      return wrong(name, "must be the number of a store")
    patch.registeredIn = number as StoreId | null
    return undefined
  }
}

export const clientColumns: Readonly<Record<ClientMember, Column>> = {
  IDClient: {
    kind: "whole",
    net: "Int64 (Optionnel)",
    meaning: "Numéro du client ; absent ou vide pour en créer un",
    write: ({ id }) => String(id)
  },
  Cle: { kind: "text", net: "String", meaning: "Clé extérieure ; présente seulement avec prefixCle" },
  Ident: text("title", "Civilité"),
  Nom: text("lastName", "Nom"),
  Prenom: text("firstName", "Prénom"),
  Sexe: sexe,
  Adresse1: addressPart("line1", "Adresse, première ligne"),
  Adresse2: addressPart("line2", "Adresse, deuxième ligne"),
  Adresse3: addressPart("line3", "Adresse, troisième ligne"),
  CodePostal: addressPart("postalCode", "Code postal"),
  Ville: addressPart("city", "Ville"),
  Pays: addressPart("country", "Pays"),
  Telephone: text("phone", "Téléphone"),
  Mobile: text("mobilePhone", "Téléphone mobile"),
  Email: text("email", "Adresse e-mail (Mail est aussi lu)"),
  CodeMagasin: shop,
  TypeClient: kept("text", "String", "Client, Prospect ou Personnel"),
  Critere1: kept("whole", "Int32 (Optionnel)", "Critère libre 1"),
  Critere2: kept("whole", "Int32 (Optionnel)", "Critère libre 2"),
  Critere3: kept("whole", "Int32 (Optionnel)", "Critère libre 3"),
  DateAnniversaire: birthday,
  DateAnniversaire2: kept("time", "DateTime (Optionnel)", "Deuxième date"),
  DateAnniversaire3: kept("time", "DateTime (Optionnel)", "Troisième date"),
  Mailing: mailing,
  CodeEAN: kept("text", "String", "Code EAN du client"),
  DateModification: {
    kind: "time",
    net: "DateTime (Optionnel)",
    meaning: "Dernier changement du client ou de l'une de ses cartes ; ignorée en écriture"
  },
  Cartes: {
    kind: "list",
    net: "Liste de InfoCarte",
    meaning: "Cartes de fidélité du client ; ignorées en écriture"
  }
}

/** Cards are only read through this API. Counters have no word in the domain. */
export const cardColumns: Readonly<Record<CardMember, Column>> = {
  Numero: kept("text", "String", "Numéro de la carte, tel quel (zéros compris)"),
  TypeCarte: kept("text", "String", "Type de carte"),
  NombreArticles: kept("whole", "Int32 (Optionnel)", "Nombre d'articles"),
  NombrePoints: kept("decimal", "Decimal (Optionnel)", "Nombre de points"),
  NombrePassages: kept("whole", "Int32 (Optionnel)", "Nombre de passages"),
  TotalVentes: kept("decimal", "Decimal (Optionnel)", "Total des ventes"),
  MontantCadeaux: kept("decimal", "Decimal (Optionnel)", "Montant des cadeaux"),
  CompteurBonus: kept("decimal", "Decimal (Optionnel)", "Compteur de bonus"),
  DateFinValidite: kept("time", "DateTime (Optionnel)", "Fin de validité"),
  EstValide: kept("yes", "Boolean", "Carte valable (ici : qui n'est pas bloquée)")
}

/** What is wrong with a value that is only kept, for a caller who should be told. */
export const whyNotKept = (kind: Kind, value: string, zone: TimeZone): string | undefined => {
  if (!isText(value)) return "must be at most 1000 characters long, without NUL"
  switch (kind) {
    case "whole":
      return readInt32(value) === undefined ? "must be a whole number of 32 bits" : undefined
    case "decimal":
      return /^[+-]?[0-9]{1,24}([.][0-9]{1,12})?$/.test(value.trim()) ? undefined : "must be a decimal number"
    case "yes":
      return readYes(value) === undefined ? "must be true or false" : undefined
    case "time":
      return readTime(value, zone) === undefined ? "must be a date such as 1980-12-31" : undefined
    default:
      return undefined
  }
}

/** The members for a field that the domain itself refused. */
const memberNames: Readonly<Record<string, string>> = {
  birthDate: "DateAnniversaire",
  externalIds: "Cle",
  lastName: "Nom",
  firstName: "Prenom",
  registeredIn: "CodeMagasin"
}

/** The vendor's name for a domain field; a name that is not the domain's stays. */
export const memberNameOf = (field: string): string => memberNames[field] ?? field
