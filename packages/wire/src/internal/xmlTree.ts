/**
 * Reads XML text in one pass, in time and memory linear to it, and refuses what is not well-formed and what is not
 * accepted at all. Large answers are lists of records whose members are plain text, so the ways for a tag without
 * attributes, and for an element that holds nothing but text, are short ones; every other way is taken by patterns.
 */
import type { XmlElement } from "../XmlReader.ts"
import { decodeReferences } from "./xmlReferences.ts"

/** What is counted. */
export interface TreeLimits {
  readonly maxElements: number
  readonly maxDepth: number
}

const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/
const DOCTYPE = /<!\s*(?:DOCTYPE|ENTITY)/i
const DECLARATION =
  /<\?xml\s+version\s*=\s*(?:"1\.\d"|'1\.\d')(?:\s+encoding\s*=\s*(?:"[\w.-]+"|'[\w.-]+'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/y
const INSTRUCTION = /<\?(?!xml\s)(?!xml\?)[^\s?<>"']+(?:\s(?:[^"'?]|"[^"?]*"|'[^'?]*')*)?\?>/iy
const TAG = /<([^\s"'<>/=&!?]+)/y
const ATTRIBUTE = /[ \t\n]+([^\s"'<>/=&]+)[ \t\n]*=[ \t\n]*(?:"([^<"]*)"|'([^<']*)')/y
const TAG_END = /[ \t\n]*(\/?)>/y
const CLOSING = /<\/([^\s"'<>/=&]+)[ \t\n]*>/y

const START =
  ":A-Za-z_\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD"
const NAME = new RegExp(`^[${START}][${START}\\-.\\d\\u00B7\\u0300-\\u036F\\u203F-\\u2040]*$`)
/** Names that could change an object's prototype where somebody copies the tree into objects. */
const CRITICAL = /^(?:__proto__|constructor|prototype)$/
const CRITICAL_WORD = /__proto__|constructor|prototype/

const GREATER = 62
const SLASH = 47
const BANG = 33
const QUESTION = 63

/** Characters of names in ASCII: 2 where they may stand first. */
const nameKinds = new Uint8Array(128)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:") nameKinds[char.charCodeAt(0)] = 2
for (const char of "0123456789-.") nameKinds[char.charCodeAt(0)] = 1

const noAttributes: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>
)
const noChildren: ReadonlyArray<XmlElement> = Object.freeze([])

const isBlank = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 9) return false
  }
  return true
}

/** Names of one document by their hash, so that each is cut out of it once. */
const NAME_SLOTS = 256

/** What readers make of elements: `Made` of one that is closed, `Parts` of what is in one that is open. */
export interface Making<Made, Parts> {
  readonly begin: () => Parts
  readonly add: (parts: Parts, name: string, made: Made) => void
  /** An element that holds nothing but text. */
  readonly leaf: (name: string, text: string) => Made
  /** Any other; `all` is its character data, `said` without the runs of nothing but white space. */
  readonly end: (open: Open<Parts>) => Made
}

/** An element that is open. */
export interface Open<Parts> {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly parts: Parts
  all: string
  said: string
}

/** Elements as they are. */
export const asTree: Making<XmlElement, Array<XmlElement>> = {
  begin: () => [],
  add: (parts, _, element) => {
    parts.push(element)
  },
  leaf: (name, text) => ({ name, attributes: noAttributes, children: noChildren, text }),
  end: ({ all, attributes, name, parts, said }) =>
    parts.length === 0
      ? { name, attributes, children: noChildren, text: all }
      : { name, attributes, children: parts, text: said }
}

/** The values of child elements by name; equal names are an array. */
type Values = { members: Record<string, unknown> | undefined }

/** Elements as JSON would tell them: text, or an object of the children by name. Attributes are left out. */
export const asValues: Making<unknown, Values> = {
  begin: () => ({ members: undefined }),
  add: (parts, name, value) => {
    const members = (parts.members ??= {})
    const found = members[name]
    // What every object has, such as toString, is no earlier value.
    const earlier = found !== undefined && Object.hasOwn(members, name) ? found : undefined
    // A leaf is never an array, so an array here is one that was made here.
    if (earlier === undefined) members[name] = value
    else if (Array.isArray(earlier)) earlier.push(value)
    else members[name] = [earlier, value]
  },
  leaf: (_, text) => text,
  end: ({ all, parts }) => parts.members ?? all
}

class ElementReader<Made, Parts> {
  readonly #making: Making<Made, Parts>
  readonly #text: string
  readonly #limits: TreeLimits
  readonly #hasReferences: boolean
  readonly #hasSectionEnds: boolean
  readonly #names: Array<string> = Array.from({ length: NAME_SLOTS }, () => "")
  readonly #open: Array<Open<Parts>> = []
  #at = 0
  #elements = 0
  #root: { readonly made: Made } | undefined
  /** Character data since the last tag, section or instruction; comments do not end it. */
  #run = ""
  #isRunBlank = true
  #refused: string | undefined

  constructor(text: string, limits: TreeLimits, making: Making<Made, Parts>) {
    this.#making = making
    this.#text = text
    this.#limits = limits
    this.#hasReferences = text.includes("&")
    this.#hasSectionEnds = text.includes("]]>")
  }

  read(): { readonly made: Made } | string {
    const text = this.#text
    DECLARATION.lastIndex = 0
    if (DECLARATION.test(text)) this.#at = DECLARATION.lastIndex
    while (this.#refused === undefined) {
      const found = text.indexOf("<", this.#at)
      const end = found === -1 ? text.length : found
      if (end > this.#at) this.#characters(text.slice(this.#at, end))
      if (found === -1 || this.#refused !== undefined) break
      this.#at = found
      const next = text.charCodeAt(found + 1)
      if (next === SLASH) this.#closingTag()
      else if (next === BANG) this.#section()
      else if (next === QUESTION) this.#instruction()
      else this.#openingTag()
    }
    if (this.#refused !== undefined) return this.#refused
    if (this.#open.length > 0) return "unclosed element"
    return this.#root ?? "no root element"
  }

  #refuse(reason: string): void {
    this.#refused ??= reason
  }

  #characters(raw: string): void {
    const blank = isBlank(raw)
    if (this.#open.length === 0) {
      if (!blank) this.#refuse("text outside the root element")
      return
    }
    this.#run += this.#decoded(raw)
    if (!blank) this.#isRunBlank = false
  }

  /** Character data with its references replaced. */
  #decoded(raw: string): string {
    if (this.#hasSectionEnds && raw.includes("]]>")) this.#refuse("]]> in text")
    return this.#hasReferences ? this.#withoutReferences(raw) : raw
  }

  #withoutReferences(raw: string): string {
    const decoded = decodeReferences(raw)
    if (decoded === undefined) this.#refuse("unknown or illegal reference")
    return decoded ?? ""
  }

  /** Gives the run that ends here to the element that it is in. */
  #endRun(): void {
    if (this.#run === "") return
    const open = this.#open.at(-1)
    if (open !== undefined) {
      open.all += this.#run
      if (!this.#isRunBlank) open.said += this.#run
    }
    this.#run = ""
    this.#isRunBlank = true
  }

  #openingTag(): void {
    const text = this.#text
    const start = this.#at + 1
    let at = start
    let hash = 0
    let code = text.charCodeAt(at)
    if (code < 128 && nameKinds[code] === 2) {
      do {
        hash = (Math.imul(hash, 31) + code) | 0
        code = text.charCodeAt(++at)
      } while (code < 128 && nameKinds[code] !== 0)
    }
    if (code !== GREATER && (code !== SLASH || text.charCodeAt(at + 1) !== GREATER)) return this.#anyTag()
    if (at === start) return this.#anyTag()
    const name = this.#nameAt(start, at, hash)
    if (!this.#begins()) return
    if (code === SLASH) {
      this.#at = at + 2
      return this.#add(name, this.#making.leaf(name, ""))
    }
    this.#at = at + 1
    const close = text.indexOf("<", at + 1)
    const after = close + 2 + name.length
    if (
      close !== -1 &&
      text.charCodeAt(close + 1) === SLASH &&
      text.charCodeAt(after) === GREATER &&
      text.startsWith(name, close + 2)
    ) {
      this.#at = after + 1
      const content = close === at + 1 ? "" : this.#decoded(text.slice(at + 1, close))
      return this.#add(name, this.#making.leaf(name, content))
    }
    this.#open.push(this.#opened(name, noAttributes))
  }

  /** The name between two places, whose characters are those of a name. */
  #nameAt(start: number, end: number, hash: number): string {
    const slot = hash & (NAME_SLOTS - 1)
    const known = this.#names[slot]!
    if (known.length === end - start && this.#text.startsWith(known, start)) return known
    const name = this.#text.slice(start, end)
    if (CRITICAL.test(name)) this.#refuse("not accepted by the parser")
    this.#names[slot] = name
    return name
  }

  /** Counts an element that begins here. */
  #begins(): boolean {
    const depth = this.#open.length
    this.#endRun()
    if (depth === 0 && this.#root !== undefined) this.#refuse("more than one root element")
    else if (++this.#elements > this.#limits.maxElements)
      this.#refuse(`more than ${this.#limits.maxElements} elements`)
    else if (depth + 1 > this.#limits.maxDepth) this.#refuse(`nested deeper than ${this.#limits.maxDepth}`)
    return this.#refused === undefined
  }

  #opened(name: string, attributes: Readonly<Record<string, string>>): Open<Parts> {
    return { name, attributes, parts: this.#making.begin(), all: "", said: "" }
  }

  #add(name: string, made: Made): void {
    const depth = this.#open.length
    if (depth === 0) this.#root = { made }
    else this.#making.add(this.#open[depth - 1]!.parts, name, made)
  }

  /** A tag of any form. */
  #anyTag(): void {
    const text = this.#text
    TAG.lastIndex = this.#at
    const tag = TAG.exec(text)
    if (tag === null) return this.#refuse("malformed tag")
    const name = tag[1]!
    let at = TAG.lastIndex
    const attributes: Record<string, string> = Object.create(null)
    let isWrong = !NAME.test(name)
    for (;;) {
      ATTRIBUTE.lastIndex = at
      const attribute = ATTRIBUTE.exec(text)
      if (attribute === null) break
      const key = attribute[1]!
      if (!NAME.test(key) || key in attributes) isWrong = true
      if (CRITICAL.test(key)) this.#refuse("not accepted by the parser")
      // XML turns literal white space in an attribute into spaces; a reference keeps it.
      attributes[key] = this.#withoutReferences((attribute[2] ?? attribute[3] ?? "").replace(/[\t\n]/g, " "))
      at = ATTRIBUTE.lastIndex
    }
    TAG_END.lastIndex = at
    const end = TAG_END.exec(text)
    if (end === null) return this.#refuse("malformed tag")
    if (!this.#begins()) return
    if (isWrong) return this.#refuse("not well-formed")
    if (CRITICAL.test(name)) return this.#refuse("not accepted by the parser")
    this.#at = TAG_END.lastIndex
    const opened = this.#opened(name, attributes)
    if (end[1] !== "") return this.#add(name, this.#making.end(opened))
    this.#open.push(opened)
  }

  #closingTag(): void {
    const text = this.#text
    const open = this.#open.pop()
    if (open === undefined) return this.#refuse("malformed closing tag")
    const { name } = open
    const after = this.#at + 2 + name.length
    if (text.charCodeAt(after) === GREATER && text.startsWith(name, this.#at + 2)) {
      this.#at = after + 1
    } else {
      CLOSING.lastIndex = this.#at
      const closing = CLOSING.exec(text)
      if (closing === null) return this.#refuse("malformed closing tag")
      if (closing[1] !== name) return this.#refuse("not well-formed")
      this.#at = CLOSING.lastIndex
    }
    if (this.#run !== "") {
      open.all += this.#run
      if (!this.#isRunBlank) open.said += this.#run
      this.#run = ""
      this.#isRunBlank = true
    }
    this.#add(name, this.#making.end(open))
  }

  /** A comment or a CDATA section. */
  #section(): void {
    const text = this.#text
    if (text.startsWith("<!--", this.#at)) {
      const dashes = text.indexOf("--", this.#at + 4)
      if (dashes === -1 || text.charCodeAt(dashes + 2) !== GREATER) return this.#refuse("malformed comment")
      this.#at = dashes + 3
      return
    }
    const open = this.#open.at(-1)
    if (open === undefined || !text.startsWith("<![CDATA[", this.#at)) return this.#refuse("unexpected <!")
    const end = text.indexOf("]]>", this.#at + 9)
    if (end === -1) return this.#refuse("malformed CDATA section")
    this.#endRun()
    const content = text.slice(this.#at + 9, end)
    open.all += content
    open.said += content
    this.#at = end + 3
  }

  #instruction(): void {
    INSTRUCTION.lastIndex = this.#at
    const instruction = INSTRUCTION.exec(this.#text)
    if (instruction === null) return this.#refuse("malformed processing instruction")
    if (CRITICAL_WORD.test(instruction[0])) return this.#refuse("not accepted by the parser")
    this.#endRun()
    this.#at = INSTRUCTION.lastIndex
  }
}

/** What is made of the root of a document, or why it is refused, in words that hold nothing of it. */
export const readElements = <Made, Parts>(
  document: string,
  limits: TreeLimits,
  making: Making<Made, Parts>
): { readonly made: Made } | string => {
  if (ILLEGAL.test(document) || !document.isWellFormed()) return "illegal character"
  if (document.includes("<!") && DOCTYPE.test(document)) return "DOCTYPE and ENTITY are not accepted"
  const text = document.includes("\r") ? document.replace(/\r\n?/g, "\n") : document
  return new ElementReader(text, limits, making).read()
}
