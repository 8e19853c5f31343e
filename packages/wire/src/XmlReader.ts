/**
 * XML text into a plain tree, every value as the text it was, in one pass whose time and memory are linear to the
 * text. Not supported: DOCTYPE and ENTITY (refused wherever the words appear after `<!`, in CDATA too), namespaces
 * (prefixes stay part of the name), XML 1.1, and elements or attributes named `constructor`, `prototype` or
 * `__proto__`. Values of a long document are views of it: whoever keeps one for long keeps the document's text.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { asTree, asValues, type Making, readElements } from "./internal/xmlTree.ts"
import { MAX_BODY_BYTES, MAX_REQUEST_XML_ELEMENTS, MAX_XML_DEPTH } from "./Limits.ts"

/** The text is not XML that is accepted here. `reason` holds none of the text. */
export class MalformedXml extends Schema.TaggedError<MalformedXml>()("MalformedXml", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Where reading stops. What is left out is the limit of a request. */
export interface XmlLimits {
  readonly maxElements?: number
  readonly maxDepth?: number
  /** Length of the text as UTF-8. */
  readonly maxBytes?: number
}

/**
 * One element. `text` is all the character data directly in it, untouched when there are no child
 * elements; between child elements, runs of nothing but white space are left out.
 */
export interface XmlElement {
  readonly name: string
  /** Has no prototype, so any name is safe to look up. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<XmlElement>
  readonly text: string
}

/** The first child element of that name. */
export const xmlChild = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((child) => child.name === name)

/** Every child element of that name, in order. */
export const xmlChildren = (element: XmlElement, name: string): ReadonlyArray<XmlElement> =>
  element.children.filter((child) => child.name === name)

/** The text of the first child element of that name; "" when it is empty, undefined when absent. */
export const xmlChildText = (element: XmlElement, name: string): string | undefined =>
  xmlChild(element, name)?.text

/** Length as UTF-8; a lone surrogate counts as what stands for it. */
const utf8Length = (text: string): number => {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    // Each half of a pair adds one: four bytes for two units.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

const fail = (reason: string) => Result.fail(new MalformedXml({ reason }))

const read = <Made, Parts>(
  text: string,
  limits: XmlLimits,
  making: Making<Made, Parts>
): Result.Result<Made, MalformedXml> => {
  const maxBytes = limits.maxBytes ?? MAX_BODY_BYTES
  // A UTF-16 unit is at most three bytes, so short text need not be measured.
  if (text.length > maxBytes || (text.length * 3 > maxBytes && utf8Length(text) > maxBytes)) {
    return fail(`longer than ${maxBytes} bytes`)
  }
  const document = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const root = readElements(
    document,
    {
      maxDepth: limits.maxDepth ?? MAX_XML_DEPTH,
      maxElements: limits.maxElements ?? MAX_REQUEST_XML_ELEMENTS
    },
    making
  )
  return typeof root === "string" ? fail(root) : Result.succeed(root.made)
}

/**
 * Reads a document: one root element, optionally after a byte order mark and a declaration, whose
 * encoding is not looked at (the text is decoded already). Fails with MalformedXml.
 */
export const parseXml = (text: string, limits: XmlLimits = {}): Result.Result<XmlElement, MalformedXml> =>
  read(text, limits, asTree)

/**
 * The root as JSON would tell it, for records told in both forms: an element without children is its text, any other an
 * object of its children by name, where equal names are an array. Attributes, and text beside children, are left out.
 */
export const parseXmlValues = (text: string, limits: XmlLimits = {}): Result.Result<unknown, MalformedXml> =>
  read(text, limits, asValues)
