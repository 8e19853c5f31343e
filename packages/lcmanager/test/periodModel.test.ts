/** What is read of a request's body, by whichever reader; expectations by hand. */
import { assert, describe, it } from "@effect/vitest"
import { TimeZone } from "@tillbridge/domain"
import { encodeText } from "@tillbridge/wire"
import { DateTime, Result } from "effect"
import fc from "fast-check"
import { type PeriodModel, readPeriodModel } from "../src/internal/periodModel.ts"
import { fixtures, textOf } from "./fixtures/index.ts"
import { A, Q, requestXml } from "./server.ts"

const moscow = TimeZone.make("Europe/Moscow")
const utf8 = (text: string) => new TextEncoder().encode(text)

const types = {
  json: "application/json",
  xml: "application/xml",
  form: "application/x-www-form-urlencoded"
} as const
type Kind = keyof typeof types

const readBytes = (bytes: Uint8Array, type: string | undefined, encoding?: string) =>
  readPeriodModel(bytes, type, encoding, moscow)
const read = (kind: Kind, text: string) => readBytes(utf8(text), types[kind])

/** The model with its dates as text. */
const shown = (model: PeriodModel): object => {
  const { begDate, endDate, unreadable, ...rest } = model
  const date = (one: PeriodModel["begDate"]) => one && `${DateTime.formatIso(one.instant)} ${one.fraction}`
  const said = { begDate: date(begDate), endDate: date(endDate), ...rest }
  return {
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)),
    ...(unreadable.length === 0 ? {} : { unreadable })
  }
}

const model = (kind: Kind, text: string) => shown(Result.getOrThrow(read(kind, text)))

const failure = (kind: Kind, text: string) => {
  const result = read(kind, text)
  return Result.isFailure(result) ? `${result.failure._tag}: ${result.failure.message}` : assert.fail(text)
}

const everything = {
  begDate: "2024-04-24T21:23:55.614Z 6146589",
  endDate: "2024-04-24T21:23:55.614Z 6146589",
  registration: true,
  regPosList: "1",
  today: true,
  yesterday: true,
  month: 64,
  year: 1
}

describe("the vendor's own sample", () => {
  it("is read in both forms", () => {
    assert.deepStrictEqual(model("json", textOf(fixtures.requestJson)), everything)
    assert.deepStrictEqual(model("xml", textOf(fixtures.requestXml)), everything)
  })

  it("is read as a form, with either spelling of Reg", () => {
    const fields = `BegDate=2024-04-25T00:23:55.6146589%2B03:00&EndDate=2024-04-25T00:23:55.6146589%2B03:00&Registration=true&RegPosList=1`
    for (const reg of [
      "Reg.Today=true&Reg.Yesterday=true&Reg.Month=64&Reg.Year=1",
      "Reg%5BToday%5D=true&reg[yesterday]=True&REG%5Bmonth%5D=64&reg.Year=1"
    ]) {
      assert.deepStrictEqual(model("form", `${fields}&${reg}&Operator=1&Token=1&SiteCode=a`), everything)
    }
  })
})

describe("JSON", () => {
  const cases: ReadonlyArray<readonly [text: string, expected: object]> = [
    ["{}", {}],
    [
      `{"begdate":"2024-04-01","REGISTRATION":true}`,
      { begDate: "2024-03-31T21:00:00.000Z 0000000", registration: true }
    ],
    [
      `{"Registration":"true","RegPosList":"7","Reg":{"Today":1,"Yesterday":0,"Month":"4"}}`,
      { registration: true, regPosList: "7", today: true, yesterday: false, month: 4 }
    ],
    [`{"Registration":null,"RegPosList":"","BegDate":"","Reg":null}`, {}],
    [
      `{"Registration":"yes","RegPosList":1.5,"BegDate":5}`,
      { unreadable: ["BegDate", "Registration", "RegPosList"] }
    ],
    [`{"RegPosList":[7],"Reg":"x","EndDate":{}}`, { unreadable: ["Reg", "EndDate", "RegPosList"] }],
    [`{"RegPosList":true}`, { unreadable: ["RegPosList"] }],
    [`{"RegPosList":9223372036854775808}`, { unreadable: ["RegPosList"] }],
    [`{"RegPosList":9007199254740993}`, { regPosList: "9007199254740993" }],
    [`{"Reg":{"Month":300,"Year":2024}}`, { year: 2024, unreadable: ["Reg.Month"] }],
    [`{"Reg":{"Month":-1,"Year":99999999999}}`, { unreadable: ["Reg.Month", "Reg.Year"] }],
    [`{"Other":1,"Clients":[{"Client":1}],"__proto__":{"Registration":true}}`, {}],
    [`/* a */{"Registration":/* b */true // c\n}`, { registration: true }],
    [`{"SiteCode":"// no comment /* here */","Registration":true}`, { registration: true }],
    [`\ufeff{"Registration":true}`, { registration: true }]
  ]
  for (const [text, expected] of cases) {
    it(text.slice(0, 60), () => {
      assert.deepStrictEqual(model("json", text), expected)
    })
  }

  it("that is none, or no object, is no request", () => {
    for (const text of [`{"BegDate":`, "[]", "null", "1", `"x"`, "{", "{}{}", "{'a':1}", `{"a":1,}`, "<a/>"])
      assert.match(failure("json", text), /^UnreadableModel: the body /, text)
    assert.match(failure("json", `{"a":${"[".repeat(80)}${"]".repeat(80)}}`), /^UnreadableModel.*nested/)
    assert.notInclude(failure("json", `{"secret": CANARY}`), "CANARY")
  })

  it("that says something twice is refused, in whatever letter case", () => {
    assert.strictEqual(
      failure("json", `{"RegPosList":1,"RegPosList":2}`),
      "AmbiguousModel: a member is given more than once"
    )
    assert.strictEqual(
      failure("json", `{"RegPosList":1,"regposlist":1}`),
      "AmbiguousModel: RegPosList is given more than once"
    )
    assert.strictEqual(
      failure("json", `{"Reg":{"Today":true,"TODAY":false}}`),
      "AmbiguousModel: Today is given more than once"
    )
    assert.match(failure("json", `{"Token":1,"token":1}`), /^AmbiguousModel: Token/)
    assert.match(failure("json", `{"x":1,"x":1}`), /^AmbiguousModel/)
  })
})

describe("dates", () => {
  const utc = (text: string): unknown =>
    (model("json", `{"BegDate":${JSON.stringify(text)}}`) as { begDate?: string }).begDate

  it("have an offset, Z or nothing, and up to seven digits of a fraction", () => {
    for (const [text, expected] of [
      ["2024-04-24T10:15:00", "2024-04-24T07:15:00.000Z 0000000"],
      ["2024-04-24T10:15:00Z", "2024-04-24T10:15:00.000Z 0000000"],
      ["2024-04-24T10:15:00+05:30", "2024-04-24T04:45:00.000Z 0000000"],
      ["2024-04-24T10:15:00-0300", "2024-04-24T13:15:00.000Z 0000000"],
      ["2024-04-24 10:15", "2024-04-24T07:15:00.000Z 0000000"],
      ["2024-04-24", "2024-04-23T21:00:00.000Z 0000000"],
      ["2024-04-24T10:15:00.1234567", "2024-04-24T07:15:00.123Z 1234567"],
      ["2024-04-24T10:15:00.5", "2024-04-24T07:15:00.500Z 5000000"],
      ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z 0000000"],
      ["9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999Z 9999999"],
      ["/Date(1713957300000)/", "2024-04-24T11:15:00.000Z 0000000"],
      ["/Date(1713957300000+0300)/", "2024-04-24T11:15:00.000Z 0000000"],
      ["04/24/2024", "2024-04-23T21:00:00.000Z 0000000"],
      ["4/24/2024 10:15:30", "2024-04-24T07:15:30.000Z 0000000"]
    ] as const) {
      assert.strictEqual(utc(text), expected, text)
    }
  })

  it("of no calendar are none", () => {
    for (const text of [
      "not-a-date",
      "2024-02-30",
      "2024-13-01",
      "31.04.2024",
      "0000-01-01",
      "2024-04-24T24:00:00",
      "2024-04-24T10:60:00",
      "2024-04-24T10:15:00+15:00",
      "2024-4-1",
      "24/04/2024",
      "/Date(x)/",
      "/Date(999999999999999)/",
      "' OR 1=1 --",
      "2024-04-24T10:15:00 03:00"
    ]) {
      assert.isUndefined(utc(text), text)
    }
  })
})

describe("XML", () => {
  const both = `<BegDate>2024-04-01</BegDate><Registration>true</Registration>`
  const expected = { begDate: "2024-03-31T21:00:00.000Z 0000000", registration: true }

  it("is read with any prefixes, white space and declarations", () => {
    for (const text of [
      requestXml(both),
      `<?xml version="1.0" encoding="utf-8"?>\n${requestXml(both)}`,
      `\ufeff<!-- a -->${requestXml(`\n  <BegDate> 2024-04-01 </BegDate>\n<Registration>1</Registration>`)}`,
      `<q:ClientInfoPeriodRequest xmlns:q="${Q}"><q:BegDate>2024-04-01</q:BegDate><q:Registration>true</q:Registration></q:ClientInfoPeriodRequest>`,
      requestXml(
        `${both}<Operator xmlns="${A}">3</Operator><New>1</New><EndDate xmlns:z="http://www.w3.org/2001/XMLSchema-instance" z:nil="1"/>`
      )
    ]) {
      assert.deepStrictEqual(model("xml", text), expected, text)
    }
  })

  it("members are taken in any order", () => {
    const members = [
      `<Operator xmlns="${A}">1</Operator>`,
      `<SiteCode xmlns="${A}">s</SiteCode>`,
      `<Token xmlns="${A}">1</Token>`,
      `<BegDate>2024-04-25T00:23:55.6146589+03:00</BegDate>`,
      `<EndDate>2024-04-25T00:23:55.6146589+03:00</EndDate>`,
      `<RegPosList>1</RegPosList>`,
      `<Registration>true</Registration>`
    ]
    const reg = ["<Month>64</Month>", "<Today>true</Today>", "<Year>1</Year>", "<Yesterday>true</Yesterday>"]
    const shuffled = <T>(items: ReadonlyArray<T>) =>
      fc.shuffledSubarray([...items], { minLength: items.length })
    fc.assert(
      fc.property(shuffled([...members, "REG"]), shuffled(reg), (outer, inner) => {
        const text = outer.map((one) => (one === "REG" ? `<Reg>${inner.join("")}</Reg>` : one)).join("")
        assert.deepStrictEqual(model("xml", requestXml(text)), everything)
      })
    )
  })

  it("names are exact, and so are their namespaces", () => {
    assert.deepStrictEqual(
      model("xml", requestXml("<begdate>2024-04-01</begdate><registration>true</registration>")),
      {}
    )
    assert.deepStrictEqual(model("xml", requestXml(`<BegDate xmlns="${A}">2024-04-01</BegDate>`)), {})
    assert.deepStrictEqual(model("xml", requestXml(`<Registration xmlns="">true</Registration>`)), {})
  })

  it("a value that cannot be read costs its member and no other", () => {
    assert.deepStrictEqual(
      model(
        "xml",
        requestXml(
          `<BegDate>31.04.2024</BegDate><EndDate/><RegPosList>x</RegPosList><Registration>true</Registration>`
        )
      ),
      { registration: true, unreadable: ["BegDate", "EndDate", "RegPosList"] }
    )
    assert.deepStrictEqual(model("xml", requestXml(`<Registration>True</Registration>`)), {
      unreadable: ["Registration"]
    })
    assert.deepStrictEqual(model("xml", requestXml(`<Reg><Month>300</Month><Today><a/></Today></Reg>`)), {
      unreadable: ["Reg.Today", "Reg.Month"]
    })
    assert.deepStrictEqual(model("xml", requestXml(`<BegDate>4/24/2024</BegDate>`)), {
      unreadable: ["BegDate"]
    })
  })

  it("that is none, or another document, is no request", () => {
    for (const text of [
      requestXml("<BegDate>"),
      "<Foo/>",
      "<ClientInfoPeriodRequest/>",
      `<ClientInfoPeriodRequest xmlns="${A}"/>`,
      `<clientInfoPeriodRequest xmlns="${Q}"/>`,
      `<x:ClientInfoPeriodRequest xmlns="${Q}"/>`,
      `<ClientInfoPeriodRequest xmlns="${Q}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`,
      `<!DOCTYPE a [<!ENTITY x "y">]>${requestXml("")}`,
      "{}",
      "x"
    ]) {
      assert.match(failure("xml", text), /^UnreadableModel: the /, text)
    }
  })

  it("that says something twice is refused", () => {
    assert.strictEqual(
      failure("xml", requestXml("<RegPosList>1</RegPosList><RegPosList>1</RegPosList>")),
      "AmbiguousModel: RegPosList is given more than once"
    )
    assert.match(
      failure("xml", requestXml("<Reg><Year>1</Year><Year>2</Year></Reg>")),
      /^AmbiguousModel: Year/
    )
    assert.match(failure("xml", requestXml("<Reg/><Reg/>")), /^AmbiguousModel: Reg/)
  })
})

describe("a form", () => {
  it("is lenient about names and strict about values", () => {
    assert.deepStrictEqual(model("form", "BEGDATE=2024-04-01&registration=TRUE&x=1&Reg=1"), {
      begDate: "2024-03-31T21:00:00.000Z 0000000",
      registration: true
    })
    assert.deepStrictEqual(model("form", "Registration=on&Reg.Today=1&RegPosList=1.5&BegDate="), {
      unreadable: ["Registration", "RegPosList", "Reg.Today"]
    })
    assert.deepStrictEqual(
      model("form", "BegDate=2024-04-01T00:00:00+03:00&Registration=true"),
      { registration: true, unreadable: ["BegDate"] },
      "a raw plus sign is a space"
    )
  })

  it("that says something twice, or is not text, is refused", () => {
    assert.match(failure("form", "RegPosList=1&regposlist=1"), /^AmbiguousModel: RegPosList/)
    assert.match(failure("form", "Reg.Today=true&Reg%5BToday%5D=true"), /^AmbiguousModel: Today/)
    for (const text of ["BegDate=%FF", "BegDate=%zz", "BegDate=%00", "SiteCode=%ED%A0%80"])
      assert.match(failure("form", text), /^AmbiguousModel: parameter 1/, text)
  })
})

describe("content types", () => {
  const tagOf = (bytes: Uint8Array, type: string | undefined, encoding?: string) => {
    const result = readBytes(bytes, type, encoding)
    return Result.isSuccess(result) ? "read" : `${result.failure._tag}: ${result.failure.message}`
  }
  const body = utf8(`{"Registration":true}`)

  it("choose the reader; any other is unsupported", () => {
    for (const type of [
      "application/json",
      "TEXT/JSON",
      "application/json; charset=UTF-8",
      `text/json;charset="utf-8"`
    ])
      assert.strictEqual(tagOf(body, type), "read", type)
    for (const [type, named] of [
      [undefined, "application/octet-stream"],
      ["text/plain", "text/plain"],
      ["multipart/form-data; boundary=x", "multipart/form-data"],
      ["application/soap+xml", "application/soap+xml"],
      ["json", "unknown"],
      ["constructor/x", "constructor/x"],
      ["application/json; charset=windows-1251", "application/json"]
    ] as const) {
      assert.strictEqual(tagOf(body, type), `UnsupportedMediaType: the media type ${named} is not read`)
    }
    assert.match(tagOf(body, "application/json", "gzip"), /^UnsupportedMediaType/)
    assert.strictEqual(tagOf(body, "application/json", "identity"), "read")
  })

  it("an empty body says nothing, whatever it is called", () => {
    for (const type of [undefined, "text/plain", "application/json", "application/xml"])
      assert.strictEqual(tagOf(new Uint8Array(), type), "UnreadableModel: the body is empty")
  })

  it("UTF-16 is read by name or by mark, and wrong bytes are refused", () => {
    const text = `{"SiteCode":"Ёлка","Registration":true}`
    assert.strictEqual(tagOf(encodeText(text, "utf-16"), "application/json; charset=utf-16"), "read")
    assert.strictEqual(tagOf(encodeText(text, "utf-16", false), "application/json; charset=utf-16"), "read")
    assert.strictEqual(tagOf(encodeText(text, "utf-16"), "application/json"), "read")
    assert.strictEqual(tagOf(encodeText(requestXml(""), "utf-16"), "text/xml; charset=utf-16"), "read")
    for (const bytes of [
      [0x7b, 0xff, 0x7d],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22]
    ])
      assert.match(tagOf(Uint8Array.from(bytes), "application/json"), /^AmbiguousModel: the body is not text/)
  })
})
