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
import { errorAnswer, tokenErrorAnswer } from "../src/internal/answers.ts"
import {
  answerOf,
  type CallError,
  internalError,
  MethodNotAllowed,
  RequestRefused,
  tokenAnswerOf,
  type TokenError,
  tokenInternalError,
  TokenRefused,
  UnknownAction
} from "../src/internal/errors.ts"
import type { Writing } from "../src/internal/negotiation.ts"
import { AmbiguousModel, UnreadableModel, UnsupportedMediaType } from "../src/internal/periodModel.ts"
import { A, I, P, read } from "./server.ts"

/** `code` null: the framework's answer. */
type Row = readonly [
  error: CallError,
  status: number,
  code: number | null,
  message: string,
  headers?: Readonly<Record<string, string>>
]

const stored = (reason: StorageFailure) =>
  new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })

const busy = [
  503,
  null,
  "The service is unavailable. Please try again later.",
  { "retry-after": "1" }
] as const
const broken = [500, null, "An error has occurred."] as const
const denied = [
  401,
  null,
  "Authorization has been denied for this request.",
  { "www-authenticate": "Bearer" }
] as const
const many = "Too many attempts. Please try again later."

const table = {
  CustomerNotFound: [[new CustomerNotFound(), 200, 3, "client not found"]],
  CardNotFound: [[new CardNotFound(), 200, 3, "card not found"]],
  MerchantNotFound: [[new MerchantNotFound(), ...denied]],
  NotAuthenticated: [[new NotAuthenticated(), ...denied]],
  NotPermitted: [
    [new NotPermitted({ scope: "read" }), 200, 3, "this user may not read data"],
    [new NotPermitted({ scope: "write" }), 200, 3, "this user may not change data"]
  ],
  UnknownReference: [
    [new UnknownReference({ kind: "store list" }), 200, 3, "unknown RegPosList"],
    [new UnknownReference({ kind: "store" }), 200, 3, "unknown point of sale"],
    [new UnknownReference({ kind: "group" }), 200, 3, "unknown group"],
    [new UnknownReference({ kind: "card type" }), 200, 3, "unknown card type"],
    [new UnknownReference({ kind: "owner" }), 200, 3, "unknown client"]
  ],
  AlreadyTaken: [[new AlreadyTaken({ what: "card number" }), 200, 3, "the card number is already taken"]],
  InvalidField: [[new InvalidField({ field: "x", reason: `is <"wrong">` }), 200, 3, `x is <"wrong">`]],
  TooManyAttempts: [
    [new TooManyAttempts({ retryAfterMillis: 60_000 }), 429, null, many, { "retry-after": "60" }],
    [new TooManyAttempts({ retryAfterMillis: 1_001 }), 429, null, many, { "retry-after": "2" }],
    [new TooManyAttempts({ retryAfterMillis: 0 }), 429, null, many, { "retry-after": "1" }]
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
  RequestRefused: [
    [new RequestRefused({ reason: "a & b" }), 200, 3, "a & b"],
    [new RequestRefused({ reason: "x".repeat(300) }), 200, 3, "x".repeat(100)]
  ],
  UnreadableModel: [[new UnreadableModel({ reason: "the body is empty" }), 200, 3, "the body is empty"]],
  AmbiguousModel: [[new AmbiguousModel({ reason: "Reg is given twice" }), 400, 3, "Reg is given twice"]],
  UnsupportedMediaType: [
    [
      new UnsupportedMediaType({ mediaType: "text/plain" }),
      415,
      null,
      "The request entity's media type 'text/plain' is not supported for this resource."
    ]
  ],
  UnknownAction: [
    [new UnknownAction(), 404, null, "No HTTP resource was found that matches the request URI."]
  ],
  MethodNotAllowed: [
    [
      new MethodNotAllowed({ method: "GET" }),
      405,
      null,
      "The requested resource does not support http method 'GET'.",
      { allow: "POST" }
    ],
    [
      new MethodNotAllowed({ method: "<b>\r\n" }),
      405,
      null,
      "The requested resource does not support http method '?'.",
      { allow: "POST" }
    ]
  ],
  BodyTooLarge: [
    [
      new BodyTooLarge({ limit: 10 }),
      413,
      null,
      "The request entity is longer than 10 bytes.",
      { connection: "close" }
    ]
  ],
  BodyUnreadable: [
    [
      new BodyUnreadable(),
      400,
      null,
      "The request entity could not be read to its end.",
      { connection: "close" }
    ]
  ]
} satisfies Record<CallError["_tag"], ReadonlyArray<Row>>

const always = {
  "access-control-allow-origin": "*",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const writings: Readonly<Record<"json" | "xml", Writing>> = {
  json: { format: "json", contentType: "application/json; charset=utf-8", charset: "utf-8" },
  xml: { format: "xml", contentType: "text/xml; charset=utf-8", charset: "utf-8" }
}

const shown = Effect.fnUntraced(function* (response: HttpServerResponse.HttpServerResponse) {
  const { headers, status, text } = yield* Effect.promise(() => read(HttpServerResponse.toWeb(response)))
  const { "content-length": _, "content-type": type, ...others } = headers
  return { status, text, type, others }
})

const bodies = (code: number | null, message: string) =>
  code === null
    ? {
        json: `{"Message":${JSON.stringify(message)}}`,
        xml: `<Error><Message>${escaped(message)}</Message></Error>`
      }
    : {
        json: `{"Clients":[],"ErrorCode":${code},"Message":${JSON.stringify(message)}}`,
        xml:
          `<ClientInfoPeriodResponse xmlns:i="${I}" xmlns="${P}"><ErrorCode xmlns="${A}">${code}</ErrorCode>` +
          `<Message xmlns="${A}">${escaped(message)}</Message><Clients/></ClientInfoPeriodResponse>`
      }

describe("the answer to", () => {
  for (const [tag, rows] of Object.entries(table) as ReadonlyArray<readonly [string, ReadonlyArray<Row>]>) {
    it.effect(`${tag} has its status, text and headers in both formats`, () =>
      Effect.gen(function* () {
        for (const [error, status, code, message, headers = {}] of rows) {
          assert.strictEqual(error._tag, tag)
          for (const format of ["json", "xml"] as const) {
            const told = yield* shown(errorAnswer(writings[format], answerOf(error)))
            assert.deepStrictEqual(told, {
              status,
              text: bodies(code, message)[format],
              type: writings[format].contentType,
              others: { ...always, ...headers }
            })
            assert.notInclude(JSON.stringify(told), "CANARY")
          }
        }
      })
    )
  }

  it("a defect is as silent as that to a broken store", () => {
    assert.deepStrictEqual(internalError, answerOf(stored("unknown")))
    assert.deepStrictEqual(tokenInternalError, tokenAnswerOf(stored("unknown")))
  })
})

type TokenRow = readonly [
  error: TokenError,
  status: number,
  code: string,
  description: string,
  headers?: Readonly<Record<string, string>>
]

const invalid = [400, "invalid_grant", "The grant is not valid."] as const

const tokenTable = {
  TokenRefused: [
    [
      new TokenRefused({ error: "invalid_grant", reason: "no", isWrongPassword: true }),
      401,
      "invalid_grant",
      "no",
      { "www-authenticate": "Bearer" }
    ],
    [
      new TokenRefused({ error: "invalid_grant", reason: "no", isWrongPassword: false }),
      400,
      "invalid_grant",
      "no"
    ],
    [
      new TokenRefused({ error: "unsupported_grant_type", reason: "no", isWrongPassword: false }),
      400,
      "unsupported_grant_type",
      "no"
    ]
  ],
  MalformedParameters: [
    [new MalformedParameters({ reason: "parameter 1: NUL" }), 400, "invalid_request", "parameter 1: NUL"]
  ],
  UnsupportedBody: [[new UnsupportedBody({ reason: "no form" }), 415, "invalid_request", "no form"]],
  TooManyAttempts: [
    [new TooManyAttempts({ retryAfterMillis: 2_500 }), 429, "invalid_request", many, { "retry-after": "3" }]
  ],
  MethodNotAllowed: [
    [
      new MethodNotAllowed({ method: "PUT" }),
      405,
      "invalid_request",
      "The requested resource does not support http method 'PUT'.",
      { allow: "POST" }
    ]
  ],
  BodyTooLarge: [
    [
      new BodyTooLarge({ limit: 9 }),
      413,
      "invalid_request",
      "The request entity is longer than 9 bytes.",
      { connection: "close" }
    ]
  ],
  BodyUnreadable: [
    [
      new BodyUnreadable(),
      400,
      "invalid_request",
      "The request entity could not be read to its end.",
      { connection: "close" }
    ]
  ],
  StorageError: [
    [
      stored("busy"),
      503,
      "temporarily_unavailable",
      "The service is unavailable. Please try again later.",
      { "retry-after": "1" }
    ],
    [stored("corrupt"), 500, "server_error", "An error has occurred."]
  ],
  NotAuthenticated: [[new NotAuthenticated(), ...invalid]],
  MerchantNotFound: [[new MerchantNotFound(), ...invalid]],
  CustomerNotFound: [[new CustomerNotFound(), ...invalid]],
  CardNotFound: [[new CardNotFound(), ...invalid]],
  UnknownReference: [[new UnknownReference({ kind: "store" }), ...invalid]],
  AlreadyTaken: [[new AlreadyTaken({ what: "store" }), ...invalid]],
  InvalidField: [[new InvalidField({ field: "a", reason: "b" }), ...invalid]],
  NotPermitted: [[new NotPermitted({ scope: "read" }), ...invalid]]
} satisfies Record<TokenError["_tag"], ReadonlyArray<TokenRow>>

describe("the token endpoint's answer to", () => {
  for (const [tag, rows] of Object.entries(tokenTable) as ReadonlyArray<
    readonly [string, ReadonlyArray<TokenRow>]
  >) {
    it.effect(`${tag} is OAuth's, in JSON`, () =>
      Effect.gen(function* () {
        for (const [error, status, code, description, headers = {}] of rows) {
          const told = yield* shown(tokenErrorAnswer(tokenAnswerOf(error)))
          assert.deepStrictEqual(told, {
            status,
            text: JSON.stringify({ error: code, error_description: description }),
            type: "application/json;charset=UTF-8",
            others: { ...always, pragma: "no-cache", ...headers }
          })
          assert.notInclude(JSON.stringify(told), "CANARY")
        }
      })
    )
  }
})
