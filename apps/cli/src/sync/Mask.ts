/**
 * A payload with its values masked and its shape kept: each letter is `x`, each digit `9`, so that a date in the wrong
 * form still shows its form. Names of fields, `true`, `false` and `null` stand as they are.
 */
const maskText = (text: string): string => text.replace(/\p{L}/gu, "x").replace(/\p{N}/gu, "9")

const isFieldName = (key: string): boolean => /^[A-Za-z_@$#][\w.@$#:-]{0,63}$/.test(key)

const maskNumber = (value: number): number => {
  const masked = Number(maskText(String(value)).replace("x", "e"))
  return Number.isFinite(masked) ? masked : 9
}

const maskValue = (value: unknown): unknown => {
  if (typeof value === "string") return maskText(value)
  if (typeof value === "number") return maskNumber(value)
  if (Array.isArray(value)) return value.map(maskValue)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [isFieldName(key) ? key : maskText(key), maskValue(one)])
  )
}

const tokens = /<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<[^<>]*>|[^<]+|</g

/** The name of an element and its attributes stay, unless they are no names. */
const maskTag = (tag: string): string => {
  const match = /^<([/?!]?)([\w.:-]{1,64})((?:\s+[\w.:-]{1,64}\s*=\s*(?:"[^"]*"|'[^']*'))*)(\s*[/?]?)>$/.exec(
    tag
  )
  if (match === null) return maskText(tag)
  const [, before, name, attributes, after] = match
  const masked = attributes!.replace(/"[^"]*"|'[^']*'/g, maskText)
  return `<${before}${name}${masked}${after}>`
}

const maskXml = (text: string): string =>
  text.replace(tokens, (token) => {
    if (token.startsWith("<![CDATA[")) return `<![CDATA[${maskText(token.slice(9, -3))}]]>`
    if (token.startsWith("<!--")) return `<!--${maskText(token.slice(4, -3))}-->`
    return token.startsWith("<") ? maskTag(token) : maskText(token)
  })

/** A payload: JSON documents as values, anything else as text. */
export const payloadValue = (payload: string, isRevealed: boolean): unknown => {
  try {
    const value: unknown = JSON.parse(payload)
    if (typeof value === "object" && value !== null) return isRevealed ? value : maskValue(value)
  } catch {}
  if (isRevealed) return payload
  return payload.trimStart().startsWith("<") ? maskXml(payload) : maskText(payload)
}
