/**
 * Everything about the wire that no page of the vendor tells and that a real site may do otherwise: names of members
 * and roots, the shape of an error, the form of dates. All of it is INFERRED, and all of it is in this one table, which
 * client, server and codec share: a site that differs is met by `polarisNames({ … })`, not by other code.
 * Names are matched without letter case when reading and written as they stand here.
 */

/** Members of the vendor's client record, by the names this package calls them. */
export const clientMembers = [
  "IDClient",
  "Cle",
  "Ident",
  "Nom",
  "Prenom",
  "Sexe",
  "Adresse1",
  "Adresse2",
  "Adresse3",
  "CodePostal",
  "Ville",
  "Pays",
  "Telephone",
  "Mobile",
  "Email",
  "CodeMagasin",
  "TypeClient",
  "Critere1",
  "Critere2",
  "Critere3",
  "DateAnniversaire",
  "DateAnniversaire2",
  "DateAnniversaire3",
  "Mailing",
  "CodeEAN",
  "DateModification",
  "Cartes"
] as const
export type ClientMember = (typeof clientMembers)[number]

/** Members of a loyalty card within a client record. */
export const cardMembers = [
  "Numero",
  "TypeCarte",
  "NombreArticles",
  "NombrePoints",
  "NombrePassages",
  "TotalVentes",
  "MontantCadeaux",
  "CompteurBonus",
  "DateFinValidite",
  "EstValide"
] as const
export type CardMember = (typeof cardMembers)[number]

/** Members of a slice of changed clients. `hasMoreResults` is DOCUMENTED, `checkPoint` in another letter case. */
export const fragmentMembers = ["hasMoreResults", "checkPoint", "clients"] as const
export type FragmentMember = (typeof fragmentMembers)[number]

/** How a time is written: the site's wall clock without zone, the same with its offset, or UTC. */
export type DateStyle = "local" | "offset" | "utc"

export interface PolarisNames {
  readonly client: Readonly<Record<ClientMember, string>>
  readonly card: Readonly<Record<CardMember, string>>
  readonly fragment: Readonly<Record<FragmentMember, string>>
  /** Other names under which a member may come, read and never written. */
  readonly aliases: Readonly<Record<string, ClientMember>>
  /** Element names of the two answers, and of a card in the list of cards. */
  readonly roots: { readonly client: string; readonly fragment: string; readonly card: string }
  readonly errors: {
    readonly root: string
    readonly code: string
    readonly message: string
    /** How a client that is not there is answered: an error with 404, or 200 with a nil root (`null` in JSON). */
    readonly missing: "404" | "nil"
    /** Statuses that mean "log in again". */
    readonly loggedOut: ReadonlyArray<number>
  }
  readonly dates: {
    readonly style: DateStyle
    /** Stands for the year of a birthday whose year is unknown; a leap year, so that 29 February stays one. */
    readonly unknownYear: number
  }
}

const sameNames = <K extends string>(members: ReadonlyArray<K>): Readonly<Record<K, string>> =>
  Object.fromEntries(members.map((member) => [member, member])) as { [key: string]: string } as Record<
    K,
    string
  >

/** The project's reading: .NET habits, PascalCase French without accents. */
export const defaultNames: PolarisNames = {
  client: sameNames(clientMembers),
  card: sameNames(cardMembers),
  fragment: sameNames(fragmentMembers),
  // A newer interface of the same vendor spells it so.
  aliases: { Mail: "Email" },
  roots: { client: "InfoClient", fragment: "FragmentedInfoClient", card: "InfoCarte" },
  errors: { root: "Error", code: "Code", message: "Message", missing: "404", loggedOut: [401] },
  dates: { style: "local", unknownYear: 4 }
}

/** What a site does otherwise; what is left out stays as in `defaultNames`. */
export type NamesOverride = { readonly [K in keyof PolarisNames]?: Partial<PolarisNames[K]> }

/** The default names with a site's own in place. */
export const polarisNames = (site: NamesOverride = {}): PolarisNames => ({
  client: { ...defaultNames.client, ...site.client },
  card: { ...defaultNames.card, ...site.card },
  fragment: { ...defaultNames.fragment, ...site.fragment },
  aliases: { ...defaultNames.aliases, ...(site.aliases as PolarisNames["aliases"] | undefined) },
  roots: { ...defaultNames.roots, ...site.roots },
  errors: { ...defaultNames.errors, ...site.errors },
  dates: { ...defaultNames.dates, ...site.dates }
})
