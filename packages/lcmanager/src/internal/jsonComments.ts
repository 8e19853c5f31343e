/**
 * JSON without its comments, which Json.NET reads over (INFERRED). Each character is looked at once, whatever the text:
 * a pattern that tries strings and comments at every place takes seconds for 64 KiB of quotes.
 */

const QUOTE = 34
const STAR = 42
const SLASH = 47
const BACKSLASH = 92

/** Where a string ends that begins at `start`: behind its closing quote, or the end of the text. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    at += code === BACKSLASH ? 2 : 1
  }
  return text.length
}

/** Where a comment ends that begins at `start`; -1 where none does, or it has no end. */
const endOfComment = (text: string, start: number): number => {
  const next = text.charCodeAt(start + 1)
  if (next === STAR) {
    const end = text.indexOf("*/", start + 2)
    return end === -1 ? -1 : end + 2
  }
  if (next !== SLASH) return -1
  let at = start + 2
  while (at < text.length && !/[\n\r]/.test(text[at]!)) at++
  return at
}

/** The text with a blank in place of each comment. A comment without an end stays, and is no JSON. */
export const withoutComments = (text: string): string => {
  if (!text.includes("/*") && !text.includes("//")) return text
  let out = ""
  let kept = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    const end = code === SLASH ? endOfComment(text, at) : 0
    if (end === -1) break
    if (end === 0) {
      at++
      continue
    }
    out += `${text.slice(kept, at)} `
    kept = at = end
  }
  return out + text.slice(kept)
}
