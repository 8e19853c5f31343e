/** References in XML text: the five names that XML has, and characters by number. Nothing is looked up elsewhere. */
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
