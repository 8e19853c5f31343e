/**
 * XML through a general parser, its validator and a guard before both: slow, and not what the package uses, but written
 * by others. What it refuses, the package must refuse; what both accept must be the same tree.
 */
import * as Result from "effect/Result"
import { XMLParser, XMLValidator } from "fast-xml-parser"
import {
  MAX_BODY_BYTES,
  MAX_REQUEST_XML_ELEMENTS,
  MAX_XML_DEPTH,
  type XmlElement,
  type XmlLimits
} from "../src/index.ts"
import { decodeReferences, whyRefused } from "./xmlGuard.ts"

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

const fail = (reason: string) => Result.fail(reason)

/**
 * Reads a document: one root element, optionally after a byte order mark and a declaration, whose
 * encoding is not looked at (the text is decoded already). Fails with MalformedXml.
 */
export const parseByParser = (text: string, limits: XmlLimits = {}): Result.Result<XmlElement, string> => {
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
