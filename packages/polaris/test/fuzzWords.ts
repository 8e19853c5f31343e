/** A grammar of requests: the API's own words, mostly in their places and sometimes not. */
import type { Random } from "@tillbridge/conformance"
import { type Asked, form, type Login } from "./server.ts"

const strangeNames = [
  "__proto__",
  "constructor",
  "IDClient[]",
  "",
  "x",
  "%66oo",
  "é",
  "doc",
  "docType",
  "user"
] as const

const dates = [
  "2024-01-01",
  "2024-06-15T12:00:00",
  "15/06/2024",
  "/Date(1718445600000)/",
  "2020-01-01T00:00:00Z"
]

/** What each name is meant for, so that most requests get far. */
const usualValues: Readonly<Record<string, ReadonlyArray<string>>> = {
  CodeMagasin: ["1", "1", "2", "9"],
  codeMagasin: ["1", "1", "2", "9"],
  IDClient: ["1", "2", "3", "99", "0", ""],
  Cle: ["WEB-1", "WEB-2", "nobody", ""],
  prefixCle: ["SHOP", "SHOP", "AUTRE", ""],
  lastChanged: dates,
  limit: ["1", "2", "100", ""],
  checkPoint: ["", "AAAAAAAAAAI"],
  output: ["xml", "json", "JSON"]
}

const values = [
  "",
  "0",
  "1",
  "-1",
  "1.5",
  "1e9",
  "1e400",
  "0x10",
  "NaN",
  "null",
  "true",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "2147483648",
  "00000001",
  "2024-02-30",
  "0001-01-01T00:00:00",
  "9999-12-31T23:59:59.9999999",
  "2024-01-01T00:00:00+14:01",
  "' OR 1=1 --",
  "]]>",
  "<script>",
  "\u0001",
  "\u202e",
  "👩‍👩‍👧",
  "\ufffe",
  "a\r\nSet-Cookie: x=1",
  "%",
  "${7*7}",
  "../../etc/passwd",
  "x".repeat(300),
  "x".repeat(5_000),
  "__proto__"
] as const

const memberNames = [
  "IDClient",
  "Cle",
  "Ident",
  "Nom",
  "Prenom",
  "Sexe",
  "Adresse1",
  "CodePostal",
  "Ville",
  "Telephone",
  "Email",
  "Mail",
  "CodeMagasin",
  "TypeClient",
  "Critere1",
  "DateAnniversaire",
  "DateAnniversaire2",
  "Mailing",
  "DateModification",
  "Cartes",
  "Autre",
  "nom",
  "constructor",
  "toString",
  "a b",
  "1a",
  "xmlns",
  "é"
] as const

const memberValues: Readonly<Record<string, ReadonlyArray<string>>> = {
  IDClient: ["1", "2", "0", "", "99"],
  Cle: ["WEB-1", "WEB-2", ""],
  Sexe: ["F", "M", "Homme", ""],
  CodeMagasin: ["1", "2", ""],
  Critere1: ["1", "-7", ""],
  DateAnniversaire: ["1980-02-29", "0004-02-29T00:00:00", "31/12/1999", ""],
  DateAnniversaire2: dates,
  Mailing: ["true", "false", "1", ""]
}

const escapeXml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

/** A client record, mostly a good one. */
const record = (random: Random, strange: number): string => {
  const members: Array<readonly [name: string, value: string]> = []
  for (let left = random.integer(0, 6); left > 0; left--) {
    const name = random.pick(memberNames)
    const usual = Object.hasOwn(memberValues, name) ? memberValues[name] : undefined
    members.push([
      name,
      usual !== undefined && !random.chance(strange) ? random.pick(usual) : random.pick(values)
    ])
  }
  if (random.chance(strange / 4))
    return random.pick(["", "{", "<", "[]", "null", "<!DOCTYPE x><InfoClient/>", "x"])
  if (random.chance(0.5)) {
    const json = random.chance(strange)
      ? members.map(([name]) => [name, { a: [null, 1, { b: true }] }] as const)
      : members
    return JSON.stringify(Object.fromEntries<unknown>(json))
  }
  const inner = members
    .filter(([name]) => !/[ é]|^1/.test(name) || random.chance(strange / 4))
    .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
    .join("")
  return `<InfoClient>${inner}</InfoClient>`
}

const functions: Readonly<Record<string, ReadonlyArray<string>>> = {
  "Client.GetClient": ["CodeMagasin", "IDClient", "Cle", "prefixCle", "output"],
  "Client.GetClientsModified": ["lastChanged", "codeMagasin", "checkPoint", "prefixCle", "limit", "output"],
  "Client.PutClient": ["InfoClient", "CodeMagasin", "prefixCle", "output"],
  "ACL.Login": ["user", "password", "output"]
}

/** Without these most calls would end before anything else of them is looked at. */
const required: Readonly<Record<string, ReadonlyArray<string>>> = {
  "Client.GetClient": ["CodeMagasin", "IDClient"],
  "Client.GetClientsModified": ["lastChanged", "codeMagasin"],
  "Client.PutClient": ["InfoClient", "CodeMagasin", "prefixCle"],
  "ACL.Login": ["user", "password"]
}

const calls = [
  "Client.GetClient",
  "Client.GetClient",
  "Client.GetClientsModified",
  "Client.GetClientsModified",
  "Client.PutClient",
  "Client.PutClient",
  "Client.PutClient",
  "ACL.Login"
] as const

const strangePaths = [
  "",
  "/",
  "Client.SearchClient",
  "client.GETCLIENT/",
  "%43lient.GetClient",
  "ACL.Logout",
  "x/y"
] as const

const methods = [
  "GET",
  "GET",
  "GET",
  "GET",
  "GET",
  "POST",
  "POST",
  "POST",
  "POST",
  "POST",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE"
] as const

const escapes = ["%", "%f", "%zz", "%00", "%ff", "%C0%AF", "%ED%A0%80", "+", "&", "=", ";", "%F0%9F"] as const

const strangeTypes = [
  "application/json",
  "text/xml",
  "",
  "application/x-www-form-urlencoded; charset=windows-1252"
] as const

/** How broken a request is: most are whole, or nothing but their escapes would ever be looked at. */
const moods = [
  { breaks: 0, repeats: 0, strange: 0.02 },
  { breaks: 0, repeats: 0, strange: 0.1 },
  { breaks: 0, repeats: 0.1, strange: 0.3 },
  { breaks: 0.15, repeats: 0.02, strange: 0.3 }
] as const
type Mood = (typeof moods)[number]

const pair = (random: Random, mood: Mood, name: string, login: Login): string => {
  const usual =
    name === "user"
      ? [login.user]
      : name === "password"
        ? [login.password, `tb_${"A".repeat(43)}`]
        : name === "InfoClient"
          ? [record(random, mood.strange)]
          : Object.hasOwn(usualValues, name)
            ? usualValues[name]
            : undefined
  // Passwords of another form than the generated one cost a slow hash, which is not what is tried here.
  const isOdd = usual === undefined || (name !== "password" && random.chance(mood.strange))
  const value = isOdd ? random.pick(values) : random.pick(usual)
  const text = encodeURIComponent(value) + (random.chance(mood.breaks) ? random.pick(escapes) : "")
  return `${/[%é]/.test(name) ? name : encodeURIComponent(name)}=${text}`
}

/** One request, whatever the mood. */
export const request = (random: Random, login: Login): readonly [target: string, asked: Asked] => {
  const mood = random.pick(moods)
  const method = random.pick(methods)
  const name = random.pick(calls)
  const inQuery: Array<string> = []
  const inForm: Array<string> = []
  const wanted: Array<string> = [...(required[name] ?? [])].filter(() => !random.chance(mood.strange / 2))
  for (let left = random.integer(0, 2); left > 0; left--) {
    const more = random.chance(mood.strange) ? random.pick(strangeNames) : random.pick(functions[name] ?? [])
    if (!wanted.includes(more) || random.chance(mood.repeats)) wanted.push(more)
  }
  for (const one of wanted) {
    const text = pair(random, mood, one, login)
    const places = method === "POST" && random.chance(0.7) ? inForm : inQuery
    places.push(...(random.chance(mood.repeats) ? [text, text] : [text]))
  }
  if (random.chance(0.02)) inQuery.push("doc")
  const path = random.chance(0.05) ? random.pick(strangePaths) : name
  const target = `/core/api/${path}?${inQuery.join("&")}`
  const headers: Record<string, string> = random.chance(0.05) ? { purpose: "prefetch" } : {}
  if (method !== "POST" && method !== "PUT") return [target, { method, headers }]
  const body = random.chance(0.01) ? `Nom=${"x".repeat(70_000)}` : inForm.join("&")
  const type = random.chance(0.05) ? random.pick(strangeTypes) : form["content-type"]
  const bytes: Uint8Array<ArrayBuffer> = new TextEncoder().encode(body)
  if (random.chance(mood.breaks) && bytes.length > 0) {
    bytes[random.integer(0, bytes.length - 1)] = random.integer(128, 255)
  }
  return [
    target,
    { method, headers: { ...headers, ...(type === "" ? {} : { "content-type": type }) }, body: bytes }
  ]
}
