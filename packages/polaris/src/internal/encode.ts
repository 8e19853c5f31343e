/** Members as XML and JSON text. This runs for each member of each customer of a page, so it is plain string work. */
import { escapeText } from "@tillbridge/wire"
import type * as Schema from "effect/Schema"
import type { Kind } from "./fields.ts"

/** A wire field: text, whether it stands bare in JSON, or a nested value. */
export type Field =
  | readonly [name: string, value: string, bare: boolean]
  | readonly [name: string, value: Schema.Json, bare?: undefined]

const memberName = /^(?!xml)[A-Za-z_][A-Za-z0-9_-]{0,63}$/i

/** Many readers refuse these; one such name would make a whole slice unreadable for them. */
const hostileNames = new Set(["constructor", "prototype", "__proto__"])

/** Whether a member of that name is written: what XML takes without a prefix. */
export const isMemberName = (name: string): boolean => memberName.test(name) && !hostileNames.has(name)

const isBareNumber = /^-?(?:0|[1-9][0-9]{0,27})(?:\.[0-9]{1,28})?$/

/** Whether a value of that kind stands bare in JSON. */
export const isBare = (kind: Kind, value: string): boolean =>
  kind === "yes"
    ? value === "true" || value === "false"
    : (kind === "whole" || kind === "decimal") && isBareNumber.test(value)

/** Names of list items as .NET gives them to lists of simple values. */
const itemName = (item: Schema.Json): string =>
  typeof item === "string"
    ? "string"
    : typeof item === "boolean"
      ? "boolean"
      : typeof item === "number"
        ? Number.isInteger(item)
          ? "long"
          : "decimal"
        : "Item"

/** Nothing deeper is kept; it leaves room for what stands around a record within the limits of readers. */
export const MAX_KEPT_DEPTH = 20

const xmlOfJson = (name: string, value: Schema.Json, depth = 0): string => {
  if (value === null || depth > MAX_KEPT_DEPTH || !isMemberName(name)) return ""
  if (typeof value !== "object") {
    const text = String(value)
    return text === "" ? `<${name}/>` : `<${name}>${escapeText(text)}</${name}>`
  }
  let inner = ""
  if (Array.isArray(value)) {
    for (const item of value) inner += xmlOfJson(itemName(item), item, depth + 1)
  } else {
    for (const [member, part] of Object.entries(value as Readonly<Record<string, Schema.Json>>)) {
      // Elements of one name beside each other were read as an array under that name.
      if (Array.isArray(part)) for (const item of part) inner += xmlOfJson(member, item, depth + 1)
      else inner += xmlOfJson(member, part, depth + 1)
    }
  }
  return inner === "" ? `<${name}/>` : `<${name}>${inner}</${name}>`
}

export const xmlOf = (fields: ReadonlyArray<Field>): string => {
  let out = ""
  for (const [name, value, bare] of fields) {
    if (bare === undefined) out += xmlOfJson(name, value)
    else if (value === "") out += `<${name}/>`
    else out += bare ? `<${name}>${value}</${name}>` : `<${name}>${escapeText(value)}</${name}>`
  }
  return out
}

const JSON_SPECIAL = /["\\\0-\x1f\ud800-\udfff]/

const jsonText = (value: string): string => (JSON_SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`)

export const jsonOf = (fields: ReadonlyArray<Field>): string => {
  let out = ""
  for (const [name, value, bare] of fields) {
    const text = bare === undefined ? JSON.stringify(value) : bare ? value : jsonText(value)
    out += out === "" ? `"${name}":${text}` : `,"${name}":${text}`
  }
  return out
}
