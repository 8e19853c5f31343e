/** The table of every error and its answer; a new error does not compile here until it has a row. */
import { assert, describe, it } from "@effect/vitest"
import {
  AlreadyTaken,
  CardNotFound,
  CustomerNotFound,
  InvalidField,
  MerchantNotFound,
  NotAuthenticated,
  NotPermitted,
  StorageError,
  type StorageFailure,
  TooManyAttempts,
  UnknownReference
} from "@tillbridge/domain"
import { BodyTooLarge, BodyUnreadable, MalformedParameters, UnsupportedBody } from "@tillbridge/wire"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { errorAnswer } from "../src/internal/answers.ts"
import {
  answerOf,
  BadCall,
  type CallError,
  internalError,
  MethodNotAllowed,
  UnknownFunction,
  UnsafeWrite
} from "../src/internal/errors.ts"
import { defaultNames } from "../src/index.ts"
import { read, refused, xml } from "./server.ts"

type Row = readonly [
  error: CallError,
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>
]

const stored = (reason: StorageFailure) =>
  new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })

const busy = [503, "Unavailable", "momentanément indisponible, réessayer", { "retry-after": "1" }] as const
const broken = [500, "InternalError", "erreur interne"] as const
const login = [
  401,
  "NotAuthenticated",
  "identification requise : appeler ACL.Login avec user et password",
  { "www-authenticate": `Basic realm="core/api", charset="UTF-8"` }
] as const

const bad = (code: BadCall["code"]): Row => [
  new BadCall({ code, info: "a <bad> call" }),
  400,
  code,
  "a <bad> call"
]

const field = (name: string, reason: string, message: string): Row => [
  new InvalidField({ field: name, reason }),
  400,
  "InvalidParameter",
  message
]

const table = {
  CustomerNotFound: [[new CustomerNotFound(), 404, "ClientNotFound", "client inconnu"]],
  CardNotFound: [[new CardNotFound(), 404, "CardNotFound", "carte inconnue"]],
  MerchantNotFound: [[new MerchantNotFound(), ...login]],
  NotAuthenticated: [[new NotAuthenticated(), ...login]],
  NotPermitted: [
    [
      new NotPermitted({ scope: "read" }),
      403,
      "NotPermitted",
      "il faut au moins un des droits « consultation des membres clients » et « saisie des membres clients »"
    ],
    [
      new NotPermitted({ scope: "write" }),
      403,
      "NotPermitted",
      "il faut le droit « saisie des membres clients »"
    ]
  ],
  TooManyAttempts: [
    [
      new TooManyAttempts({ retryAfterMillis: 59_001 }),
      429,
      "TooManyAttempts",
      "trop d'essais, réessayer plus tard",
      { "retry-after": "60" }
    ],
    [
      new TooManyAttempts({ retryAfterMillis: 1 }),
      429,
      "TooManyAttempts",
      "trop d'essais, réessayer plus tard",
      { "retry-after": "1" }
    ]
  ],
  UnknownReference: [
    [new UnknownReference({ kind: "group" }), 400, "InvalidParameter", "groupe inconnu"],
    [new UnknownReference({ kind: "card type" }), 400, "InvalidParameter", "type de carte inconnu"],
    [new UnknownReference({ kind: "owner" }), 400, "InvalidParameter", "client inconnu"],
    [new UnknownReference({ kind: "store" }), 400, "InvalidParameter", "CodeMagasin inconnu"],
    [new UnknownReference({ kind: "store list" }), 400, "InvalidParameter", "liste de magasins inconnue"]
  ],
  AlreadyTaken: [
    [
      new AlreadyTaken({ what: "customer external id" }),
      409,
      "AlreadyTaken",
      "cette Cle est celle d'un autre client"
    ],
    [new AlreadyTaken({ what: "customer id" }), 409, "AlreadyTaken", "ce IDClient est déjà pris"],
    [
      new AlreadyTaken({ what: "card number" }),
      409,
      "AlreadyTaken",
      "ce numéro de carte est celui d'une autre carte"
    ],
    [
      new AlreadyTaken({ what: "card external id" }),
      409,
      "AlreadyTaken",
      "cette clé est celle d'une autre carte"
    ],
    [new AlreadyTaken({ what: "card id" }), 409, "AlreadyTaken", "ce numéro est déjà pris"],
    [new AlreadyTaken({ what: "credential" }), 409, "AlreadyTaken", "cet accès existe déjà"],
    [new AlreadyTaken({ what: "store" }), 409, "AlreadyTaken", "ce magasin existe déjà"]
  ],
  InvalidField: [
    field("Nom", "is <odd>", "Nom : is <odd>"),
    field("birthDate", "is not a date of the calendar", "DateAnniversaire : date inexistante"),
    field("Sexe", "must be F or M", "Sexe : F ou M attendu"),
    field("registeredIn", "must be the number of a store", "CodeMagasin : numéro de magasin attendu")
  ],
  StorageError: [
    [stored("busy"), ...busy],
    [stored("unavailable"), ...busy],
    [stored("full"), ...busy],
    [stored("read-only"), ...broken],
    [stored("corrupt"), ...broken],
    [stored("newer-schema"), ...broken],
    [stored("unknown"), ...broken]
  ],
  BadCall: [
    bad("MissingParameter"),
    bad("InvalidParameter"),
    bad("RepeatedParameter"),
    bad("InvalidCheckPoint"),
    [
      new BadCall({ code: "UnexpectedBody", info: "sans corps" }),
      400,
      "UnexpectedBody",
      "sans corps",
      { connection: "close" }
    ]
  ],
  MalformedParameters: [
    [
      new MalformedParameters({ reason: "parameter 1: NUL" }),
      400,
      "InvalidParameter",
      "paramètres illisibles (parameter 1: NUL)"
    ]
  ],
  UnknownFunction: [[new UnknownFunction(), 404, "UnknownFunction", "fonction inconnue"]],
  MethodNotAllowed: [
    [
      new MethodNotAllowed({ allow: "GET, POST" }),
      405,
      "MethodNotAllowed",
      "méthode HTTP refusée, attendu : GET, POST",
      { allow: "GET, POST" }
    ]
  ],
  UnsafeWrite: [
    [
      new UnsafeWrite(),
      403,
      "UnsafeWrite",
      "ni un préchargement ni la page d'un autre site ne peut modifier des données"
    ]
  ],
  BodyTooLarge: [
    [
      new BodyTooLarge({ limit: 10 }),
      413,
      "BodyTooLarge",
      "le corps dépasse 10 octets",
      { connection: "close" }
    ]
  ],
  BodyUnreadable: [
    [
      new BodyUnreadable(),
      400,
      "BodyUnreadable",
      "le corps n'a pas pu être lu en entier",
      { connection: "close" }
    ]
  ],
  UnsupportedBody: [
    [
      new UnsupportedBody({ reason: "no form" }),
      415,
      "UnsupportedBody",
      "application/x-www-form-urlencoded en UTF-8 attendu (no form)"
    ]
  ]
} satisfies Record<CallError["_tag"], ReadonlyArray<Row>>

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" }
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const told = Effect.fnUntraced(function* (format: "xml" | "json", error: Parameters<typeof errorAnswer>[1]) {
  const { headers, status, text } = yield* Effect.promise(() =>
    read(HttpServerResponse.toWeb(errorAnswer(format, error, defaultNames)))
  )
  const { "content-length": _, "content-type": type, ...others } = headers
  return { status, text, type, others }
})

describe("the answer to", () => {
  for (const [tag, rows] of Object.entries(table) as ReadonlyArray<readonly [string, ReadonlyArray<Row>]>) {
    it.effect(`${tag} has its status, code, text and headers in both formats`, () =>
      Effect.gen(function* () {
        for (const [error, status, code, message, headers = {}] of rows) {
          assert.strictEqual(error._tag, tag)
          const inXml = yield* told("xml", answerOf(error))
          xml(inXml.text)
          assert.deepStrictEqual(inXml, {
            status,
            text: refused.xml(code, escaped(message)),
            type: "text/xml; charset=utf-8",
            others: { ...always, ...headers }
          })
          const inJson = yield* told("json", answerOf(error))
          assert.deepStrictEqual(inJson, {
            status,
            text: refused.json(code, message),
            type: "application/json; charset=utf-8",
            others: { ...always, ...headers }
          })
          assert.notInclude(JSON.stringify([inXml, inJson]), "CANARY")
        }
      })
    )
  }

  it.effect("a defect is as silent as that to a broken store", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* told("xml", internalError),
        yield* told("xml", answerOf(stored("unknown")))
      )
    })
  )
})
