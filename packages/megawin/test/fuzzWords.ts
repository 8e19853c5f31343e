/** A grammar of requests: the API's own words, mostly in their places and sometimes not. */
import type { Random } from "@tillbridge/conformance"
import type { Asked } from "./server.ts"

const updateNames = [
  "email",
  "firstName",
  "lastName",
  "address",
  "zipcode",
  "city",
  "country",
  "phone",
  "cellphone",
  "denomination",
  "tvaNumber",
  "megawinapp_login",
  "language",
  "showPrice",
  "webRemise",
  "password",
  "login",
  "customerNumber",
  "groupePrice"
] as const

const addNames = [
  "nom",
  "prenom",
  "email",
  "denomination",
  "password",
  "megatech_GPR_No",
  "is_guest",
  "afficher_prix",
  "actif",
  "langue"
] as const

const keys = ["1", "2", "3", "id:1", "id:2", "K1", "12", " 1 ", "id:id:1"] as const

const usual: Readonly<Record<string, ReadonlyArray<string>>> = {
  email: ["a@b.be", "a+b@c.be", "x@y", "A@B.BE", ""],
  showPrice: ["0", "1", "true", "false", ""],
  webRemise: ["0", "10", "12.5", "100", ""],
  is_guest: ["0", "1"],
  afficher_prix: ["0", "1"],
  actif: ["0", "1", ""],
  megatech_GPR_No: ["01", "02", "VIP", ""]
}

const strange = [
  "",
  "0",
  "-1",
  "1e9",
  "1e400",
  "0x10",
  "NaN",
  "null",
  "9007199254740993",
  "99999999999999999999999999",
  "-0.000001",
  "101",
  "__proto__",
  "' OR 1=1 --",
  '"},{"clcleunik":"9',
  "<script>",
  "\u0001",
  "\u202e",
  "👩‍👩‍👧",
  "\ufffe",
  "a\r\nSet-Cookie: x=1",
  "%s",
  "../../etc/passwd",
  "id:",
  "x".repeat(300),
  "x".repeat(5_000)
] as const

const strangeNames = [
  "__proto__",
  "constructor",
  "toString",
  "id[]",
  "ID_CLIENT",
  "",
  "x",
  "apikey",
  "id",
  "clcleunik"
] as const

const escapes = ["%", "%f", "%zz", "%00", "%ff", "%C0%AF", "%ED%A0%80", "+", "&", "=", "%26", ";"] as const

const types = [
  "application/json",
  "application/json",
  "application/json; charset=utf-8",
  "application/x-www-form-urlencoded",
  "text/plain;charset=UTF-8",
  "text/xml",
  "multipart/form-data",
  "application/json; charset=windows-1252"
] as const

/** Of the form that the server generates: any other costs a slow hash, which is not what is tried here. */
const wrongKey = `tb_${"A".repeat(43)}`

type Pair = readonly [name: string, value: string]

const pairsOf = (random: Random, names: ReadonlyArray<string>, oddness: number): Array<Pair> => {
  const out: Array<Pair> = []
  for (let left = random.integer(0, 6); left > 0; left--) {
    const name: string = random.chance(oddness) ? random.pick(strangeNames) : random.pick(names)
    const values = usual[name]
    const value = random.chance(oddness)
      ? random.pick(strange)
      : values === undefined
        ? `v${random.integer(1, 99)}`
        : random.pick(values)
    if (name === "apikey") continue
    if (!random.chance(0.95) || !out.some(([other]) => other === name)) out.push([name, value])
  }
  return out
}

const query = (random: Random, pairs: ReadonlyArray<Pair>, breaks: number): string =>
  pairs
    .map(
      ([name, value]) =>
        `${encodeURIComponent(name)}=${encodeURIComponent(value)}${random.chance(breaks) ? random.pick(escapes) : ""}`
    )
    .join("&")

const jsonValue = (random: Random, value: string): unknown =>
  random.pick([
    value,
    value,
    value,
    value,
    /^\d{1,9}$/.test(value) ? Number(value) : value,
    null,
    true,
    [value],
    { a: value }
  ])

const filtersOf = (random: Random): Array<Pair> => {
  const out: Array<Pair> = []
  for (const name of ["id_client", "clcleunik", "id"])
    if (random.chance(0.3)) out.push([name, random.pick(keys)])
  if (random.chance(0.3)) out.push(["email", random.pick(usual["email"]!)])
  return out
}

const requiredOf = (random: Random): Array<Pair> => [
  ["nom", "N"],
  ["prenom", "P"],
  ["email", `e${random.integer(1, 10_000)}+x@b.be`],
  ["denomination", "D"],
  ["password", "canary-Pa55word"]
]

/** One request, whatever the mood. */
export const request = (random: Random, key: string): readonly [target: string, asked: Asked] => {
  const oddness = random.pick([0, 0.05, 0.3])
  const breaks = random.pick([0, 0, 0, 0.1])
  const auth: Pair = ["apikey", random.chance(0.97) ? key : wrongKey]
  const path = random.chance(0.05)
    ? random.pick(["", "/", "/nothing", "/list/1", "//add", "/%6cist", `/${"x".repeat(200)}`])
    : random.pick(["/LIST/", "/list", "/list", "/add", "/add/", "/update", "/Update/", "/update", "/delete"])
  const action = path.toLowerCase().replaceAll("/", "")
  const right = action === "list" ? "GET" : action === "delete" ? "DELETE" : "POST"
  const method = random.chance(0.1)
    ? random.pick(["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND"])
    : right
  if (method !== "POST" && method !== "PUT" && method !== "PATCH") {
    const filters = [
      ...filtersOf(random),
      ...(action === "delete" && random.chance(0.1) ? [["id_client", random.pick(keys)] as Pair] : []),
      ...pairsOf(random, ["x"], oddness)
    ]
    const target = `/customer${path}?${query(random, [...filters, auth], breaks)}`
    return [target, { method, headers: random.chance(0.05) ? { purpose: "prefetch" } : {} }]
  }
  const said =
    action === "add"
      ? [...(random.chance(0.8) ? requiredOf(random) : []), ...pairsOf(random, addNames, oddness)]
      : [
          ...(random.chance(0.9) ? [["id_client", random.pick(keys)] as Pair] : []),
          ...pairsOf(random, updateNames, oddness)
        ]
  if (random.chance(0.2)) return [`/customer${path}?${query(random, [...said, auth], breaks)}`, { method }]
  const target = `/customer${path}?${query(random, [auth], 0)}`
  const type = random.chance(0.9) ? types[0] : random.pick(types)
  let text = type.includes("urlencoded")
    ? query(random, said, breaks)
    : JSON.stringify(
        Object.fromEntries(
          said.map(([name, value]) => [name, random.chance(oddness) ? jsonValue(random, value) : value])
        )
      )
  if (random.chance(0.01)) text += "x".repeat(70_000)
  const bytes: Uint8Array<ArrayBuffer> = new TextEncoder().encode(text)
  if (random.chance(breaks) && bytes.length > 0) {
    bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
  }
  return [target, { method, headers: { "content-type": type }, body: bytes }]
}
