/** Between wire and domain: what survives the way there and back, and what is kept where. */
import { assert, describe, it } from "@effect/vitest"
import {
  CardId,
  CardTypeId,
  type Customer,
  type CustomerChange,
  CustomerId,
  type LoyaltyCard,
  newCard,
  newCustomer,
  StoreId,
  TimeZone
} from "@tillbridge/domain"
import { DateTime, Result } from "effect"
import fc from "fast-check"
import { parseReply, readClient } from "../src/internal/reply.ts"
import {
  customerChange,
  type DateStyle,
  defaultNames,
  encodeClient,
  modifiedAt,
  outgoingClient,
  outgoingKey,
  polarisNames,
  readTime
} from "../src/index.ts"
import { writeClient } from "../src/internal/outgoing.ts"
import { answers, bytesOf } from "./fixtures/index.ts"
import { seedOf } from "@tillbridge/conformance"

const paris = TimeZone.make("Europe/Paris")
const names = defaultNames
const reading = { timeZone: paris, names, system: "polaris", externalSystem: "SHOP" }
const writing = { timeZone: paris, names, externalSystem: "SHOP" }
const at = DateTime.makeUnsafe(Date.UTC(2024, 5, 15, 10, 0, 0))

const readBack = (text: string): CustomerChange => {
  const document = Result.getOrThrow(parseReply(new TextEncoder().encode(text)))
  const wire = Result.getOrThrow(readClient(document, names))
  return wire === null ? assert.fail("nobody") : customerChange(wire, reading)
}

/** XML cannot carry most control characters; JSON can. */
const filled = fc
  .oneof(
    fc.constantFrom(
      "0079001",
      "+33601020304",
      "]]>",
      "<b>&amp;</b>",
      "👩‍👩‍👧",
      "Ëlise n°1",
      `"q" \\ b`,
      " lead",
      "a\nb\tc",
      "true",
      "null",
      "1e5",
      "'"
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  )
  .filter((text) => text.trim() !== "" && text.isWellFormed() && !/[\0-\x08\x0b-\x1f\ufffe\uffff]/.test(text))

const maybe = fc.option(filled)

const customers: fc.Arbitrary<Customer> = fc
  .record({
    title: maybe,
    firstName: maybe,
    lastName: maybe,
    email: maybe,
    phone: maybe,
    mobilePhone: maybe,
    gender: fc.constantFrom("female" as const, "male" as const, null),
    address: fc.record({
      line1: maybe,
      line2: maybe,
      line3: maybe,
      postalCode: maybe,
      city: maybe,
      country: maybe
    }),
    birthDate: fc.oneof(
      fc.record({
        day: fc.integer({ min: 1, max: 28 }),
        month: fc.integer({ min: 1, max: 12 }),
        year: fc.option(fc.integer({ min: 1850, max: 2026 }))
      }),
      fc.constant({ day: null, month: null, year: null }),
      fc.constant({ day: 29, month: 2, year: null })
    ),
    email_: fc.boolean(),
    registeredIn: fc.option(fc.integer({ min: 1, max: 9 }).map((id) => StoreId.make(id))),
    key: maybe,
    kept: fc.dictionary(
      fc.constantFrom("TypeClient", "CodeEAN", "Parrain", "Autre_1"),
      filled.filter((text) => text.length < 200)
    )
  })
  .map(({ email_, kept, key, ...fields }) => ({
    ...newCustomer(CustomerId.make(7), at, null),
    ...fields,
    consents: { push: false, email: email_, sms: false },
    externalIds: key === null ? [] : [{ system: "SHOP", key }],
    extensions: Object.keys(kept).length === 0 ? {} : { polaris: { ...kept } }
  }))

/** What a reader is told when it is the state itself that was written: only what says something. */
const told = (customer: Customer) => {
  const { address, birthDate } = customer
  const some = <K extends keyof Customer>(field: K) =>
    customer[field] === null ? {} : { [field]: customer[field] }
  const lines = Object.fromEntries(Object.entries(address).filter(([, value]) => value !== null))
  return {
    ...some("title"),
    ...some("firstName"),
    ...some("lastName"),
    ...some("email"),
    ...some("phone"),
    ...some("mobilePhone"),
    ...some("gender"),
    ...some("registeredIn"),
    ...(Object.keys(lines).length === 0 ? {} : { address: lines }),
    ...(birthDate.day === null ? {} : { birthDate }),
    consents: { email: customer.consents.email },
    ...(customer.externalIds.length === 0 ? {} : { externalIds: customer.externalIds }),
    ...(customer.extensions["polaris"] === undefined ? {} : { extensions: customer.extensions })
  }
}

describe("a customer", () => {
  const seed = seedOf()

  it(`comes back as it was written, in both formats (seed ${seed})`, () => {
    fc.assert(
      fc.property(customers, fc.constantFrom("xml" as const, "json" as const), (customer, format) => {
        const { customer: record, source } = readBack(encodeClient(format, customer, [], at, writing))
        assert.deepStrictEqual(record as object, told(customer))
        assert.deepStrictEqual(source, { system: "polaris", key: "7" })
      }),
      { seed, numRuns: 300 }
    )
  })

  it(`that a client writes is what the same members say when they are read (seed ${seed})`, () => {
    fc.assert(
      fc.property(customers, fc.constantFrom("xml" as const, "json" as const), (customer, format) => {
        const members = outgoingClient(customer, { names, timeZone: paris, withStore: true })
        const text = writeClient({ IDClient: "7", ...members }, format, names)
        const { customer: record } = readBack(text)
        const { extensions: kept = {}, ...rest } = record
        const { extensions: _, externalIds: __, ...expected } = told(customer) as Record<string, unknown>
        const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
        const { address, birthDate, ...others } = said as Record<string, unknown>
        const { address: wantedAddress, birthDate: wantedBirthday, ...wanted } = expected
        assert.deepStrictEqual(others, wanted)
        assert.deepStrictEqual(address, customer.address)
        assert.deepStrictEqual(birthDate, wantedBirthday ?? { day: null, month: null, year: null })
        assert.deepStrictEqual(kept as object, customer.extensions)
        assert.isTrue(wantedAddress === undefined || typeof wantedAddress === "object")
      }),
      { seed, numRuns: 300 }
    )
  })

  it("of the fixtures is told to the domain", () => {
    for (const answer of [answers.wholeClient, answers.wholeClientJson]) {
      const wire = Result.getOrThrow(readClient(Result.getOrThrow(parseReply(bytesOf(answer))), names))
      if (wire === null) assert.fail("nobody")
      assert.strictEqual(modifiedAt(wire, reading)?.epochMilliseconds, Date.UTC(2024, 5, 15, 10, 0, 0, 250))
      assert.deepStrictEqual(customerChange(wire, reading), {
        source: { system: "polaris", key: "1234" },
        modifiedAt: DateTime.makeUnsafe(Date.UTC(2024, 5, 15, 10, 0, 0, 250)),
        customer: {
          externalIds: [{ system: "SHOP", key: "WEB-42" }],
          title: "Mme",
          lastName: "DURAND",
          firstName: "Anne",
          gender: "female",
          address: {
            line1: "1 rue de la Paix",
            line2: "Bâtiment B",
            line3: null,
            postalCode: "01000",
            city: "Bourg-en-Bresse",
            country: "France"
          },
          phone: "04 74 00 00 00",
          mobilePhone: "+33601020304",
          email: "anne@example.fr",
          registeredIn: StoreId.make(2),
          birthDate: { day: 29, month: 2, year: 1980 },
          consents: { email: true },
          extensions: {
            polaris: {
              TypeClient: "Client",
              Critere1: "7",
              DateAnniversaire2: "2010-06-01T00:00:00",
              CodeEAN: "0012345678905",
              Parrain: { Numero: "17" }
            }
          }
        },
        cards: [
          {
            number: "000123",
            typeName: "Or",
            patch: {
              status: "active",
              extensions: { polaris: { NombreArticles: "3", NombrePoints: "12.50" } }
            }
          },
          {
            number: "12345678901234567890",
            typeName: null,
            patch: { status: "blocked", extensions: { polaris: { Puce: "x" } } }
          }
        ]
      })
    }
  })

  it("a value out of its range is kept beside the domain's fields, and a wrong one spoils nothing", () => {
    const long = "x".repeat(1_001)
    const { customer } = readBack(
      JSON.stringify({
        IDClient: 1,
        Nom: long,
        Sexe: "autre",
        Mailing: "peut-être",
        DateAnniversaire: "hier",
        CodeMagasin: "siège",
        Cle: "k".repeat(300),
        Prenom: "Anne"
      })
    )
    assert.deepStrictEqual(customer, {
      firstName: "Anne",
      extensions: {
        polaris: {
          Nom: long,
          Sexe: "autre",
          Mailing: "peut-être",
          DateAnniversaire: "hier",
          CodeMagasin: "siège",
          Cle: "k".repeat(300)
        }
      }
    })
  })

  it("what no store can carry is left out", () => {
    const { customer } = readBack(`{"IDClient":1,"Nom":"a\\u0000","Autre":{"x":"\\ud800"},"Cle":"\\u0000"}`)
    assert.deepStrictEqual(customer, {})
  })
})

describe("a card", () => {
  it("is written with what is known of it", () => {
    const card: LoyaltyCard = {
      ...newCard(CardId.make(3), "000123", at, null),
      type: { id: CardTypeId.make(1), name: "Or & argent" },
      extensions: {
        polaris: { NombrePoints: "-1.5", TotalVentes: "1e5", CompteurBonus: "007", Puce: ["a", 1] }
      }
    }
    const customer = newCustomer(CustomerId.make(7), at, null)
    assert.include(
      encodeClient("json", customer, [card], at, writing),
      `"Cartes":[{"Numero":"000123","TypeCarte":"Or & argent","NombrePoints":-1.5,"TotalVentes":"1e5","CompteurBonus":"007","EstValide":true,"Puce":["a",1]}]`
    )
    assert.include(
      encodeClient("xml", customer, [card], at, writing),
      "<Cartes><InfoCarte><Numero>000123</Numero><TypeCarte>Or &amp; argent</TypeCarte><NombrePoints>-1.5</NombrePoints>" +
        "<TotalVentes>1e5</TotalVentes><CompteurBonus>007</CompteurBonus><EstValide>true</EstValide>" +
        "<Puce><string>a</string><long>1</long></Puce></InfoCarte></Cartes>"
    )
  })
})

describe("what is written to a site", () => {
  const record = readBack(new TextDecoder().decode(bytesOf(answers.wholeClient))).customer
  const options = { names, timeZone: paris, withStore: false }

  it("holds only what the record has, and empties where something is cleared", () => {
    assert.deepStrictEqual(outgoingClient({}, options), {})
    assert.deepStrictEqual(
      outgoingClient(
        { lastName: null, birthDate: { day: 1 }, gender: null, address: { city: null } },
        options
      ),
      { Nom: "", Sexe: "", Ville: "" }
    )
    assert.strictEqual(
      writeClient({ Nom: "", DateAnniversaire: "", Mailing: "true", Critere1: "7" }, "json", names),
      `{"Nom":"","DateAnniversaire":null,"Mailing":true,"Critere1":7}`
    )
    assert.strictEqual(
      writeClient({ Nom: "", DateAnniversaire: "", Mailing: "true" }, "xml", names),
      "<InfoClient><Nom/><DateAnniversaire/><Mailing>true</Mailing></InfoClient>"
    )
  })

  it("gives back what this package has no word for", () => {
    const out = outgoingClient(record, options)
    assert.deepStrictEqual(
      [out["TypeClient"], out["Critere1"], out["Parrain"], out["CodeMagasin"], out["Cartes"]],
      ["Client", "7", { Numero: "17" }, undefined, undefined]
    )
    const site = polarisNames({ client: { Nom: "LastName" }, roots: { client: "Customer" } })
    assert.strictEqual(
      writeClient({ Nom: "A", Parrain: { Numero: "17" } }, "xml", site),
      "<Customer><LastName>A</LastName><Parrain><Numero>17</Numero></Parrain></Customer>"
    )
  })

  it("keys of two systems never meet", () => {
    assert.strictEqual(outgoingKey({ system: "SHOP", key: "1" }, [], "SHOP"), "1")
    assert.strictEqual(outgoingKey({ system: "virtpos", key: "1" }, [], "SHOP"), "virtpos:1")
    assert.strictEqual(
      outgoingKey({ system: "virtpos", key: "1" }, [{ system: "SHOP", key: "2" }], "SHOP"),
      "2"
    )
  })
})

describe("times", () => {
  const customer = newCustomer(CustomerId.make(7), at, null)
  const modified = (millis: number, style: DateStyle, zone = paris) =>
    /"DateModification":"([^"]*)"/.exec(
      encodeClient("json", customer, [], DateTime.makeUnsafe(millis), {
        timeZone: zone,
        names: polarisNames({ dates: { style } }),
        externalSystem: null
      })
    )?.[1]

  it("are written as the names say", () => {
    const summer = Date.UTC(2024, 5, 15, 10, 0, 0)
    const winter = Date.UTC(2024, 0, 15, 10, 0, 0, 250)
    assert.deepStrictEqual(
      [modified(summer, "local"), modified(winter, "local")],
      ["2024-06-15T12:00:00", "2024-01-15T11:00:00.25"]
    )
    assert.deepStrictEqual(
      [modified(summer, "offset"), modified(winter, "offset")],
      ["2024-06-15T12:00:00+02:00", "2024-01-15T11:00:00.25+01:00"]
    )
    assert.strictEqual(
      modified(summer, "offset", TimeZone.make("America/St_Johns")),
      "2024-06-15T07:30:00-02:30"
    )
    assert.deepStrictEqual(
      [modified(summer, "utc"), modified(winter, "utc")],
      ["2024-06-15T10:00:00Z", "2024-01-15T10:00:00.25Z"]
    )
  })

  it("are read back to the same instant, whatever the style", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) }),
        fc.constantFrom("offset" as const, "utc" as const),
        (millis, style) => {
          // Before 1911 the zone's offset had seconds, which the form has no place for.
          if (style === "offset" && millis < Date.UTC(1912, 0, 1)) return
          assert.strictEqual(
            readTime(modified(millis, style) ?? "", paris)?.instant.epochMilliseconds,
            millis
          )
        }
      )
    )
  })

  it("a wall clock that a clock change repeats or skips is read as the domain does", () => {
    for (const [text, utc] of [
      ["2024-10-27T02:30:00", "2024-10-27T00:30:00.000Z"],
      ["2024-10-27T02:30:00+01:00", "2024-10-27T01:30:00.000Z"],
      ["2024-03-31T02:30:00", "2024-03-31T01:30:00.000Z"]
    ] as const) {
      const read = readTime(text, paris)
      assert.strictEqual(read === undefined ? "" : DateTime.formatIso(read.instant), utc, text)
    }
  })
})
