/**
 * XML written as strings. Whatever text is given, the result is well-formed XML 1.0: a character
 * that XML cannot carry even as a reference becomes U+FFFD, and a carriage return is written as a
 * reference, because a reader would turn a bare one into a line feed. Names are written as given:
 * they come from the program, never from data.
 */

/** The declaration every document starts with. */
export const XML_DECLARATION = `<?xml version="1.0" encoding="utf-8"?>`

// The `u` flag makes a lone surrogate a character of its own and leaves pairs alone.
const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/gu
const TEXT_SPECIAL = /[&<>\0-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]/u
const ATTRIBUTE_SPECIAL = /[&<>"\0-\x1f\ufffe\uffff\ud800-\udfff]/u

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;"
}

const reference = (character: string): string => REFERENCES[character] ?? character

/** Text as the content of an element. `>` is escaped as well, so `]]>` never appears. */
export const escapeText = (text: string): string =>
  TEXT_SPECIAL.test(text) ? text.replace(ILLEGAL, "\ufffd").replace(/[&<>\r]/g, reference) : text

/** Text as the value of an attribute in double quotes; tab and line feed survive as references. */
export const escapeAttribute = (text: string): string =>
  ATTRIBUTE_SPECIAL.test(text) ? text.replace(ILLEGAL, "\ufffd").replace(/[&<>"\t\n\r]/g, reference) : text

/** `<name>text</name>`, or `<name/>` when there is no text. Numbers and booleans as JavaScript prints them. */
export const element = (name: string, text: string | number | boolean | null | undefined): string =>
  text === null || text === undefined || text === ""
    ? `<${name}/>`
    : `<${name}>${typeof text === "string" ? escapeText(text) : text}</${name}>`
