/** The choice of an answer's form: rows by hand from the rules of ASP.NET Web API. */
import { assert, describe, it } from "@effect/vitest"
import { Headers } from "effect/http"
import fc from "fast-check"
import { negotiate } from "../src/internal/negotiation.ts"

type Given = Readonly<Record<string, string>>

const typeOf = (given: Given) => negotiate(Headers.fromInput(given)).contentType

const json = "application/json; charset=utf-8"
const xml = "application/xml; charset=utf-8"
const asXml = { "content-type": "application/xml" }

/** What is asked, and what must come of it. */
const table: ReadonlyArray<readonly [title: string, given: Given, contentType: string]> = [
  ["nothing at all", {}, json],
  ["a JSON request", { "content-type": "application/json" }, json],
  ["text/json", { "content-type": "text/json" }, "text/json; charset=utf-8"],
  ["an XML request", asXml, xml],
  ["text/xml", { "content-type": "text/xml; charset=utf-8" }, "text/xml; charset=utf-8"],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, json],
  ["an XML request that takes anything", { ...asXml, accept: "*/*" }, json],
  ["a browser", { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }, xml],
  ["XML by Accept", { accept: "application/xml" }, xml],
  ["text/xml by Accept, in any case", { accept: "Text/XML" }, "text/xml; charset=utf-8"],
  ["the higher quality", { accept: "application/json;q=0.5, text/xml;q=0.6" }, "text/xml; charset=utf-8"],
  ["of equals the literal", { accept: "*/*, application/xml" }, xml],
  [
    "of equals application/* before everything",
    { accept: "*/*;q=0.5, text/*;q=0.5" },
    "text/json; charset=utf-8"
  ],
  ["of equal literals the first writer", { accept: "application/xml, application/json" }, json],
  ["text/*", { accept: "text/*" }, "text/json; charset=utf-8"],
  ["application/* for an XML request", { ...asXml, accept: "application/*" }, json],
  ["nothing that is written: never 406", { accept: "text/plain" }, json],
  ["nothing that is written, of an XML request", { ...asXml, accept: "image/png" }, xml],
  ["not XML, of an XML request", { ...asXml, accept: "application/xml;q=0" }, xml],
  ["not JSON", { accept: "application/json;q=0, application/xml;q=0.1" }, xml],
  ["not JSON, but anything", { accept: "application/json;q=0, */*;q=0.1" }, json],
  ["a broken Accept", { ...asXml, accept: "xml, ;q, application/" }, xml],
  ["parameters of a range", { accept: "application/xml;version=1;q=0.9" }, xml],
  ["a script that takes anything", { ...asXml, accept: "*/*", "x-requested-with": "XMLHttpRequest" }, json],
  ["a script that says nothing", { ...asXml, "x-requested-with": "xmlhttprequest" }, json],
  ["a script that wants XML", { accept: "application/xml", "x-requested-with": "XMLHttpRequest" }, xml],
  ["another header of that name", { ...asXml, "x-requested-with": "fetch" }, xml],
  ["UTF-16 by Accept-Charset", { "accept-charset": "utf-16" }, "application/json; charset=utf-16"],
  ["of two charsets the wanted one", { "accept-charset": "utf-16;q=0.5, utf-8" }, json],
  ["any charset", { "accept-charset": "*" }, json],
  ["a charset that is not written", { "accept-charset": "windows-1251" }, json],
  ["not UTF-16", { "accept-charset": "utf-16;q=0" }, json],
  [
    "the charset of the request",
    { "content-type": "application/xml; charset=UTF-16" },
    "application/xml; charset=utf-16"
  ],
  [
    "Accept-Charset before that of the request",
    { "content-type": "application/xml; charset=utf-16", "accept-charset": "utf-8" },
    xml
  ]
]

describe("an answer's form", () => {
  for (const [title, given, contentType] of table) {
    it(title, () => {
      assert.strictEqual(typeOf(given), contentType)
    })
  }

  it("is always one of those that are written, whatever is asked for", () => {
    const words = fc.constantFrom(
      "application/json",
      "text/xml",
      "*/*",
      "text/*",
      "a/b",
      ";q=0",
      ";q=1e9",
      ",",
      '"',
      "é"
    )
    const header = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join(""))
    )
    fc.assert(
      fc.property(header, header, header, (accept, type, charset) => {
        const found = negotiate({
          accept,
          "content-type": type,
          "accept-charset": charset
        } as unknown as Headers.Headers)
        assert.match(found.contentType, /^(application|text)\/(json|xml); charset=utf-(8|16)$/)
        assert.isTrue(found.contentType.includes(found.format) && found.contentType.endsWith(found.charset))
      })
    )
  })
})
