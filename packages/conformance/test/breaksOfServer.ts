/** Ways in which a dialect breaks its promises about saved answers, and those of its server. */
import {
  Credentials,
  Customers,
  CustomerNotFound,
  InvalidField,
  type MerchantId,
  NotAuthenticated,
  type StorageError
} from "@tillbridge/domain"
import { Effect, Redacted, Stream } from "effect"
import type { Subject } from "../src/index.ts"
import {
  answering,
  coding,
  codingRead,
  replacing,
  standingOn,
  takingFor,
  writing
} from "./breakingDialect.ts"

const asNumber = (text: string) => (/^\d+$/.test(text) ? String(Number(text)) : text)

const another = (merchant: MerchantId) => (merchant === 1 ? 2 : 1) as MerchantId

/** A break, and a part of the title of the case that must go red. */
export type Break = readonly [title: string, broken: (good: Subject) => Subject, expected: string]

export const breaksOfServer: ReadonlyArray<Break> = [
  ["drops empty elements", replacing(/"[a-z]+":"",?/g, ""), "every example of the vendor"],
  ["says success with a boolean", replacing(`"ok":"yes"`, `"ok":true`), "every example of the vendor"],
  [
    "ignores a filter",
    standingOn(Customers, ({ refs }) => ({
      refs: (merchant, { phone: _, ...filter }, window) => refs(merchant, filter, window)
    })),
    "each filter chooses exactly its customers"
  ],
  [
    "makes a number of a phone in a saved answer",
    codingRead((told) => ({
      ...told,
      customer: {
        ...told.customer,
        phone: told.customer.phone == null ? null : String(Number(told.customer.phone))
      }
    })),
    "never as another text"
  ],
  [
    "forgets last names in a saved answer",
    codingRead((told) => ({ ...told, customer: { ...told.customer, lastName: null } })),
    "what has a place comes back"
  ],
  [
    "loses digits of a card's number in a saved answer",
    codingRead((told) => ({
      ...told,
      cards: told.cards.map((card) => ({ ...card, number: asNumber(card.number) }))
    })),
    "survive in a saved answer"
  ],
  [
    "takes a saved page of HTML for an empty list",
    coding((good) => ({
      readAnswer: (bytes, context) =>
        Stream.catchTag(good.readAnswer(bytes, context), "Malformed", () => Stream.empty)
    })),
    "is a failure and no empty list"
  ],
  [
    "takes a saved answer that is cut for a shorter list",
    coding((good) => ({
      readAnswer: (bytes, context) =>
        Stream.unwrap(
          Effect.map(Stream.runCollect(bytes), (chunks) => {
            const whole = new Uint8Array(chunks.flatMap((chunk) => [...chunk]))
            const text = new TextDecoder().decode(whole)
            const end = text.lastIndexOf("},")
            return good.readAnswer(
              Stream.make(
                text.endsWith("]}") || end < 0
                  ? whole
                  : new TextEncoder().encode(`${text.slice(0, end + 1)}]}`)
              ),
              context
            )
          })
        )
    })),
    "that is cut is a failure"
  ],
  [
    "loses digits on the way from the server",
    answering(({ text }) => ({ text: text.replace(/"0+(\d+)"/g, `"$1"`) })),
    "survive from the server to the source"
  ],
  [
    "trims what it writes",
    writing(({ putCustomer }) => ({
      putCustomer: ({ customer, ...change }) =>
        putCustomer({
          ...change,
          customer: { ...customer, notes: customer.notes?.replace(/[\n\t]/g, " ") ?? null }
        })
    })),
    "survive from the destination to the server"
  ],
  [
    "gives another merchant's customer to whoever knows its number",
    standingOn(Customers, ({ getMany, refs }) => ({
      refs: (merchant, filter, window) =>
        Effect.flatMap(refs(merchant, filter, window), (found) =>
          found.length === 0 ? refs(another(merchant), filter, window) : Effect.succeed(found)
        ),
      getMany: (merchant, ids) =>
        Effect.flatMap(getMany(merchant, ids), (found) =>
          found.length === 0 ? getMany(another(merchant), ids) : Effect.succeed(found)
        )
    })),
    "another merchant's records answer as if they had never existed"
  ],
  [
    "writes to another merchant's customer",
    standingOn(Customers, ({ save }) => ({
      save: (merchant, request) =>
        save(another(merchant), { ...request, createIfMissing: false }).pipe(
          Effect.catchTag("CustomerNotFound", () => save(merchant, request))
        )
    })),
    "another merchant's records answer as if they had never existed"
  ],
  [
    "takes another dialect's credential",
    standingOn(Credentials, ({ authenticate }) => ({
      authenticate: (dialect, login, secret, from) =>
        authenticate(`${dialect}-2`, login, secret, from).pipe(
          Effect.catchTag("NotAuthenticated", () => authenticate(dialect, login, secret, from))
        )
    })),
    "a revoked and another dialect's are refused alike"
  ],
  [
    "never forgets whom it has let in",
    (good) => {
      const known = new Map<string, Effect.Success<ReturnType<Credentials["Service"]["authenticate"]>>>()
      return standingOn(Credentials, ({ authenticate }) => ({
        authenticate: (dialect, login, secret, from) => {
          const name = Redacted.value(secret)
          const before = known.get(name)
          return before === undefined
            ? Effect.tap(authenticate(dialect, login, secret, from), (principal) =>
                Effect.sync(() => known.set(name, principal))
              )
            : Effect.succeed(before)
        }
      }))(
        // The old till asks once before its key is revoked.
        {
          ...good,
          wire: {
            ...good.wire,
            signIn: (send, caller) =>
              Effect.tap(good.wire.signIn(send, caller), () =>
                send({ method: "GET", target: `/till/people?key=${caller.secret}` })
              )
          }
        }
      )
    },
    "a revoked and another dialect's are refused alike"
  ],
  [
    "tells what it was asked for before it knows by whom",
    answering(({ status, text }, { url }) => ({
      text: status === 401 ? text.replace("invalid", `invalid for ${new URL(url, "http://x").search}`) : text
    })),
    "a revoked and another dialect's are refused alike"
  ],
  [
    "asks for no right",
    standingOn(Credentials, ({ authenticate }) => ({
      authenticate: (...caller) =>
        Effect.map(authenticate(...caller), (principal) => ({ ...principal, scopes: ["read", "write"] }))
    })),
    "without the right that a call needs"
  ],
  [
    "lets keys be guessed without end",
    standingOn(Credentials, ({ authenticate }) => ({
      authenticate: (dialect, login, secret, from) =>
        authenticate(dialect, login, secret, from).pipe(
          Effect.catchTag("TooManyAttempts", () => Effect.fail(new NotAuthenticated()))
        )
    })),
    "after many wrong secrets the answer is 429"
  ],
  [
    "says 405 without Allow",
    answering(({ headers: { allow: _, ...headers } }) => ({ headers })),
    "a wrong method is 405 with Allow"
  ],
  ["writes when it is asked for the head", takingFor("HEAD", "GET"), "HEAD, OPTIONS and a prefetch"],
  [
    "lets its answers be stored",
    answering(({ headers: { "cache-control": _, ...headers } }) => ({ headers })),
    "every answer is no-store"
  ],
  [
    "opens its answers to every origin's credentials",
    answering(({ headers }, request) => ({
      headers: {
        ...headers,
        "access-control-allow-origin": request.headers["origin"] ?? "*",
        "access-control-allow-credentials": "true"
      }
    })),
    "opens nothing to other origins"
  ],
  [
    "says that a body is too long in words of its own",
    answering(({ status }) => (status === 413 ? { text: "Payload Too Large" } : {})),
    "a body that is too long is 413"
  ],
  [
    "answers a query that is no text as if there were none",
    answering(({ status, text }) => ({
      text: status === 400 ? text.replace(/.*not UTF-8.*/, `{"ok":"yes","people":[]}`) : text
    })),
    "a query that is not UTF-8 is refused"
  ],
  [
    "takes the first of two keys",
    answering(({ status, text }) => ({
      text: status === 400 ? text.replace(/.*said twice.*/, `{"ok":"yes","people":[]}`) : text
    })),
    "refused when it is said twice"
  ],
  [
    "tells what the store said",
    standingOn(Customers, ({ refs, save }) => {
      const telling = (error: StorageError) =>
        new InvalidField({ field: "store", reason: String(error.cause) }) as unknown as StorageError
      return {
        refs: (...asked) => Effect.mapError(refs(...asked), telling),
        save: (...asked) =>
          Effect.mapError(save(...asked), (error) => (error._tag === "StorageError" ? telling(error) : error))
      }
    }),
    "without a word of the inside"
  ],
  [
    "leaves its envelope when the store fails",
    answering(({ status, text }) => ({ text: status >= 500 ? "Internal Server Error" : text })),
    "every failure of the store is told in the envelope"
  ],
  [
    "does not say when to try again",
    answering(({ headers: { "retry-after": _, ...headers }, status }) => (status === 503 ? { headers } : {})),
    "503 with Retry-After"
  ],
  [
    "takes a failing store for an empty one",
    standingOn(Customers, ({ save }) => ({
      save: (...asked) =>
        Effect.catchTag(save(...asked), "StorageError", () => Effect.fail(new CustomerNotFound()))
    })),
    "503 with Retry-After"
  ]
]
