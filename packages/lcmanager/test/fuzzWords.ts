/** A grammar of requests: the API's own words, mostly in their places and sometimes not. */
import type { Random } from "@tillbridge/conformance"
import { encodeText } from "@tillbridge/wire"
import { A, type Asked, I, period, Q } from "./server.ts"

const members = ["BegDate", "EndDate", "Registration", "RegPosList", "Operator", "Token", "SiteCode"] as const
const ofReg = ["Today", "Yesterday", "Month", "Year"] as const
const strange = [
  "__proto__",
  "constructor",
  "begdate",
  "REG",
  "",
  "x y",
  "ф",
  "Clients",
  "ErrorCode"
] as const

const values = [
  "true",
  "false",
  "True",
  "1",
  "0",
  "-1",
  "null",
  "",
  "2024-06-01",
  "2024-06-15T12:00:00",
  "2024-06-15T12:00:00.1234567+03:00",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.9999999-14:00",
  "2024-02-30",
  "/Date(1718442000000)/",
  "6/15/2024",
  "6",
  "12",
  "64",
  "255",
  "256",
  "2024",
  "2147483648",
  "9007199254740993",
  "9223372036854775808",
  "1e400",
  "0x10",
  "١",
  "' OR 1=1 --",
  "<b>&amp;]]>",
  "\u0000",
  "\u0001",
  "👩‍👩‍👧",
  "%",
  "x".repeat(300)
] as const

const types = [
  "application/json",
  "text/json",
  "application/json; charset=utf-16",
  "application/xml",
  "text/xml; charset=utf-8",
  "application/x-www-form-urlencoded",
  "text/plain",
  "application/json; charset=koi8-r",
  "multipart/form-data; boundary=x",
  ""
] as const

const accepts = [
  "*/*",
  "application/json",
  "text/xml",
  "application/xml;q=0.9, */*;q=0.8",
  "text/*",
  "image/png",
  ";;;q=",
  "application/json;q=0"
] as const

const value = (random: Random): string => random.pick(values)

const jsonValue = (random: Random): string => {
  const text = value(random)
  if (random.chance(0.5)) return JSON.stringify(text)
  return /^(?:true|false|null|-?\d+)$/.test(text) && !/^0\d/.test(text)
    ? text
    : random.pick(["[]", "{}", "[1]", "1.5", `{"Today":true}`, JSON.stringify(text)])
}

const some = <A>(random: Random, items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items.filter(() => random.chance(0.4)).sort(() => random.next() - 0.5)

const names = (random: Random, usual: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...some(random, usual),
  ...(random.chance(0.1) ? [random.pick(strange)] : []),
  ...(random.chance(0.05) ? [random.pick(usual)] : [])
]

const jsonBody = (random: Random): string => {
  const parts = names(random, members).map((name) => `${JSON.stringify(name)}:${jsonValue(random)}`)
  if (random.chance(0.4)) {
    const reg = names(random, ofReg).map((name) => `${JSON.stringify(name)}:${jsonValue(random)}`)
    parts.push(`"Reg":{${reg.join(",")}}`)
  }
  return `{${parts.join(random.chance(0.03) ? ";" : ",")}}`
}

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/\0/g, "?")

const xmlElement = (random: Random, name: string): string => {
  const tag = /^[A-Za-z]+$/.test(name) ? name : "X"
  const base = ["Operator", "Token", "SiteCode"].includes(tag) && random.chance(0.8) ? ` xmlns="${A}"` : ""
  if (random.chance(0.1)) return `<${tag}${base} i:nil="true"/>`
  return `<${tag}${base}>${random.chance(0.95) ? escaped(value(random)) : value(random)}</${tag}>`
}

const xmlBody = (random: Random): string => {
  const parts = names(random, members).map((name) => xmlElement(random, name))
  if (random.chance(0.4))
    parts.push(
      `<Reg>${names(random, ofReg)
        .map((name) => xmlElement(random, name))
        .join("")}</Reg>`
    )
  const head = random.pick(["", "", "", `<?xml version="1.0"?>`, `<!DOCTYPE a [<!ENTITY b "c">]>`])
  return `${head}<ClientInfoPeriodRequest xmlns:i="${I}" xmlns="${random.chance(0.95) ? Q : A}">${parts.join("")}</ClientInfoPeriodRequest>`
}

const formBody = (random: Random): string =>
  [
    ...names(random, members),
    ...names(random, ofReg).map((name) => random.pick([`Reg.${name}`, `Reg[${name}]`]))
  ]
    .map(
      (name) =>
        `${encodeURIComponent(name)}=${random.chance(0.95) ? encodeURIComponent(value(random)) : "%FF"}`
    )
    .join("&")

const bodyOf = (random: Random, type: string): string => {
  const kind = random.chance(0.05) ? random.pick(types) : type
  const text = kind.includes("json")
    ? jsonBody(random)
    : kind.includes("xml")
      ? xmlBody(random)
      : formBody(random)
  return random.chance(0.04) ? text.slice(0, random.integer(0, text.length)) : text
}

const login = (random: Random): Asked => ({
  method: "POST",
  headers: { "content-type": random.chance(0.9) ? "application/x-www-form-urlencoded" : random.pick(types) },
  body: ["grant_type", "username", "password", "refresh_token"]
    .filter(() => random.chance(0.8))
    .map((name) =>
      // Not a good login with a guessed password: that would only fill the table of failures.
      name === "grant_type"
        ? `${name}=${random.pick(["refresh_token", "x", "", "refresh_token&grant_type=password"])}`
        : `${name}=${encodeURIComponent(value(random))}`
    )
    .join("&")
})

/** A request, with this token where one belongs. */
export const request = (random: Random, token: string): readonly [target: string, asked: Asked] => {
  if (random.chance(0.1)) return ["/ManagerLogin", login(random)]
  const type = random.pick(types.slice(0, random.chance(0.9) ? 6 : types.length))
  const text = bodyOf(random, type)
  const body = type.includes("utf-16") ? encodeText(text, "utf-16") : new TextEncoder().encode(text)
  const headers: Record<string, string> = random.chance(0.97) ? { authorization: `Bearer ${token}` } : {}
  if (type !== "") headers["content-type"] = type
  if (random.chance(0.5)) headers["accept"] = random.pick(accepts)
  if (random.chance(0.1)) headers["accept-charset"] = random.pick(["utf-16", "utf-8", "*", "x"])
  const method = random.chance(0.96) ? "POST" : random.pick(["GET", "PUT", "OPTIONS", "HEAD"])
  const target = random.chance(0.97)
    ? period
    : random.pick([`${period}/x`, "/api/client/", `${period}?a=%FF`])
  return [
    target,
    {
      method,
      headers,
      ...(method === "POST" || method === "PUT" ? { body: body as Uint8Array<ArrayBuffer> } : {})
    }
  ]
}
