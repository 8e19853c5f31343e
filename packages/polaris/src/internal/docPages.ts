/**
 * The pages behind `?doc`: what a function does, its call, signature, arguments and rights, and the members of a type.
 * That there are such pages, and the names of the types, is DOCUMENTED; their content is this project's. They are in
 * French, as the vendor's are, and say which parts are this project's choice.
 */
import { escapeAttribute, escapeText } from "@tillbridge/wire"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { cardMembers, clientMembers, type PolarisNames } from "../PolarisNames.ts"
import { headers } from "./answers.ts"
import { cardColumns, clientColumns } from "./fields.ts"
import { allFunctions, type ApiFunction, rightNames } from "./functions.ts"

const style =
  "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2rem .6rem;text-align:left}" +
  "code{background:#eee;padding:0 .2rem}"

/** SHA-256 of `style`, by which the policy lets it stand in the page. */
export const styleHash = "Rep1H+R/HdxEbSdrr/EdhrcKTEuoio78TUVLjR0VMdA="

const pageHeaders = {
  ...headers,
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer"
}

const page = (title: string, body: string, status = 200) =>
  HttpServerResponse.text(
    `<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>${escapeText(title)}</title>` +
      `<style>${style}</style></head><body><h1>${escapeText(title)}</h1>${body}</body></html>`,
    { status, headers: pageHeaders, contentType: "text/html; charset=utf-8" }
  )

const paragraph = (text: string) => `<p>${escapeText(text)}</p>`
const code = (text: string) => `<code>${escapeText(text)}</code>`

const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const cells = (tag: string, texts: ReadonlyArray<string>) =>
    `<tr>${texts.map((text) => `<${tag}>${text}</${tag}>`).join("")}</tr>`
  return `<table>${cells("th", titles.map(escapeText))}${rows.map((row) => cells("td", row)).join("")}</table>`
}

/** .NET's name of a type of this API (DOCUMENTED for the first two). */
const netName = (type: string) => `RepDaemon.WebService2.CoreAPI.Client+${type}`

const types = ["InfoClient", "FragmentedInfoClient", "InfoCarte"] as const
type TypeName = (typeof types)[number]

/** A type by its .NET name; the vendor's own page spells the namespace once without its second "e". */
const typeOf = (name: string): TypeName | undefined => {
  // A plus that was not escaped has become a space.
  const wanted = name
    .trim()
    .replace(" ", "+")
    .replace(/^RepDamon\./i, "RepDaemon.")
    .toLowerCase()
  return types.find((type) => netName(type).toLowerCase() === wanted)
}

const typeLink = (path: string, type: string) =>
  `<a href="${escapeAttribute(`${path}?doc&docType=${encodeURIComponent(netName(type))}`)}">${escapeText(type)}</a>`

const signatureOf = (one: ApiFunction): string => {
  const parts = one.arguments.map(({ fallback, name, net }) =>
    fallback === null ? `${net} ${name}` : `[${net} ${name} = ${fallback}]`
  )
  return `${one.returns.net} ${one.name} (${parts.join(", ")})`
}

const rightsOf = (one: ApiFunction): string => {
  if (one.rights === "none") return paragraph("Aucune identification n'est demandée.")
  if (one.rights === "write")
    return paragraph(`Il faut le droit « ${rightNames.write} » (choix de ce projet).`)
  return (
    paragraph("Au moins une de ces conditions :") +
    `<ul><li>avoir le droit « ${rightNames.read} »</li><li>avoir le droit « ${rightNames.write} »</li></ul>`
  )
}

const functionPage = (one: ApiFunction, path: string, largestPage: number) => {
  const rows = one.arguments.map(({ fallback, meaning, name, net }) => [
    code(name),
    net === "InfoClient" ? typeLink(path, net) : escapeText(net),
    escapeText(
      (fallback === null ? "" : `(optionnel, par défaut : ${fallback}) `) +
        meaning +
        (name === "limit" ? `, de 1 à ${largestPage}` : "")
    )
  ])
  const result = one.returns.type === null ? escapeText(one.returns.net) : typeLink(path, one.returns.type)
  return page(
    one.name,
    (one.since === null ? "" : paragraph(`Connue de Polaris depuis la version ${one.since}.`)) +
      (one.isOwn ? paragraph("Cette fonction est propre à Tillbridge.") : "") +
      `<h2>But</h2>${paragraph(one.purpose)}` +
      `<h2>Appel</h2><p>${code(`${path.slice(0, path.lastIndexOf("/") + 1)}${one.example}`)}</p>` +
      paragraph("Par GET, ou par POST avec des paramètres dans l'adresse et dans un formulaire.") +
      `<h2>Signature</h2><p>${code(signatureOf(one))}</p>` +
      `<h2>Arguments</h2>${table(["Nom", "Type", "Description"], [...rows, ["Retour", result, escapeText(one.returns.meaning)]])}` +
      `<h2>Politique de sécurité</h2>${rightsOf(one)}` +
      paragraph(
        "Sont documentés par l'éditeur : le nom des fonctions et de leurs arguments, les droits de lecture et la " +
          "reprise par tranches. Sont des choix de ce projet : les membres des types, les erreurs et la session."
      )
  )
}

const membersOf = (type: TypeName, names: PolarisNames): ReadonlyArray<ReadonlyArray<string>> => {
  const own = "choix de ce projet"
  if (type === "InfoClient") {
    return clientMembers.map((member) => {
      const { meaning, net } = clientColumns[member]
      return [
        code(names.client[member]),
        net,
        meaning,
        member === "IDClient" ? "type documenté, nom choisi" : own
      ]
    })
  }
  if (type === "InfoCarte") {
    return cardMembers.map((member) => {
      const { meaning, net } = cardColumns[member]
      return [code(names.card[member]), net, meaning, own]
    })
  }
  return [
    [code(names.fragment.hasMoreResults), "Boolean", "S'il reste des clients après ceux-ci", "documenté"],
    [
      code(names.fragment.checkPoint),
      "String",
      "Point de reprise à donner à l'appel suivant",
      "documenté, casse choisie"
    ],
    [
      code(names.fragment.clients),
      "Liste de InfoClient",
      "Les clients, du changement le plus ancien au plus récent",
      own
    ]
  ]
}

const typePage = (type: TypeName, path: string, names: PolarisNames) => {
  const rows = membersOf(type, names).map(([name = "", net = "", meaning = "", basis = ""]) => [
    name,
    net.startsWith("Liste de ")
      ? `Liste de ${typeLink(path, net.slice("Liste de ".length))}`
      : escapeText(net),
    escapeText(meaning),
    escapeText(basis)
  ])
  return page(
    netName(type),
    paragraph(
      "Un membre sans valeur est absent. Les noms sont lus sans tenir compte de la casse, dans n'importe quel ordre ; " +
        "un membre inconnu est conservé et rendu tel quel."
    ) + table(["Membre", "Type", "Description", "Origine"], rows)
  )
}

/** The page of everything there is. */
const indexPage = (path: string) =>
  page(
    "Fonctions",
    `<ul>${allFunctions
      .map(({ name, purpose }) => {
        const link = escapeAttribute(`${path}/${name}?doc`)
        return `<li><a href="${link}">${escapeText(name)}</a> ${escapeText(purpose)}</li>`
      })
      .join("")}</ul>`
  )

/** The page that is asked for; `path` is where the functions are, `one` the function in whose place it was asked. */
export const documentation = (
  path: string,
  one: ApiFunction | undefined,
  docType: string | undefined,
  options: { readonly names: PolarisNames; readonly largestPage: number }
): HttpServerResponse.HttpServerResponse => {
  if (one === undefined) return indexPage(path)
  const own = `${path}/${one.name}`
  if (docType === undefined || docType.trim() === "") return functionPage(one, own, options.largestPage)
  const type = typeOf(docType)
  return type === undefined
    ? page(
        "Type inconnu",
        `<p><a href="${escapeAttribute(`${own}?doc`)}">${escapeText(one.name)}</a></p>`,
        404
      )
    : typePage(type, own, options.names)
}
