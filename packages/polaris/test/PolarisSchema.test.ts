/** The wire's documents as they are read: every fixture, and the forms that a .NET site may choose. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import {
  openReply,
  parseReply,
  readClient,
  readNumber,
  readScalar,
  readSlice
} from "../src/internal/reply.ts"
import { defaultNames, polarisNames, PolarisSchema } from "../src/index.ts"
import { type Answer, answers, bytesOf } from "./fixtures/index.ts"

const context = { names: defaultNames, secrets: [Redacted.make("s3cret")] }

const documentOf = (text: string | Answer) =>
  Result.getOrThrow(parseReply(typeof text === "string" ? new TextEncoder().encode(text) : bytesOf(text)))

const clientOf = (text: string | Answer, names = defaultNames) => readClient(documentOf(text), names)
const sliceOf = (text: string | Answer, names = defaultNames) => readSlice(documentOf(text), names)

const whole = {
  IDClient: "1234",
  Cle: "WEB-42",
  Ident: "Mme",
  Nom: "DURAND",
  Prenom: "Anne",
  Sexe: "F",
  Adresse1: "1 rue de la Paix",
  Adresse2: "Bâtiment B",
  Adresse3: null,
  CodePostal: "01000",
  Ville: "Bourg-en-Bresse",
  Pays: "France",
  Telephone: "04 74 00 00 00",
  Mobile: "+33601020304",
  Email: "anne@example.fr",
  CodeMagasin: "2",
  TypeClient: "Client",
  Critere1: "7",
  Critere2: null,
  DateAnniversaire2: "2010-06-01T00:00:00",
  Mailing: "true",
  CodeEAN: "0012345678905",
  Parrain: { Numero: "17" }
}

describe("a client", () => {
  it("is read from every fixture", () => {
    const short = { IDClient: "1234", Nom: "DURAND", Prenom: "Anne" }
    assert.deepStrictEqual(Result.getOrThrow(clientOf(answers.client)), short)
    assert.deepStrictEqual(Result.getOrThrow(clientOf(answers.clientJson)), short)
    assert.deepStrictEqual(Result.getOrThrow(clientOf(answers.dataContract)), {
      IDClient: "1234",
      Nom: "DURAND",
      Prenom: null,
      Cartes: [{ Numero: "000123", TypeCarte: null, EstValide: "true" }]
    })
    assert.deepStrictEqual(Result.getOrThrow(clientOf(answers.wholeClient)), {
      ...whole,
      DateAnniversaire: "1980-02-29T00:00:00",
      DateModification: "2024-06-15T12:00:00.25",
      Cartes: [
        {
          Numero: "000123",
          TypeCarte: "Or",
          NombreArticles: "3",
          NombrePoints: "12.50",
          DateFinValidite: null,
          EstValide: "true"
        },
        { Numero: "12345678901234567890", EstValide: "false", Puce: "x" }
      ]
    })
    assert.deepStrictEqual(Result.getOrThrow(clientOf(answers.wholeClientJson)), {
      ...whole,
      DateAnniversaire: "1980-02-29",
      DateModification: "/Date(1718445600250+0200)/",
      Cartes: [
        { Numero: "000123", TypeCarte: "Or", NombreArticles: "3", NombrePoints: "12.50", EstValide: "true" },
        { Numero: "12345678901234567890", EstValide: "false", Puce: "x" }
      ]
    })
  })

  it("what is read can be written again by the same schema", () => {
    for (const answer of [
      answers.client,
      answers.wholeClient,
      answers.wholeClientJson,
      answers.dataContract
    ]) {
      const client = Result.getOrThrow(clientOf(answer))
      const encoded = Schema.encodeUnknownResult(PolarisSchema.InfoClient)(client)
      assert.deepStrictEqual(Result.getOrThrow(encoded), client)
    }
  })

  it("a number above 2^53 keeps its digits, in both formats", () => {
    for (const text of [
      `{"IDClient":9223372036854775807}`,
      "<InfoClient><IDClient>9223372036854775807</IDClient></InfoClient>"
    ]) {
      assert.strictEqual(Result.getOrThrow(clientOf(text))?.IDClient, "9223372036854775807")
    }
  })

  it("namespaces, prefixes, order and letter case do not matter, a byte order mark neither", () => {
    const expected = { IDClient: "1", Nom: "A" }
    for (const text of [
      `<x:InfoClient xmlns:x="urn:x"><x:Nom>A</x:Nom><x:IDClient>1</x:IDClient></x:InfoClient>`,
      `\ufeff<infoclient><nom>A</nom><IDCLIENT>1</IDCLIENT></infoclient>`,
      `\ufeff{"nom":"A","idClient":1}`,
      `  \n<InfoClient>\n\t<Nom>A</Nom>\n\t<IDClient>1</IDClient>\n</InfoClient>`
    ]) {
      assert.deepStrictEqual(Result.getOrThrow(clientOf(text)), expected)
    }
  })

  it("nil in any form is nobody", () => {
    for (const text of [
      "null",
      `<InfoClient xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`,
      `<Client.InfoClient i:nil="1" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>`,
      `<anyType xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`
    ]) {
      assert.isNull(Result.getOrThrow(clientOf(text)), text)
    }
  })

  it("is refused when it cannot be one", () => {
    for (const text of [
      "<Autre><IDClient>1</IDClient></Autre>",
      "<InfoClient/>",
      "<InfoClient><Nom>A</Nom></InfoClient>",
      "<InfoClient><IDClient>x</IDClient></InfoClient>",
      "<InfoClient><IDClient>1</IDClient><IDClient>2</IDClient></InfoClient>",
      "<InfoClient><IDClient>1</IDClient><Nom><b/>x</Nom><Cartes>text</Cartes></InfoClient>",
      "<InfoClient><IDClient>1</IDClient><Cartes><InfoCarte><TypeCarte>Or</TypeCarte></InfoCarte></Cartes></InfoClient>",
      `{"IDClient":1,"idclient":2}`,
      `{"IDClient":[1]}`,
      `{"IDClient":1,"Nom":{"a":1}}`,
      `{"IDClient":1,"Cartes":["x"]}`,
      "[]",
      `"text"`,
      "1",
      "<long>1</long>"
    ]) {
      assert.isTrue(Result.isFailure(clientOf(text)), text)
    }
  })

  it("a site's own names are translated, and its unknown members keep theirs", () => {
    const names = polarisNames({ client: { IDClient: "Id", Nom: "Name" }, roots: { client: "Customer" } })
    const read = clientOf("<Customer><id>1</id><NAME>A</NAME><Nick>B</Nick></Customer>", names)
    assert.deepStrictEqual(Result.getOrThrow(read), { IDClient: "1", Nom: "A", Nick: "B" })
  })
})

describe("a slice", () => {
  it("is read from the fixtures", () => {
    assert.deepStrictEqual(Result.getOrThrow(sliceOf(answers.firstSlice)), {
      clients: [
        { IDClient: "1234", Nom: "DURAND" },
        { IDClient: "1235", Nom: "MARTIN" }
      ],
      unreadable: [],
      hasMoreResults: true,
      checkPoint: "AAAAAAAAAAKLd0w"
    })
    assert.deepStrictEqual(Result.getOrThrow(sliceOf(answers.lastSlice)), {
      clients: [{ IDClient: "9007199254740993", Nom: "PETIT" }],
      unreadable: [],
      hasMoreResults: false,
      checkPoint: null
    })
  })

  it("takes the resume point in any letter case, and the only list whatever its name", () => {
    const expected = { clients: [{ IDClient: "1" }], unreadable: [], hasMoreResults: true, checkPoint: "x" }
    for (const text of [
      `{"HasMoreResults":1,"checkpoint":"x","Clients":[{"IDClient":1}]}`,
      `{"hasMoreResults":"true","CHECKPOINT":"x","items":[{"IDClient":1}],"count":1}`,
      `<FragmentedInfoClient><items><InfoClient><IDClient>1</IDClient></InfoClient></items><checkpoint>x</checkpoint><hasMoreResults>true</hasMoreResults></FragmentedInfoClient>`,
      `<Client.FragmentedInfoClient xmlns="urn:x"><Liste><Client.InfoClient><IDClient>1</IDClient></Client.InfoClient></Liste><checkPoint>x</checkPoint><hasMoreResults>1</hasMoreResults></Client.FragmentedInfoClient>`
    ]) {
      assert.deepStrictEqual(Result.getOrThrow(sliceOf(text)), expected, text)
    }
    for (const text of [
      `{"hasMoreResults":false,"clients":[]}`,
      `{"hasMoreResults":false,"clients":null}`,
      `{"hasMoreResults":false}`,
      "<FragmentedInfoClient><hasMoreResults>false</hasMoreResults><clients/></FragmentedInfoClient>",
      "<FragmentedInfoClient><hasMoreResults>0</hasMoreResults></FragmentedInfoClient>"
    ]) {
      assert.deepStrictEqual(
        Result.getOrThrow(sliceOf(text)),
        { clients: [], unreadable: [], hasMoreResults: false, checkPoint: null },
        text
      )
    }
  })

  it("is refused when it does not say whether there is more, or has no list", () => {
    for (const text of [
      `{"clients":[]}`,
      `{"hasMoreResults":"maybe","clients":[]}`,
      `{"hasMoreResults":true,"clients":"a"}`,
      `{"hasMoreResults":true,"a":[{"IDClient":1}],"b":[{"IDClient":2}]}`,
      "<InfoClient><IDClient>1</IDClient></InfoClient>",
      "<ArrayOfInfoClient/>",
      "null",
      "[]"
    ]) {
      assert.isTrue(Result.isFailure(sliceOf(text)), text)
    }
  })
})

describe("a record of a slice that cannot be read", () => {
  const broken = (record: string) =>
    Result.getOrThrow(sliceOf(`{"hasMoreResults":true,"clients":[{"IDClient":1},${record},{"IDClient":3}]}`))

  it("leaves the others in place, and is told with its number, a reason without values and its payload", () => {
    for (const [record, idClient, reason] of [
      [`{"IDClient":2,"Nom":{"a":"Secret"}}`, "2", "Nom: must be a single value"],
      [`{"IDClient":2,"Nom":["Secret"]}`, "2", "Nom: must be a single value"],
      [`{"IDClient":2,"Cartes":"Secret"}`, "2", "Cartes: must be a list"],
      [
        `{"IDClient":2,"Cartes":[{"Numero":"1"},{"TypeCarte":"Secret"}]}`,
        "2",
        "Cartes: card 2: Numero must not be empty"
      ],
      [`{"IDClient":2,"Cartes":["Secret"]}`, "2", "Cartes: card 1 is no card"],
      [`{"IDClient":2,"nom":"Secret","NOM":"Secret"}`, "2", "Nom: comes twice"],
      [`{"Nom":"Secret"}`, null, "IDClient: must be a whole number of 64 bits"],
      [
        `{"IDClient":9223372036854775808,"Nom":"Secret"}`,
        "9223372036854775808",
        "IDClient: must be a whole number of 64 bits"
      ],
      [`{"IDClient":1.5}`, "1.5", "IDClient: must be a whole number of 64 bits"],
      [`"Secret"`, null, "is no client"],
      ["null", null, "is no client"]
    ] as const) {
      const { clients, unreadable } = broken(record)
      assert.deepStrictEqual(clients, [{ IDClient: "1" }, { IDClient: "3" }], record)
      assert.deepStrictEqual(unreadable, [{ idClient, reason, payload: record }], record)
    }
  })

  it("is kept with every digit, and without a password", () => {
    const [told] = broken(
      `{"IDClient":2,"Nom":[],"A":9007199254740993,"Password":"p","B":{"mdp":"p","C":[1,null]}}`
    ).unreadable
    assert.strictEqual(told?.payload, `{"IDClient":2,"Nom":[],"A":9007199254740993,"B":{"C":[1,null]}}`)
  })

  it("the smallest and the greatest number of 64 bits can be read", () => {
    for (const id of ["9223372036854775807", "-9223372036854775808", "0"])
      assert.deepStrictEqual(broken(`{"IDClient":${id}}`).clients[1], { IDClient: id })
  })
})

describe("other answers", () => {
  it("a number, a boolean, nothing", () => {
    assert.strictEqual(Result.getOrThrow(readNumber(documentOf(answers.written))), "1235")
    assert.strictEqual(
      Result.getOrThrow(readNumber(documentOf("9223372036854775807"))),
      "9223372036854775807"
    )
    assert.isNull(Result.getOrThrow(readNumber(documentOf("null"))))
    assert.isNull(Result.getOrThrow(readNumber(documentOf("<long/>"))))
    assert.isTrue(Result.isFailure(readNumber(documentOf("<long>x</long>"))))
    assert.isTrue(Result.isFailure(readNumber(documentOf("{}"))))
    assert.strictEqual(Result.getOrThrow(readScalar(documentOf("<boolean>true</boolean>"))), "true")
  })

  it("an error is one whatever its status, without our secret in what it says", () => {
    for (const [text, tag, detail] of [
      ["<Error><Code>X</Code><Message>non</Message></Error>", "Refused", "X: non"],
      [`{"Error":{"Code":"X","Message":"non"}}`, "Refused", "X: non"],
      [`{"error":{"code":"X","message":"mot s3cret de passe"}}`, "Refused", "X: mot <redacted> de passe"],
      ["<Error>tout court</Error>", "Refused", "tout court"],
      ["<Error/>", "Refused", "no reason given"],
      [`{"Error":{"Code":"NotAuthenticated","Message":"m"}}`, "Unauthorized", "NotAuthenticated: m"],
      [`{"Error":{"Message":"a\\nb\\tc"}}`, "Refused", "a b c"]
    ] as const) {
      const opened = openReply(new TextEncoder().encode(text), context)
      assert.isTrue(Result.isFailure(opened))
      if (Result.isFailure(opened)) {
        assert.deepStrictEqual(
          [opened.failure._tag, "detail" in opened.failure && opened.failure.detail],
          [tag, detail]
        )
      }
    }
  })

  it("what is neither XML nor JSON is told as what it is", () => {
    for (const [text, detail] of [
      ["", "the answer is empty"],
      ["<!DOCTYPE html><html></html>", "the answer is an HTML page"],
      ["<HTML></HTML>", "the answer is an HTML page"],
      ["Runtime Error", "the answer is no JSON: not JSON"],
      ["<a><b></a>", "the answer is no XML: "]
    ] as const) {
      const opened = openReply(new TextEncoder().encode(text), context)
      assert.isTrue(Result.isFailure(opened))
      if (Result.isFailure(opened) && opened.failure._tag === "Malformed") {
        assert.isTrue(opened.failure.detail.startsWith(detail), opened.failure.detail)
      }
    }
    const notUtf8 = openReply(new Uint8Array([0x7b, 0xff]), context)
    assert.isTrue(Result.isFailure(notUtf8) && notUtf8.failure._tag === "Malformed")
  })
})
