/**
 * Media types and character sets of HTTP headers: `Content-Type`, `Accept` and `Accept-Charset` as values, and bytes as
 * text in the Unicode encodings. Which of the acceptable types is chosen is the dialect's own rule.
 */

/** `type/subtype` in lower case, and the parameters by lower-case name. */
export interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/** A range of an `Accept` header, or a name of an `Accept-Charset`, with how much it is wanted: 0 (not) to 1. */
export interface Preference {
  /** In lower case, without parameters. */
  readonly value: string
  readonly quality: number
}

/** Longest header that is looked at. What is longer says nothing that anybody meant. */
const LONGEST = 4_096

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const TYPE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*$`)
const NAME = new RegExp(`^\\s*(${TOKEN})\\s*$`)
const PARAMETER = new RegExp(`^\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))\\s*$`)

/** The pieces between separators that stand outside quotes. */
const split = (text: string, separator: "," | ";"): ReadonlyArray<string> => {
  if (!text.includes('"')) return text.split(separator)
  const pieces: Array<string> = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') quoted = !quoted
    else if (character === "\\" && quoted) i++
    else if (character === separator && !quoted) {
      pieces.push(text.slice(start, i))
      start = i + 1
    }
  }
  pieces.push(text.slice(start))
  return pieces
}

/** Parameters of which none is broken; undefined when one is. The first of two with one name counts. */
const parametersOf = (pieces: ReadonlyArray<string>): ReadonlyMap<string, string> | undefined => {
  const parameters = new Map<string, string>()
  for (const piece of pieces) {
    if (piece.trim() === "") continue
    const match = PARAMETER.exec(piece)
    if (match === null) return undefined
    const name = match[1]!.toLowerCase()
    if (!parameters.has(name)) parameters.set(name, match[3] ?? match[2]!.replace(/\\(.)/g, "$1"))
  }
  return parameters
}

/** A `Content-Type`; undefined when there is none or it is not well-formed. */
export const parseMediaType = (header: string | undefined): MediaType | undefined => {
  if (header === undefined || header.length > LONGEST) return undefined
  const [first = "", ...rest] = split(header, ";")
  const type = TYPE.exec(first)?.[1]?.toLowerCase()
  const parameters = parametersOf(rest)
  return type === undefined || parameters === undefined ? undefined : { type, parameters }
}

/** `q`, at most 1; 1 when there is none or it is no number. */
const qualityOf = (parameters: ReadonlyMap<string, string>): number => {
  const text = parameters.get("q")
  return text !== undefined && /^\d*\.?\d+$|^\d+\.$/.test(text) ? Math.min(1, Number(text)) : 1
}

const preferencesOf = (header: string | undefined, form: RegExp): Array<Preference> => {
  const out: Array<Preference> = []
  if (header === undefined || header.length > LONGEST) return out
  for (const piece of split(header, ",")) {
    const [first = "", ...rest] = split(piece, ";")
    const value = form.exec(first)?.[1]?.toLowerCase()
    const parameters = parametersOf(rest)
    // What is not well-formed is passed over, as ASP.NET's reader of headers does.
    if (value !== undefined && parameters !== undefined) out.push({ value, quality: qualityOf(parameters) })
  }
  return out
}

/** Greater for a range that says less. */
const breadth = ({ value }: Preference): number => (value === "*/*" ? 2 : value.endsWith("/*") ? 1 : 0)

/** The ranges of an `Accept` header: the most wanted first, of equals the most specific, then as they were given. */
export const acceptedTypes = (header: string | undefined): ReadonlyArray<Preference> =>
  preferencesOf(header, TYPE).sort((a, b) => b.quality - a.quality || breadth(a) - breadth(b))

/** The names of an `Accept-Charset` header: the most wanted first, then as they were given. */
export const acceptedCharsets = (header: string | undefined): ReadonlyArray<Preference> =>
  preferencesOf(header, NAME).sort((a, b) => b.quality - a.quality)

/** Encodings that are read and written. UTF-16 is little-endian and begins with a byte order mark. */
export type Charset = "utf-8" | "utf-16"

const decoders = {
  "utf-8": new TextDecoder("utf-8", { fatal: true }),
  "utf-16le": new TextDecoder("utf-16le", { fatal: true }),
  "utf-16be": new TextDecoder("utf-16be", { fatal: true })
}

/** The encoding that a charset name means, undefined for one that is not read. */
const encodingOf = (charset: string): keyof typeof decoders | undefined => {
  switch (charset.toLowerCase()) {
    case "utf-8":
    case "utf8":
    case "us-ascii":
      return "utf-8"
    case "utf-16":
    case "utf-16le":
    case "unicode":
      return "utf-16le"
    case "utf-16be":
      return "utf-16be"
    default:
      return undefined
  }
}

/** Whether bytes of this charset can be read. */
export const isReadable = (charset: string): boolean => encodingOf(charset) !== undefined

/**
 * The bytes as text, without a byte order mark, which wins over the name. Undefined when they are not of that encoding
 * or the encoding is not read: nothing is ever replaced.
 */
export const decodeText = (bytes: Uint8Array, charset = "utf-8"): string | undefined => {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
          ? "utf-8"
          : undefined
  const encoding = marked ?? encodingOf(charset)
  if (encoding === undefined) return undefined
  try {
    return decoders[encoding].decode(bytes)
  } catch {
    return undefined
  }
}

const utf8 = new TextEncoder()

/** Text as bytes; `first`: it begins the document, where UTF-16 has its byte order mark. */
export const encodeText = (text: string, charset: Charset, first = true): Uint8Array => {
  if (charset === "utf-8") return utf8.encode(text)
  const start = first ? 1 : 0
  const bytes = new Uint8Array((text.length + start) * 2)
  if (first) bytes.set([0xff, 0xfe])
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[(i + start) * 2] = unit & 0xff
    bytes[(i + start) * 2 + 1] = unit >> 8
  }
  return bytes
}
