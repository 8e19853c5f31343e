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
import {
  BodyTooLarge,
  BodyUnreadable,
  MalformedJson,
  MalformedParameters,
  UnsupportedBody
} from "@tillbridge/wire"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { MegawinRoutes } from "../src/index.ts"
import { errorAnswer } from "../src/internal/answers.ts"
import {
  answerOf,
  BadCall,
  BodyRefused,
  type CallError,
  internalError,
  MethodNotAllowed,
  PrefetchRefused,
  UnknownAction
} from "../src/internal/errors.ts"
import { read, refused } from "./server.ts"

type Row = readonly [
  error: CallError,
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>
]

const stored = (reason: StorageFailure) =>
  new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })

const busy = [503, "temporary error, try again", { "retry-after": "1" }] as const
const broken = [500, "internal error"] as const
const closed = { connection: "close" }

const table = {
  CustomerNotFound: [[new CustomerNotFound(), 200, "customer not found"]],
  CardNotFound: [[new CardNotFound(), 200, "card not found"]],
  MerchantNotFound: [[new MerchantNotFound(), 200, "invalid apikey"]],
  NotAuthenticated: [[new NotAuthenticated(), 200, "invalid apikey"]],
  TooManyAttempts: [
    [
      new TooManyAttempts({ retryAfterMillis: 1_001 }),
      429,
      "too many attempts, try again later",
      { "retry-after": "2" }
    ],
    [
      new TooManyAttempts({ retryAfterMillis: 0 }),
      429,
      "too many attempts, try again later",
      { "retry-after": "1" }
    ]
  ],
  NotPermitted: [
    [new NotPermitted({ scope: "read" }), 200, "this apikey may not read data"],
    [new NotPermitted({ scope: "write" }), 200, "this apikey may not change data"],
    [new NotPermitted({ scope: "balance" }), 200, "this apikey may not change data"]
  ],
  UnknownReference: [
    [new UnknownReference({ kind: "group" }), 200, "unknown megatech_GPR_No"],
    [new UnknownReference({ kind: "card type" }), 200, "unknown card type"],
    [new UnknownReference({ kind: "owner" }), 200, "unknown customer"],
    [new UnknownReference({ kind: "store" }), 200, "unknown store"],
    [new UnknownReference({ kind: "store list" }), 200, "unknown store list"]
  ],
  AlreadyTaken: [
    [new AlreadyTaken({ what: "card number" }), 200, "the card number is already taken"],
    [new AlreadyTaken({ what: "card external id" }), 200, "the card is already taken"],
    [new AlreadyTaken({ what: "customer external id" }), 200, "the login belongs to another customer"],
    [new AlreadyTaken({ what: "customer id" }), 200, "id_client is already taken"],
    [new AlreadyTaken({ what: "card id" }), 200, "the card is already taken"],
    [new AlreadyTaken({ what: "credential" }), 200, "the key is already taken"],
    [new AlreadyTaken({ what: "store" }), 200, "the store is already taken"]
  ],
  InvalidField: [
    [new InvalidField({ field: "group", reason: "is <wrong>" }), 200, "megatech_GPR_No is <wrong>"],
    [new InvalidField({ field: "mobilePhone", reason: "is wrong" }), 200, "cellphone is wrong"],
    [new InvalidField({ field: "discountPercent", reason: "is wrong" }), 200, "webRemise is wrong"],
    [new InvalidField({ field: "city", reason: "is wrong" }), 200, "city is wrong"]
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
  BadCall: [[new BadCall({ reason: `a "bad" & <odd> call` }), 200, `a "bad" & <odd> call`]],
  MalformedParameters: [[new MalformedParameters({ reason: "parameter 1: NUL" }), 400, "parameter 1: NUL"]],
  MalformedJson: [[new MalformedJson({ reason: "not JSON" }), 400, "the body is no JSON: not JSON"]],
  UnknownAction: [[new UnknownAction(), 404, "unknown action"]],
  MethodNotAllowed: [
    [new MethodNotAllowed({ allow: "POST, OPTIONS" }), 405, "method not allowed", { allow: "POST, OPTIONS" }]
  ],
  PrefetchRefused: [[new PrefetchRefused(), 403, "a prefetch may not change data"]],
  BodyRefused: [[new BodyRefused(), 400, "this call has no body", closed]],
  BodyTooLarge: [[new BodyTooLarge({ limit: 10 }), 413, "the body is longer than 10 bytes", closed]],
  BodyUnreadable: [[new BodyUnreadable(), 400, "the body could not be read to its end", closed]],
  UnsupportedBody: [[new UnsupportedBody({ reason: "no JSON" }), 415, "no JSON"]]
} satisfies Record<CallError["_tag"], ReadonlyArray<Row>>

const always = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "access-control-allow-origin": "*"
}

const told = Effect.fnUntraced(function* (response: HttpServerResponse.HttpServerResponse) {
  const { headers, status, text } = yield* Effect.promise(() => read(HttpServerResponse.toWeb(response)))
  const { "content-length": _, "content-type": type, ...others } = headers
  return { status, text, type, others }
})

describe("the answer to", () => {
  for (const [tag, rows] of Object.entries(table) as ReadonlyArray<readonly [string, ReadonlyArray<Row>]>) {
    it.effect(`${tag} has its status, text and headers`, () =>
      Effect.gen(function* () {
        for (const [error, status, message, headers = {}] of rows) {
          assert.strictEqual(error._tag, tag)
          const answer = yield* told(errorAnswer(answerOf(error)))
          assert.deepStrictEqual(answer, {
            status,
            text: refused(message),
            type: "application/json; charset=utf-8",
            others: { ...always, ...headers }
          })
          assert.notInclude(JSON.stringify(answer), "CANARY")
        }
      })
    )
  }

  it.effect("a defect is as silent as that to a broken store", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* told(errorAnswer(internalError)),
        yield* told(errorAnswer(answerOf(stored("unknown"))))
      )
    })
  )

  it.effect("a request that the server itself refuses is in the envelope as well", () =>
    Effect.gen(function* () {
      const request = HttpServerRequest.fromWeb(new Request("http://till.test/customer/list"))
      const answer = yield* told(MegawinRoutes.refusal(request, stored("busy")))
      assert.deepStrictEqual([answer.status, answer.text], [503, refused("temporary error, try again")])
    })
  )
})
