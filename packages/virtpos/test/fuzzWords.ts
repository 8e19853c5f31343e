/** A grammar of requests: the API's own words, mostly in their places and sometimes not. */
import type { Random } from "@tillbridge/conformance"
import { type Asked, form } from "./server.ts"

const names = [
  "id",
  "external_id",
  "phone",
  "email",
  "with_phone",
  "with_email",
  "page",
  "page_size",
  "cards",
  "bonuses",
  "create_if_not_exist",
  "group_name",
  "group_id",
  "fname",
  "lname",
  "mname",
  "gender",
  "custom_information",
  "birth_day",
  "birth_month",
  "birth_year",
  "register_date",
  "accumulated_sales",
  "send_push",
  "send_email",
  "send_sms",
  "created_by",
  "card_id",
  "uid",
  "card_barcode",
  "uid_ean13",
  "barcode",
  "medium",
  "status",
  "block_date",
  "activate_date",
  "type_id",
  "type_name",
  "customer_id",
  "customer_external_id"
] as const

const strangeNames = [
  "__proto__",
  "constructor",
  "toString",
  "id[]",
  "ID",
  "",
  "x",
  "%66name",
  "ф",
  "apikey",
  "age"
] as const

const numbers = ["1", "2", "3", "17"]
const flags = ["1", "0", "true", "false"]
const dates = ["2016-07-18 13:54:37", "2016-07-18", ""]

/** What each name is meant for, so that most requests get far. */
const usualValues: Readonly<Record<string, ReadonlyArray<string>>> = {
  id: numbers,
  page: numbers,
  page_size: numbers,
  card_id: numbers,
  customer_id: numbers,
  group_id: ["1", "2", ""],
  type_id: ["1", "2", ""],
  external_id: ["ext-1", "ext-2", "ext-9"],
  customer_external_id: ["ext-1", "ext-9", ""],
  uid: ["12345", "000123", "1234567890123456789"],
  card_barcode: ["0000000123457", "b1"],
  with_phone: flags,
  with_email: flags,
  cards: flags,
  bonuses: flags,
  create_if_not_exist: ["1", "1", "0"],
  send_push: flags,
  send_email: flags,
  send_sms: flags,
  gender: ["F", "M", ""],
  birth_day: ["1", "29", "31", ""],
  birth_month: ["2", "12", "0"],
  birth_year: ["1992", "2001", ""],
  register_date: dates,
  block_date: dates,
  activate_date: dates,
  accumulated_sales: ["15200", "0.1", ""],
  medium: ["PLASTIC", "MAGNET", "APP", ""],
  status: ["NEW", "ACTIVE", "BLOCKED"],
  phone: ["8 (999) 000-00-01", "+79990000001", ""],
  email: ["a@b.ru", ""],
  format: ["xml", "json"],
  age: ["30"],
  uid_ean13: ["5901234123457", ""],
  barcode: ["b1", ""]
}

const values = [
  "",
  "0",
  "1",
  "2",
  "3",
  "-1",
  "1.5",
  "1e9",
  "1e400",
  "0x10",
  "NaN",
  "null",
  "true",
  "false",
  "TRUE",
  "yes",
  "9007199254740991",
  "9007199254740993",
  "99999999999999999999999999",
  "0000000000001",
  "15200",
  "4545.00",
  "-0.000001",
  "F",
  "M",
  "PLASTIC",
  "APP",
  "NEW",
  "ACTIVE",
  "BLOCKED",
  "12345",
  "5901234123457",
  "xml",
  "json",
  "JSON",
  "__proto__",
  "2016-07-18 13:54:37",
  "2016-07-18",
  "0000-00-00",
  "2024-02-30",
  "9999-12-31 23:59:59",
  "0001-01-01",
  "29",
  "1850",
  "8 (999) 000-00-01",
  "a@b.ru",
  "' OR 1=1 --",
  "]]>",
  "<script>",
  "\u0001",
  "\u202e",
  "👩‍👩‍👧",
  "Ёж",
  "\ufffe",
  "a\r\nSet-Cookie: x=1",
  "%",
  "%s",
  "${7*7}",
  "../../etc/passwd",
  "x".repeat(300),
  "x".repeat(5_000),
  "ext-9",
  "Gold"
] as const

const paths = ["", "/", "/update", "/update", "/updateCard", "/insertCard", "/deleteCard"] as const

const strangePaths = [
  "/UPDATE/",
  "/updatecard",
  "/delete",
  "/update/1",
  "/constructor",
  "/__proto__",
  "//update",
  "/%75pdate",
  "/..;/update",
  `/${"x".repeat(200)}`
] as const

const methods = [
  "GET",
  "GET",
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
  "POST",
  "POST",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "PATCH",
  "PROPFIND"
] as const

const escapes = [
  "%",
  "%f",
  "%zz",
  "%00",
  "%ff",
  "%C0%AF",
  "%ED%A0%80",
  "+",
  "&",
  "=",
  "%26",
  "%3D",
  "%25",
  ";",
  "%F0%9F"
] as const

const strangeTypes = [
  "application/json",
  "text/xml",
  "",
  "application/x-www-form-urlencoded; charset=windows-1251",
  "multipart/form-data"
] as const

/** Without these most calls would end before anything else of them is looked at. */
const firstWords: Readonly<Record<string, string>> = {
  "/update": "create_if_not_exist=1&",
  "/updateCard": "uid=12345&create_if_not_exist=1&",
  "/insertCard": "uid=77&",
  "/deleteCard": "card_barcode=0000000123457&"
}

/** Of the form that the server generates: any other costs a slow hash, which is not what is tried here. */
const wrongKey = `tb_${"A".repeat(43)}`

/** How broken a request is: most are whole, or nothing but their escapes would ever be looked at. */
interface Mood {
  readonly breaks: number
  readonly repeats: number
  readonly strange: number
}

const moods: ReadonlyArray<Mood> = [
  { breaks: 0, repeats: 0, strange: 0.02 },
  { breaks: 0, repeats: 0, strange: 0.1 },
  { breaks: 0, repeats: 0.1, strange: 0.3 },
  { breaks: 0.15, repeats: 0.02, strange: 0.3 }
]

const pairs = (random: Random, mood: Mood, key: string, most: number): string => {
  const out: Array<string> = random.chance(0.95) ? [`apikey=${key}`] : []
  for (let left = random.integer(0, most); left > 0; left--) {
    const name: string = random.chance(mood.strange) ? random.pick(strangeNames) : random.pick(names)
    const usual = usualValues[name]
    const value =
      name === "apikey"
        ? random.pick(["", wrongKey])
        : usual !== undefined && !random.chance(mood.strange)
          ? random.pick(usual)
          : random.pick(values)
    const text = encodeURIComponent(value) + (random.chance(mood.breaks) ? random.pick(escapes) : "")
    const pair = `${/[%ф]/.test(name) ? name : encodeURIComponent(name)}=${text}`
    out.push(...(random.chance(mood.repeats) ? [pair, pair] : [pair]))
  }
  if (random.chance(0.3))
    out.push(`format=${random.pick(["json", "xml", "json", "xml", "json", "yaml", ""])}`)
  return out.join("&")
}

/** One request, whatever the mood. */
export const request = (random: Random, key: string): readonly [target: string, asked: Asked] => {
  const method = random.pick(methods)
  const mood = random.pick(moods)
  const path = random.chance(0.1) ? random.pick(strangePaths) : random.pick(paths)
  const usual = random.chance(0.7) ? (firstWords[path] ?? "") : ""
  const target = `/api/customer${path}?${usual}${pairs(random, mood, random.chance(0.97) ? key : wrongKey, 4)}`
  if (method !== "POST" && method !== "PUT" && method !== "PATCH") {
    return [target, { method, headers: random.chance(0.05) ? { purpose: "prefetch" } : {} }]
  }
  const body = random.chance(0.01)
    ? `fname=${"x".repeat(70_000)}`
    : pairs(random, mood, key, 6).replace(/^apikey=[^&]*&?/, "")
  const type = random.chance(0.1) ? random.pick(strangeTypes) : form["content-type"]
  const bytes: Uint8Array<ArrayBuffer> = new TextEncoder().encode(body)
  if (random.chance(mood.breaks) && bytes.length > 0) {
    bytes[random.integer(0, bytes.length - 1)] = random.integer(128, 255)
  }
  return [target, { method, headers: type === "" ? {} : { "content-type": type }, body: bytes }]
}
