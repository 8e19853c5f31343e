/**
 * The wire records by this package's names for their members (see `PolarisNames` for a site's). No page lists the
 * members, so all but the client's number may be missing, and what is not known is kept. Reading is lenient: numbers
 * may be text, an empty value may be `null`, "", `{}` or a missing member. What is read becomes text or `null`.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const isEmptyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

export const isScalar = (value: unknown): boolean =>
  value === null || ["string", "number", "bigint", "boolean"].includes(typeof value) || isEmptyObject(value)

/** A scalar in any of its spellings as text; every way of saying "empty" is `null`. */
export const scalarText = (value: unknown): string | null => {
  if (typeof value === "string") return value === "" ? null : value
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : null
}

/** Text, number, boolean or nothing, read as text or `null`. A record or a list with content is refused. */
export const WireText = Schema.Unknown.check(
  Schema.makeFilter(isScalar, { message: "must be a single value" })
).pipe(
  Schema.decodeTo(Schema.NullOr(Schema.String), {
    decode: SchemaGetter.transform(scalarText),
    encode: SchemaGetter.transform((text) => text)
  })
)

const text = Schema.optionalKey(WireText)

/** The client's number: DOCUMENTED as Int64, kept as text because it may be greater than a number can hold. */
const WireId = WireText.check(
  Schema.makeFilter((id) => id !== null && /^\s*-?[0-9]{1,19}\s*$/.test(id), {
    message: "must be a whole number"
  })
)

const rest = [Schema.Record(Schema.String, Schema.Unknown)] as const

/** INFERRED: a loyalty card. The counters are those that the back office shows of a card. */
export const InfoCarte = Schema.StructWithRest(
  Schema.Struct({
    Numero: WireText.check(Schema.makeFilter((number) => number !== null, { message: "must not be empty" })),
    TypeCarte: text,
    NombreArticles: text,
    NombrePoints: text,
    NombrePassages: text,
    TotalVentes: text,
    MontantCadeaux: text,
    CompteurBonus: text,
    DateFinValidite: text,
    EstValide: text
  }),
  rest
)
export type InfoCarte = typeof InfoCarte.Type

/** INFERRED: a client. That there is a number, and that it is an Int64, is DOCUMENTED. */
export const InfoClient = Schema.StructWithRest(
  Schema.Struct({
    IDClient: WireId,
    Cle: text,
    Ident: text,
    Nom: text,
    Prenom: text,
    Sexe: text,
    Adresse1: text,
    Adresse2: text,
    Adresse3: text,
    CodePostal: text,
    Ville: text,
    Pays: text,
    Telephone: text,
    Mobile: text,
    Email: text,
    CodeMagasin: text,
    TypeClient: text,
    Critere1: text,
    Critere2: text,
    Critere3: text,
    DateAnniversaire: text,
    DateAnniversaire2: text,
    DateAnniversaire3: text,
    Mailing: text,
    CodeEAN: text,
    DateModification: text,
    Cartes: Schema.optionalKey(Schema.Array(InfoCarte))
  }),
  rest
)
export type InfoClient = typeof InfoClient.Type

/** What `hasMoreResults` may say (DOCUMENTED as a boolean). */
const Yes = WireText.check(
  Schema.makeFilter((value) => /^\s*(true|false|1|0)\s*$/i.test(value ?? ""), {
    message: "must be true or false"
  })
)

/** A slice of changed clients. `hasMoreResults` and a resume point are DOCUMENTED, the list's name is INFERRED. */
export const FragmentedInfoClient = Schema.Struct({
  hasMoreResults: Yes,
  checkPoint: text,
  clients: Schema.Array(InfoClient)
})
export type FragmentedInfoClient = typeof FragmentedInfoClient.Type
