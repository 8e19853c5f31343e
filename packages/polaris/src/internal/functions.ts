/**
 * The functions of the API: names, arguments and rights as the vendor's pages spell them, for the client that sends
 * them, the server that reads them and the pages that explain them. Parameter spellings differ between functions
 * (`CodeMagasin`, `codeMagasin`): that is DOCUMENTED. The server compares names without letter case (INFERRED).
 */
export interface Argument {
  readonly name: string
  readonly net: string
  /** `null`: required. Otherwise what holds when it is left out. */
  readonly fallback: string | null
  /** In French: it stands on the documentation pages. */
  readonly meaning: string
}

export interface ApiFunction {
  readonly name: string
  /** Version of the vendor's product that has it first. */
  readonly since: string | null
  readonly purpose: string
  readonly returns: { readonly net: string; readonly type: string | null; readonly meaning: string }
  readonly arguments: ReadonlyArray<Argument>
  /** `read`: either right; `write`: only the second; `none`: no login. */
  readonly rights: "read" | "write" | "none"
  /** Whether no page of the vendor has it: it is this project's. */
  readonly isOwn: boolean
  readonly example: string
}

/** The two rights by the vendor's names (DOCUMENTED). */
export const rightNames = {
  read: "consultation des membres clients",
  write: "saisie des membres clients"
} as const

const output: Argument = {
  name: "output",
  net: "xml|json",
  fallback: "xml",
  meaning: "Format de la réponse"
}

const prefix: Argument = {
  name: "prefixCle",
  net: "String",
  fallback: "null",
  meaning: "Préfixe des clés extérieures ; à donner dès qu'une clé est utilisée"
}

const store = (name: string): Argument => ({
  name,
  net: "Int32",
  fallback: null,
  meaning: "Magasin pour lequel la validité des cartes est jugée"
})

const login: ApiFunction = {
  name: "ACL.Login",
  since: null,
  purpose: "Ouvre une session, tenue par un cookie.",
  returns: { net: "Boolean", type: null, meaning: "true quand la session est ouverte" },
  arguments: [
    { name: "user", net: "String", fallback: null, meaning: "Utilisateur" },
    { name: "password", net: "String", fallback: null, meaning: "Mot de passe" },
    output
  ],
  rights: "none",
  isOwn: false,
  example: "ACL.Login?user=…&password=…"
}

const logout: ApiFunction = {
  name: "ACL.Logout",
  since: null,
  purpose: "Ferme la session.",
  returns: { net: "Boolean", type: null, meaning: "true" },
  arguments: [output],
  rights: "none",
  isOwn: true,
  example: "ACL.Logout"
}

const getClient: ApiFunction = {
  name: "Client.GetClient",
  since: "6.02",
  purpose: "Donne un client, par son numéro ou par sa clé extérieure.",
  returns: { net: "InfoClient", type: "InfoClient", meaning: "Le client" },
  arguments: [
    store("CodeMagasin"),
    { name: "IDClient", net: "Int64 (Optionnel)", fallback: "null", meaning: "Numéro du client" },
    {
      name: "Cle",
      net: "String",
      fallback: "null",
      meaning: "Clé extérieure du client, quand son numéro n'est pas connu"
    },
    prefix,
    output
  ],
  rights: "read",
  isOwn: false,
  example: "Client.GetClient?CodeMagasin=1&IDClient=1234&output=json"
}

const getClientsModified: ApiFunction = {
  name: "Client.GetClientsModified",
  since: "7.04",
  purpose:
    "Donne par tranches les clients changés depuis une date, du changement le plus ancien au plus récent. Tant que " +
    "hasMoreResults est vrai, rappeler avec les mêmes arguments et le checkPoint de la dernière réponse.",
  returns: { net: "FragmentedInfoClient", type: "FragmentedInfoClient", meaning: "Une tranche de clients" },
  arguments: [
    {
      name: "lastChanged",
      net: "DateTime",
      fallback: null,
      meaning: "Date à partir de laquelle un changement compte, comprise"
    },
    store("codeMagasin"),
    {
      name: "checkPoint",
      net: "String",
      fallback: "null",
      meaning: "Point de reprise donné par la réponse précédente, tel quel"
    },
    prefix,
    { name: "limit", net: "Int32", fallback: "100", meaning: "Nombre de clients par tranche" },
    output
  ],
  rights: "read",
  isOwn: false,
  example: "Client.GetClientsModified?lastChanged=2024-01-01T00%3A00%3A00&codeMagasin=1"
}

const putClient: ApiFunction = {
  name: "Client.PutClient",
  since: null,
  purpose:
    "Change un client ou en crée un. Il est reconnu par IDClient, sinon par prefixCle et Cle. Un membre absent reste " +
    "ce qu'il est, un membre présent et vide est effacé.",
  returns: { net: "Int64 (Optionnel)", type: null, meaning: "Numéro du client" },
  arguments: [
    {
      name: "InfoClient",
      net: "InfoClient",
      fallback: null,
      meaning: "Le client, en XML, ou en JSON quand le texte commence par {"
    },
    store("CodeMagasin"),
    prefix,
    output
  ],
  rights: "write",
  isOwn: false,
  example: "Client.PutClient"
}

export const functions = { login, logout, getClient, getClientsModified, putClient } as const

export const allFunctions: ReadonlyArray<ApiFunction> = Object.values(functions)

/** Said twice, in any letter case, they would leave open who is meant or who is asking. */
export const knownParameters: ReadonlyArray<string> = [
  ...new Set(allFunctions.flatMap((one) => one.arguments.map(({ name }) => name.toLowerCase())))
]

/** Those that may not stand in the query and in the form at once either; of others the form's counts (INFERRED). */
export const identityParameters: ReadonlyArray<string> = [
  "user",
  "password",
  "codemagasin",
  "idclient",
  "cle",
  "prefixcle",
  "checkpoint",
  "infoclient"
]
