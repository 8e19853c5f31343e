/**
 * XML text into a plain tree, every value as the text it was. Built on fast-xml-parser, which is
 * no validating parser, changes values by default and accepts much that is not XML: so the text
 * first passes our guard and then its validator, and references are decoded here, once.
 * Not supported: DOCTYPE and ENTITY (refused wherever the words appear after `<!`, in CDATA too),
 * namespaces (prefixes stay part of the name), XML 1.1, and elements or attributes named
 * `constructor`, `prototype` or `__proto__`. Parsing blocks: up to 1 ms for each KB full of tags.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { XMLParser, XMLValidator } from "fast-xml-parser"
import { decodeReferences, whyRefused } from "./internal/xmlGuard.ts"
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

// Neither word can be the name of an element, so they cannot clash with one.
const TEXT = "#text"
const CDATA = "#cdata"
const ATTRIBUTES = ":@"

type OrderedNode = Readonly<Record<string, unknown>>

const makeParser = (maxDepth: number) =>
  new XMLParser({
    preserveOrder: true,
    attributeNamePrefix: "",
    ignoreAttributes: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    textNodeName: TEXT,
    cdataPropName: CDATA,
    maxNestedTags: maxDepth,
    jPath: false,
    // Its default would rename an element called toString.
    onDangerousProperty: (name) => name
  })

// The guard has seen every reference, so none is undefined by now.
const decoded = (text: string): string => decodeReferences(text) ?? text

const attributesOf = (node: OrderedNode): Record<string, string> => {
  const attributes: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(node[ATTRIBUTES] ?? {})) {
    // XML turns literal white space in an attribute into spaces; a reference keeps it.
    attributes[name] = decoded(String(value).replace(/[\t\n]/g, " "))
  }
  return attributes
}

const toElement = (name: string, node: OrderedNode): XmlElement => {
  const children: Array<XmlElement> = []
  const runs: Array<{ readonly text: string; readonly blank: boolean }> = []
  for (const child of node[name] as ReadonlyArray<OrderedNode>) {
    const key = Object.keys(child)[0] ?? TEXT
    if (key === TEXT) {
      const raw = String(child[TEXT])
      runs.push({ text: decoded(raw), blank: !/[^ \t\n]/.test(raw) })
    } else if (key === CDATA) {
      const [content] = child[CDATA] as ReadonlyArray<OrderedNode>
      runs.push({ text: String(content?.[TEXT] ?? ""), blank: false })
    } else {
      children.push(toElement(key, child))
    }
  }
  let text = ""
  for (const run of runs) if (children.length === 0 || !run.blank) text += run.text
  return { name, attributes: attributesOf(node), children, text }
}

const fail = (reason: string) => Result.fail(new MalformedXml({ reason }))

/**
 * Reads a document: one root element, optionally after a byte order mark and a declaration, whose
 * encoding is not looked at (the text is decoded already). Fails with MalformedXml.
 */
export const parseXml = (text: string, limits: XmlLimits = {}): Result.Result<XmlElement, MalformedXml> => {
  const maxBytes = limits.maxBytes ?? MAX_BODY_BYTES
  const maxDepth = limits.maxDepth ?? MAX_XML_DEPTH
  const maxElements = limits.maxElements ?? MAX_REQUEST_XML_ELEMENTS
  // A UTF-16 unit is at most three bytes, so short text need not be measured.
  if (text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)) {
    return fail(`longer than ${maxBytes} bytes`)
  }
  const document = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  try {
    const refused = whyRefused(document, { maxDepth, maxElements })
    if (refused !== undefined) return fail(refused)
    // Its message quotes the document, so it is not passed on.
    if (XMLValidator.validate(document) !== true) return fail("not well-formed")
    const nodes: ReadonlyArray<OrderedNode> = makeParser(maxDepth).parse(document)
    for (const node of nodes) {
      const name = Object.keys(node)[0]
      if (name !== undefined && name !== TEXT) return Result.succeed(toElement(name, node))
    }
    return fail("no root element")
  } catch {
    return fail("not accepted by the parser")
  }
}
