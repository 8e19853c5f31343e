/** Between the wire and the domain: what survives, what is kept aside, and what is dropped. */
import { assert, describe, it } from "@effect/vitest"
import {
  applyPatch,
  type CodecContext,
  type Customer,
  type CustomerChange,
  CustomerId,
  type CustomerRecord,
  type CustomerWithCards,
  moneyToText,
  newCustomer
} from "@tillbridge/domain"
import { DateTime, Effect, Result, Stream } from "effect"
import fc from "fast-check"
import {
  addParameters,
  customerChange,
  megawinCodec,
  type MegawinSchema,
  updateParameters
} from "../src/index.ts"
import { answers, bytesOf, textOf } from "./fixtures/index.ts"
import { brussels } from "./server.ts"
import { customers, johnDoe } from "./support.ts"

const context: CodecContext = {
  timeZone: brussels,
  externalSystem: "SHOP",
  now: DateTime.makeUnsafe("2024-06-15T10:00:00Z"),
  stores: [],
  count: 1
}

const decoding = { timeZone: brussels, system: "megawin" }

const readAll = (bytes: Uint8Array | string, size = 7) => {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes
  const parts: Array<Uint8Array> = []
  for (let at = 0; at < all.length; at += size) parts.push(all.subarray(at, at + size))
  return megawinCodec.readAnswer(Stream.fromIterable(parts), context).pipe(Stream.runCollect)
}

const written = (all: ReadonlyArray<Customer>) =>
  megawinCodec
    .writeAnswer(
      Stream.fromIterable(all.map((customer): CustomerWithCards => ({ customer, cards: [] }))),
      "json",
      context
    )
    .pipe(
      Stream.runCollect,
      Effect.map((parts) => new TextDecoder().decode(Buffer.concat([...parts])))
    )

const only = (read: ReadonlyArray<Result.Result<CustomerChange, unknown>>): CustomerChange => {
  assert.strictEqual(read.length, 1)
  return Result.getOrThrow(read[0]!)
}

/** The record as plain values that can be compared. */
const plain = ({ discountPercent, registeredAt, ...record }: CustomerRecord) => ({
  ...record,
  discount: discountPercent == null ? null : moneyToText(discountPercent),
  registered: registeredAt == null ? null : registeredAt.epochMilliseconds
})

describe("a list answer", () => {
  it.effect("of the vendor's page is the customer of the page, without the password", () =>
    Effect.gen(function* () {
      const { cards, customer, source } = only(yield* readAll(bytesOf(answers.seedList)))
      assert.deepStrictEqual(source, { system: "megawin", key: "1" })
      assert.deepStrictEqual(cards, [])
      const { externalIds: _, ...expected } = johnDoe
      assert.deepStrictEqual(plain(customer), plain(expected))
      assert.notInclude(
        JSON.stringify(customer, (_key, value: unknown) => (typeof value === "bigint" ? "" : value)),
        "password"
      )
    })
  )

  it.effect("is read alike in pieces of any size", () =>
    Effect.gen(function* () {
      for (const size of [1, 2, 3, 64, 10_000]) {
        assert.strictEqual(only(yield* readAll(bytesOf(answers.seedList), size)).customer.lastName, "Doe")
      }
    })
  )

  it.effect("has a failure in the place of a customer that cannot be read", () =>
    Effect.gen(function* () {
      const read = yield* readAll(
        `{"success":true,"result":{"customer":[{"clcleunik":1},{"login":"CANARY"},{"clcleunik":3,"city":{}},"x",{"clcleunik":5}]}}`
      )
      assert.deepStrictEqual(
        read.map((one) => (Result.isSuccess(one) ? one.success.source.key : one.failure.detail)),
        [
          "1",
          "customer 2 of the list cannot be read: clcleunik: must be a key of at most 255 characters",
          "customer 3 of the list cannot be read: city: must be a single value",
          "customer 4 of the list cannot be read: is no customer",
          "5"
        ]
      )
    })
  )

  it.effect("that says that it failed, or is none, fails", () =>
    Effect.gen(function* () {
      for (const [text, tag, detail] of [
        [textOf(answers.refused), "Refused", "no"],
        [`{"success":false,"message":"why","result":{"customer":[{"clcleunik":1}]}}`, "Refused", "why"],
        [`{"success":"true","message":"x"}`, "Malformed", "the answer has no list of customers"],
        [`{"result":{"customer":[]}}`, "Malformed", "the answer has no success field"],
        [`{"success":"true","result":{"customer":[{"clcleunik":1}]`, "Malformed", undefined],
        [`<html>oops</html>`, "Malformed", undefined],
        ["", "Malformed", undefined],
        ["[]", "Malformed", undefined]
      ] as const) {
        const error = yield* Effect.flip(readAll(text))
        assert.strictEqual(error._tag, tag, text)
        if (detail !== undefined) assert.strictEqual(error.detail, detail, text)
      }
    })
  )

  it.effect("is written as the server writes it, with a password that is locked", () =>
    Effect.gen(function* () {
      const { group: _, ...patch } = johnDoe
      const customer: Customer = {
        ...applyPatch(newCustomer(CustomerId.make(9), DateTime.makeUnsafe(0), null), patch),
        group: { id: 1 as never, name: "Group A" }
      }
      const text = yield* written([customer, { ...customer, id: CustomerId.make(10), externalIds: [] }])
      const passwords = [...text.matchAll(/"password":"(locked-[\w-]{24})"/g)].map(([, value]) => value)
      assert.strictEqual(new Set(passwords).size, 2)
      const page = textOf(answers.seedList)
        .replace('"clcleunik":1,', '"clcleunik":"1",')
        .replace('"password123"', '""')
      const record = page.slice(page.indexOf("[") + 1, page.lastIndexOf("]"))
      assert.strictEqual(
        text.replaceAll(/locked-[\w-]{24}/g, ""),
        page.replace(record, `${record},${record.replace('"clcleunik":"1"', '"clcleunik":"10"')}`)
      )
      assert.strictEqual(
        yield* written([]),
        `{"success":"true","message":"Customers list","result":{"customer":[]}}`
      )
    })
  )

  it.effect("gives back what the domain put in", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(customers, async (customer) => {
          const text = await Effect.runPromise(written([customer]))
          const change = only(await Effect.runPromise(readAll(text, 1_000)))
          assert.deepStrictEqual(change.source, { system: "megawin", key: "K-7" })
          const { group, ...patch } = change.customer
          const read = applyPatch(newCustomer(CustomerId.make(7), customer.createdAt, null), patch)
          for (const field of [
            "firstName",
            "lastName",
            "email",
            "phone",
            "mobilePhone",
            "language"
          ] as const) {
            assert.strictEqual(read[field], customer[field], field)
          }
          assert.deepStrictEqual(read.address, customer.address)
          assert.deepStrictEqual(read.company, customer.company)
          assert.strictEqual(group?.name ?? null, customer.group?.name ?? null)
          assert.deepStrictEqual(plain(read).discount, plain(customer).discount)
          assert.deepStrictEqual(plain(read).registered, plain(customer).registered)
        }),
        { numRuns: 200 }
      )
    )
  )
})

const change = (wire: Partial<MegawinSchema.CustomerRecord>) =>
  customerChange({ clcleunik: "1", ...wire } as MegawinSchema.CustomerRecord, decoding).customer

describe("a customer as it is read", () => {
  it("is not touched where nothing is said, and cleared where the vendor has nothing", () => {
    assert.deepStrictEqual(change({}), {})
    assert.deepStrictEqual(change({ lastName: null, city: "  ", webRemise: "0", groupePrice: "" }), {
      lastName: null,
      address: { city: null },
      discountPercent: null,
      group: null
    })
  })

  it("keeps what the domain has no word for, and takes back what the vendor took back", () => {
    assert.deepStrictEqual(
      change({
        login: "a",
        megawinapp_login: null,
        showPrice: false,
        extra: { n: 1.5, list: [true, null] },
        big: 2n ** 60n
      }),
      {
        extensions: {
          megawin: {
            login: "a",
            megawinapp_login: null,
            showPrice: false,
            extra: { n: 1.5, list: [true, null] },
            big: "1152921504606846976"
          }
        }
      }
    )
  })

  it("keeps values out of the domain's range beside it", () => {
    const long = "x".repeat(1_001)
    assert.deepStrictEqual(
      change({
        city: long,
        webRemise: "ten",
        groupePrice: "g".repeat(256),
        addedDate: "2024-02-30",
        addHour: "1"
      }),
      {
        extensions: {
          megawin: {
            city: long,
            webRemise: "ten",
            groupePrice: "g".repeat(256),
            addedDate: "2024-02-30",
            addHour: "1"
          }
        }
      }
    )
  })

  it('has no group where the price group is "01"', () => {
    assert.deepStrictEqual(change({ groupePrice: "01" }), { group: null })
    assert.deepStrictEqual(change({ groupePrice: "02" }), { group: { name: "02" } })
  })

  it("was registered at a local time, on a day alone at midnight, and never on a day of zeros", () => {
    const at = (wire: Partial<MegawinSchema.CustomerRecord>) => {
      const { registeredAt } = change(wire)
      return registeredAt == null ? registeredAt : DateTime.formatIso(registeredAt)
    }
    assert.strictEqual(at({ addedDate: "2024-01-01", addHour: "12:34:56" }), "2024-01-01T11:34:56.000Z")
    assert.strictEqual(at({ addedDate: "2024-07-01", addHour: "00:00" }), "2024-06-30T22:00:00.000Z")
    assert.strictEqual(at({ addedDate: "2024-07-01" }), "2024-06-30T22:00:00.000Z")
    assert.strictEqual(at({ addedDate: "0000-00-00", addHour: "00:00:00" }), undefined)
    assert.strictEqual(at({ addedDate: "" }), undefined)
  })

  it("never has a password, whatever it is called", () => {
    assert.deepStrictEqual(change({ password: "x", Passwd: "x" } as never), {})
  })
})

describe("a call", () => {
  it("of an update names what the record has, and no login or password", () => {
    assert.deepStrictEqual(updateParameters(johnDoe), {
      email: "jdoe@example.com",
      firstName: "John",
      lastName: "Doe",
      address: "123 Main St",
      zipcode: "12345",
      city: "Anytown",
      country: "USA",
      phone: "555-1234",
      cellphone: "555-5678",
      denomination: "John Doe Inc.",
      tvaNumber: "TVA123456",
      language: "EN",
      webRemise: "10",
      showPrice: "1",
      megawinapp_login: "jdoe_mwa"
    })
    assert.deepStrictEqual(updateParameters({}), {})
    assert.deepStrictEqual(
      updateParameters({ lastName: null, address: { line1: null }, discountPercent: null }),
      {
        lastName: "",
        address: "",
        webRemise: ""
      }
    )
    assert.deepStrictEqual(updateParameters({ address: { line1: "a", line2: null, line3: "c" } }), {
      address: "a, c"
    })
  })

  it("of an add has the vendor's French names, and a dash for what it requires and nobody knows", () => {
    assert.deepStrictEqual(addParameters(johnDoe), {
      nom: "Doe",
      prenom: "John",
      email: "jdoe@example.com",
      denomination: "John Doe Inc.",
      megatech_GPR_No: "Group A",
      afficher_prix: "1",
      langue: "EN"
    })
    assert.deepStrictEqual(
      addParameters({ email: "a@b", extensions: { megawin: { is_guest: 1, actif: 0 } } }),
      {
        nom: "-",
        prenom: "-",
        email: "a@b",
        denomination: "-",
        megatech_GPR_No: "01",
        is_guest: "1",
        actif: "0"
      }
    )
    assert.isNull(addParameters({ lastName: "Doe" }))
    assert.isNull(addParameters({ email: " " }))
  })

  it("is understood as it was meant, and a wrong one is refused", () => {
    const text = megawinCodec.writeCall!(johnDoe, context)
    assert.strictEqual((JSON.parse(text) as { id_client: unknown }).id_client, "1")
    const read = Result.getOrThrow(megawinCodec.readCall!(text, context))
    const { extensions: _, group: _group, registeredAt: _at, ...rest } = johnDoe
    assert.deepStrictEqual(
      plain(read),
      plain({ ...rest, extensions: { megawin: { showPrice: true, megawinapp_login: "jdoe_mwa" } } })
    )
    for (const [wrong, message] of [
      ["{", "body is no JSON: not JSON"],
      ["[]", "body must be a JSON object"],
      [`{"city":"a","city":"b"}`, "body is no JSON: a key is repeated"],
      [`{"webRemise":"500"}`, "webRemise must be a percentage from 0 to 100"]
    ] as const) {
      const failed = megawinCodec.readCall!(wrong, context)
      assert.strictEqual(Result.isFailure(failed) ? failed.failure.message : "", message)
    }
  })
})
