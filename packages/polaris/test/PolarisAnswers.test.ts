/** Saved answers and calls as text, read and written without a site. */
import { assert, describe, it } from "@effect/vitest"
import {
  applyPatch,
  CardId,
  type CodecContext,
  CustomerId,
  type CustomerRecord,
  newCard,
  newCustomer,
  StoreId,
  TimeZone
} from "@tillbridge/domain"
import { DateTime, Effect, Result, Stream } from "effect"
import { polarisCodec } from "../src/index.ts"
import { answers, bytesOf } from "./fixtures/index.ts"
import { declaration, xml } from "./server.ts"

const now = DateTime.makeUnsafe(Date.UTC(2024, 5, 15, 10, 0, 0))
const context: CodecContext = {
  timeZone: TimeZone.make("Europe/Paris"),
  externalSystem: "SHOP",
  now,
  stores: [{ id: StoreId.make(3), name: "Magasin 3" }],
  count: 2
}

const inPieces = (text: string | Uint8Array) => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  return Stream.fromIterable(
    Array.from({ length: Math.ceil(bytes.length / 5) }, (_, n) => bytes.slice(n * 5, n * 5 + 5))
  )
}

const read = (text: string | Uint8Array) =>
  Stream.runCollect(polarisCodec.readAnswer(inPieces(text), context))

const named = (text: string | Uint8Array) =>
  Effect.map(read(text), (changes) =>
    changes.map((change) =>
      Result.isSuccess(change)
        ? [change.success.source.key, change.success.customer.lastName]
        : change.failure.detail
    )
  )

describe("a saved answer", () => {
  it.effect("is read as slice, as one client, and as a list cut out of one", () =>
    Effect.gen(function* () {
      const two = [
        ["1234", "DURAND"],
        ["1235", "MARTIN"]
      ]
      assert.deepStrictEqual(yield* named(bytesOf(answers.firstSlice)), two)
      assert.deepStrictEqual(yield* named(bytesOf(answers.lastSlice)), [["9007199254740993", "PETIT"]])
      for (const answer of [
        answers.client,
        answers.clientJson,
        answers.wholeClient,
        answers.wholeClientJson
      ]) {
        assert.deepStrictEqual(yield* named(bytesOf(answer)), [["1234", "DURAND"]])
      }
      assert.deepStrictEqual(yield* named(bytesOf(answers.dataContract)), [["1234", "DURAND"]])
      assert.deepStrictEqual(
        yield* named(`[{"IDClient":1234,"Nom":"DURAND"},{"IDClient":1235,"Nom":"MARTIN"}]`),
        two
      )
      assert.deepStrictEqual(yield* named(`{"hasMoreResults":false,"clients":[]}`), [])
    })
  )

  it.effect("tells a record that cannot be read in its place", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* named(
          `{"clients":[{"IDClient":1,"Nom":"A"},{"Nom":"B"},{"IDClient":3,"Nom":"C"}],"hasMoreResults":false}`
        ),
        [["1", "A"], "IDClient: must be a whole number of 64 bits", ["3", "C"]]
      )
      assert.deepStrictEqual(
        yield* named(
          "<FragmentedInfoClient><hasMoreResults>true</hasMoreResults><clients><InfoClient><Nom>A</Nom></InfoClient>" +
            "<InfoClient><IDClient>2</IDClient><Nom>B</Nom></InfoClient></clients></FragmentedInfoClient>"
        ),
        ["IDClient: must be a whole number of 64 bits", ["2", "B"]]
      )
    })
  )

  it.effect("that says that it failed, or is another's, fails", () =>
    Effect.gen(function* () {
      for (const [text, tag] of [
        ["<Error><Code>X</Code><Message>non</Message></Error>", "Refused"],
        [`{"Error":{"Code":"X","Message":"non"}}`, "Refused"],
        ["<root><success>1</success></root>", "Malformed"],
        [`{"success":1,"customers":[]}`, "Malformed"],
        ["<!DOCTYPE html><html></html>", "Malformed"],
        ["", "Malformed"],
        [`{"hasMoreResults":false,"clients":[{"IDClient":1`, "Malformed"]
      ] as const) {
        const error = yield* Effect.flip(read(text))
        assert.strictEqual(error._tag, tag, text)
      }
    })
  )

  it.effect("is written as the server gives it", () =>
    Effect.gen(function* () {
      const customer = applyPatch(newCustomer(CustomerId.make(7), now, null), {
        lastName: "A & B",
        externalIds: [{ system: "SHOP", key: "K" }]
      })
      const card = newCard(CardId.make(1), "0012", now, null)
      const records = [
        { customer, cards: [card] },
        { customer: newCustomer(CustomerId.make(8), now, null), cards: [] }
      ]
      const written = Effect.fnUntraced(function* (format: "xml" | "json", some = records) {
        const chunks = yield* Stream.runCollect(
          polarisCodec.writeAnswer(Stream.fromIterable(some), format, context)
        )
        return new TextDecoder().decode(Buffer.concat(chunks))
      })
      const stamp = "2024-06-15T12:00:00"
      const inXml = yield* written("xml")
      xml(inXml)
      assert.strictEqual(
        inXml,
        `${declaration}<FragmentedInfoClient><hasMoreResults>false</hasMoreResults><clients><InfoClient><IDClient>7</IDClient>` +
          `<Cle>K</Cle><Nom>A &amp; B</Nom><Mailing>false</Mailing><DateModification>${stamp}</DateModification>` +
          `<Cartes><InfoCarte><Numero>0012</Numero><EstValide>true</EstValide></InfoCarte></Cartes></InfoClient>` +
          `<InfoClient><IDClient>8</IDClient><Mailing>false</Mailing><DateModification>${stamp}</DateModification><Cartes/>` +
          `</InfoClient></clients></FragmentedInfoClient>`
      )
      assert.strictEqual(
        yield* written("json"),
        `{"hasMoreResults":false,"clients":[{"IDClient":7,"Cle":"K","Nom":"A & B","Mailing":false,"DateModification":"${stamp}",` +
          `"Cartes":[{"Numero":"0012","EstValide":true}]},{"IDClient":8,"Mailing":false,"DateModification":"${stamp}","Cartes":[]}]}`
      )
      assert.strictEqual(yield* written("json", []), `{"hasMoreResults":false,"clients":[]}`)
      assert.strictEqual(
        yield* written("xml", []),
        `${declaration}<FragmentedInfoClient><hasMoreResults>false</hasMoreResults><clients></clients></FragmentedInfoClient>`
      )
      assert.deepStrictEqual(yield* named(inXml), [
        ["7", "A & B"],
        ["8", undefined]
      ])
    })
  )
})

describe("a saved call", () => {
  const record: CustomerRecord = {
    externalIds: [{ system: "SHOP", key: "K&1" }],
    lastName: "DURAND",
    phone: null,
    registeredIn: StoreId.make(3)
  }

  it("is the form of PutClient, and is understood as the server does", () => {
    const text = polarisCodec.writeCall?.(record, context) ?? ""
    assert.deepStrictEqual(Object.fromEntries(new URLSearchParams(text)), {
      InfoClient:
        "<InfoClient><Cle>K&amp;1</Cle><Nom>DURAND</Nom><Telephone/><CodeMagasin>3</CodeMagasin></InfoClient>",
      CodeMagasin: "3",
      prefixCle: "SHOP"
    })
    assert.deepStrictEqual(Result.getOrThrow(polarisCodec.readCall!(text, context)), record)
    const byNumber = polarisCodec.readCall!("CodeMagasin=1&InfoClient=%7B%22IDClient%22%3A7%7D", context)
    assert.deepStrictEqual(Result.getOrThrow(byNumber), { id: CustomerId.make(7) })
  })

  it("that the server would refuse is an InvalidField", () => {
    for (const text of [
      "",
      "%zz",
      "CodeMagasin=1",
      "InfoClient=%7B%7D",
      "CodeMagasin=1&InfoClient=x",
      "CodeMagasin=1&InfoClient=%7B%22Sexe%22%3A%22X%22%7D",
      "CodeMagasin=1&prefixCle=AUTRE&InfoClient=%7B%7D"
    ]) {
      assert.isTrue(Result.isFailure(polarisCodec.readCall!(text, context)), text)
    }
  })
})
