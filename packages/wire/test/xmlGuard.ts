/**
 * Walks over XML text once, in linear time, and says what is wrong with it, before any parser sees
 * it. It checks what fast-xml-parser and its validator let through (DOCTYPE, stray `<!`, `&` and
 * `<` in attribute values, `]]>` in text, illegal characters and references) and counts elements
 * and depth. It does not compare tag names nor look for repeated attributes: the validator does.
 */

/** What is counted. */
export interface GuardLimits {
  readonly maxElements: number
  readonly maxDepth: number
}

const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/
const DOCTYPE = /<!\s*(?:DOCTYPE|ENTITY)/i
const DECLARATION =
  /<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[\w.-]+"|'[\w.-]+'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/y
const INSTRUCTION = /<\?(?!xml\s)(?!xml\?)[^\s?<>]+(?:\s(?:[^"'?]|"[^"?]*"|'[^'?]*')*)?\?>/iy
const OPEN = /<[^\s"'<>/=&!?]+/y
const ATTRIBUTE = /\s+[^\s"'<>/=&]+\s*=\s*(?:"([^<"]*)"|'([^<']*)')/y
const OPEN_END = /\s*(\/?)>/y
const CLOSE = /<\/[^\s"'<>/=&]+\s*>/y

const REFERENCE = /&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,10})|(amp|lt|gt|quot|apos));/g
const STRAY_AMPERSAND = /&(?!(?:#x[0-9a-fA-F]{1,8}|#[0-9]{1,10}|amp|lt|gt|quot|apos);)/
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

const isLegal = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff)

/** The text with each reference replaced once; undefined when one is unknown or illegal. */
export const decodeReferences = (text: string): string | undefined => {
  if (!text.includes("&")) return text
  if (STRAY_AMPERSAND.test(text)) return undefined
  let legal = true
  const decoded = text.replace(REFERENCE, (_, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? ""
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal)
    if (isLegal(code)) return String.fromCodePoint(code)
    legal = false
    return ""
  })
  return legal ? decoded : undefined
}

/** What makes the text unacceptable, or undefined. Says nothing of the text's content. */
export const whyRefused = (text: string, limits: GuardLimits): string | undefined => {
  if (ILLEGAL.test(text) || !text.isWellFormed()) return "illegal character"
  if (DOCTYPE.test(text)) return "DOCTYPE and ENTITY are not accepted"

  let position = 0
  let depth = 0
  let elements = 0
  let rootSeen = false

  /** The end of the match of a sticky pattern here, or -1. */
  const endOf = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : -1
  }

  const declared = endOf(DECLARATION, 0)
  if (declared !== -1) position = declared

  for (;;) {
    const found = text.indexOf("<", position)
    const run = text.slice(position, found === -1 ? text.length : found)
    if (depth === 0) {
      if (/[^ \t\r\n]/.test(run)) return "text outside the root element"
    } else if (run.includes("]]>")) {
      return "]]> in text"
    } else if (decodeReferences(run) === undefined) {
      return "unknown or illegal reference"
    }
    if (found === -1) break

    const next = text[found + 1]
    if (next === "!") {
      if (text.startsWith("<!--", found)) {
        const dashes = text.indexOf("--", found + 4)
        if (dashes === -1 || text[dashes + 2] !== ">") return "malformed comment"
        position = dashes + 3
      } else if (depth > 0 && text.startsWith("<![CDATA[", found)) {
        const end = text.indexOf("]]>", found + 9)
        if (end === -1) return "malformed CDATA section"
        position = end + 3
      } else {
        return "unexpected <!"
      }
    } else if (next === "?") {
      position = endOf(INSTRUCTION, found)
      if (position === -1) return "malformed processing instruction"
    } else if (next === "/") {
      position = endOf(CLOSE, found)
      if (position === -1 || --depth < 0) return "malformed closing tag"
    } else {
      position = endOf(OPEN, found)
      if (position === -1) return "malformed tag"
      for (;;) {
        ATTRIBUTE.lastIndex = position
        const attribute = ATTRIBUTE.exec(text)
        if (attribute === null) break
        if (decodeReferences(attribute[1] ?? attribute[2] ?? "") === undefined) {
          return "unknown or illegal reference"
        }
        position = ATTRIBUTE.lastIndex
      }
      OPEN_END.lastIndex = position
      const end = OPEN_END.exec(text)
      if (end === null) return "malformed tag"
      position = OPEN_END.lastIndex
      if (depth === 0) {
        if (rootSeen) return "more than one root element"
        rootSeen = true
      }
      if (++elements > limits.maxElements) return `more than ${limits.maxElements} elements`
      if (depth + 1 > limits.maxDepth) return `nested deeper than ${limits.maxDepth}`
      if (end[1] === "") depth++
    }
  }
  if (!rootSeen) return "no root element"
  return depth === 0 ? undefined : "unclosed element"
}
