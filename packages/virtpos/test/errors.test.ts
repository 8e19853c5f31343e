/** The table of every error and the vendor's answer to it; a new error does not compile here until it has a row. */
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
  PrefetchRefused,
  UnknownAction
} from "../src/internal/errors.ts"
import { read, refused, xml } from "./server.ts"

type Row = readonly [
  error: CallError,
  status: number,
  info: string,
  headers?: Readonly<Record<string, string>>
]

const stored = (reason: StorageFailure) =>
  new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })

const busy = [503, "temporary error, try again", { "retry-after": "1" }] as const
const broken = [500, "internal error"] as const

const table = {
  CustomerNotFound: [[new CustomerNotFound(), 200, "customer not found"]],
  CardNotFound: [[new CardNotFound(), 200, "card not found"]],
  MerchantNotFound: [[new MerchantNotFound(), 200, "invalid apikey"]],
  NotAuthenticated: [[new NotAuthenticated(), 200, "invalid apikey"]],
  TooManyAttempts: [
    [
      new TooManyAttempts({ retryAfterMillis: 5_001 }),
      429,
      "too many attempts, try again later",
      { "retry-after": "6" }
    ],
    [
      new TooManyAttempts({ retryAfterMillis: 45_000 }),
      429,
      "too many attempts, try again later",
      { "retry-after": "45" }
    ]
  ],
  NotPermitted: [
    [new NotPermitted({ scope: "read" }), 200, "this apikey may not read data"],
    [new NotPermitted({ scope: "write" }), 200, "this apikey may not change data"],
    [new NotPermitted({ scope: "balance" }), 200, "this apikey may not set accumulated_sales"]
  ],
  UnknownReference: [
    [new UnknownReference({ kind: "group" }), 200, "unknown group_id"],
    [new UnknownReference({ kind: "card type" }), 200, "unknown type_id"],
    [new UnknownReference({ kind: "owner" }), 200, "unknown customer_id or customer_external_id"],
    [new UnknownReference({ kind: "store" }), 200, "unknown store"],
    [new UnknownReference({ kind: "store list" }), 200, "unknown store list"]
  ],
  AlreadyTaken: [
    [new AlreadyTaken({ what: "card number" }), 200, "uid belongs to another card"],
    [new AlreadyTaken({ what: "card external id" }), 200, "external_id belongs to another card"],
    [new AlreadyTaken({ what: "customer external id" }), 200, "external_id belongs to another customer"],
    [new AlreadyTaken({ what: "customer id" }), 200, "id is already taken"],
    [new AlreadyTaken({ what: "card id" }), 200, "card_id is already taken"],
    [new AlreadyTaken({ what: "credential" }), 200, "the key is already taken"],
    [new AlreadyTaken({ what: "store" }), 200, "the store is already taken"]
  ],
  InvalidField: Object.entries({
    firstName: "fname",
    lastName: "lname",
    middleName: "mname",
    notes: "custom_information",
    birthDate: "birth_day",
    registeredAt: "register_date",
    accumulatedSales: "accumulated_sales",
    group: "group_name",
    "card type": "type_name",
    number: "uid",
    ean13: "uid_ean13",
    blockedAt: "block_date",
    activatedAt: "activate_date",
    send_push: "send_push"
  }).map(([field, name]): Row => [
    new InvalidField({ field, reason: "is <wrong>" }),
    200,
    `${name} is <wrong>`
  ]),
  StorageError: [
    [stored("busy"), ...busy],
    [stored("unavailable"), ...busy],
    [stored("full"), ...busy],
    [stored("read-only"), ...broken],
    [stored("corrupt"), ...broken],
    [stored("newer-schema"), ...broken],
    [stored("unknown"), ...broken]
  ],
  BadCall: [[new BadCall({ info: `a "bad" & <odd> call` }), 200, `a "bad" & <odd> call`]],
  MalformedParameters: [[new MalformedParameters({ reason: "parameter 1: NUL" }), 400, "parameter 1: NUL"]],
  UnknownAction: [[new UnknownAction(), 404, "unknown action"]],
  MethodNotAllowed: [
    [new MethodNotAllowed({ allow: "GET, POST" }), 405, "method not allowed", { allow: "GET, POST" }]
  ],
  PrefetchRefused: [[new PrefetchRefused(), 403, "a prefetch may not change data"]],
  BodyTooLarge: [
    [new BodyTooLarge({ limit: 10 }), 413, "the body is longer than 10 bytes", { connection: "close" }]
  ],
  BodyUnreadable: [
    [new BodyUnreadable(), 400, "the body could not be read to its end", { connection: "close" }]
  ],
  UnsupportedBody: [[new UnsupportedBody({ reason: "no form" }), 415, "no form"]]
} satisfies Record<CallError["_tag"], ReadonlyArray<Row>>

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" }
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const told = Effect.fnUntraced(function* (format: "xml" | "json", error: Parameters<typeof errorAnswer>[1]) {
  const { headers, status, text } = yield* Effect.promise(() =>
    read(HttpServerResponse.toWeb(errorAnswer(format, error)))
  )
  const { "content-length": _, "content-type": type, ...others } = headers
  return { status, text, type, others }
})

describe("the answer to", () => {
  for (const [tag, rows] of Object.entries(table) as ReadonlyArray<readonly [string, ReadonlyArray<Row>]>) {
    it.effect(`${tag} has its status, text and headers in both formats`, () =>
      Effect.gen(function* () {
        for (const [error, status, info, headers = {}] of rows) {
          assert.strictEqual(error._tag, tag)
          const inXml = yield* told("xml", answerOf(error))
          xml(inXml.text)
          assert.deepStrictEqual(inXml, {
            status,
            text: refused.xml(escaped(info)),
            type: "application/xml; charset=UTF-8",
            others: { ...always, ...headers }
          })
          const inJson = yield* told("json", answerOf(error))
          assert.deepStrictEqual(inJson, {
            status,
            text: refused.json(info),
            type: "application/json; charset=UTF-8",
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
