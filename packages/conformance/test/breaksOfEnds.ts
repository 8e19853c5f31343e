/** Ways in which a dialect breaks its promises as a source and as a destination. */
import { Customers } from "@tillbridge/domain"
import { DateTime, Effect, Redacted, Result, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { further, hearing, paging, reading, standingOn, writing } from "./breakingDialect.ts"
import type { Break } from "./breaksOfServer.ts"

let written = 0

export const breaksOfEnds: ReadonlyArray<Break> = [
  ["skips a customer at its checkpoint", paging(further), "a reader that goes on at a checkpoint"],
  [
    "never reads the last customer of a page",
    paging((page) => ({ ...page, changes: page.changes.slice(0, 2) })),
    "reads every customer of the server once"
  ],
  [
    "crashes at a checkpoint that it did not make",
    reading(({ pages }) => ({
      pages: (from) => pages(from === null ? null : (String(JSON.parse(from)) as typeof from))
    })),
    "refused or read, without a crash"
  ],
  [
    "looks at changes no more once it has come to the end",
    reading(({ pages }) => ({
      pages: (from) => (from === "0" ? Stream.empty : pages(from))
    })),
    "misses none of them"
  ],
  [
    "reads a customer as the one before it",
    paging((page) => ({
      ...page,
      changes: page.changes.map((told) => ({
        ...told,
        customer: { ...told.customer, lastName: told.customer.firstName ?? null }
      }))
    })),
    "stored and read back, field by field" // it is written right and read back wrong
  ],
  [
    "drops a record that it cannot read",
    paging(({ unreadable: _, ...page }) => page),
    "told beside the others"
  ],
  [
    "gives up a page for one record that it cannot read",
    paging((page) => (page.unreadable?.length === 0 ? page : { ...page, changes: [] })),
    "told beside the others"
  ],
  [
    "tells a value of what it cannot read",
    paging((page) => ({
      ...page,
      unreadable: (page.unreadable ?? []).map((record) => ({ ...record, reason: record.payload }))
    })),
    "told beside the others"
  ],
  [
    "calls an unreadable record another customer's",
    paging((page) => ({
      ...page,
      unreadable: (page.unreadable ?? []).map((record) => ({
        ...record,
        source: { system: "toy", key: "9" }
      }))
    })),
    "told beside the others"
  ],
  [
    "never reads an unreadable record again",
    reading(() => ({
      reread: (payload) => Result.fail({ source: null, reason: "unreadable", payload })
    })),
    "told beside the others"
  ],
  [
    "reads an unreadable record again as something else",
    reading(({ reread }) => ({
      reread: (payload) => Result.map(reread(payload), (change) => ({ ...change, cards: [] }))
    })),
    "told beside the others"
  ],
  [
    "does not tell when a customer was changed",
    paging((page) => ({ ...page, changes: page.changes.map(({ modifiedAt: _, ...change }) => change) })),
    "the last change that it tells"
  ],
  [
    "takes the time of reading for the last change",
    paging((page) => ({
      ...page,
      changes: page.changes.map((change) => ({ ...change, modifiedAt: DateTime.makeUnsafe(Date.now()) }))
    })),
    "the last change that it tells"
  ],
  [
    "calls its own system by another name than its customers",
    reading(() => ({ system: "toy two" })),
    "reads every customer of the server once"
  ],
  [
    "finds nobody by phone",
    writing(({ lookUp }) => ({
      lookUp: (by) => (by.by === "phone" ? Effect.succeed([]) : lookUp(by))
    })),
    "whom the destination looks up"
  ],
  [
    "finds customers without their cards",
    writing(({ lookUp }) => ({
      lookUp: (by) => Effect.map(lookUp(by), (found) => found.map((change) => ({ ...change, cards: [] })))
    })),
    "whom the destination looks up"
  ],
  [
    "finds a neighbour as well",
    writing(({ lookUp }) => ({
      lookUp: (by) =>
        Effect.zipWith(lookUp(by), lookUp({ by: "key", key: "2" }), (found, others) =>
          found.length === 0 ? found : [...found, ...others]
        )
    })),
    "whom the destination looks up"
  ],
  [
    "takes a way to look up that it lacks for nobody",
    writing(({ lookUp }) => ({
      lookUp: (by) => Effect.catch(lookUp(by), () => Effect.succeed([]))
    })),
    "whom the destination looks up"
  ],
  [
    "does not know its own keys in what it is to write",
    writing(({ putCustomer }) => ({
      putCustomer: (told) =>
        putCustomer({
          ...told,
          source: { ...told.source, system: "elsewhere" },
          customer: { ...told.customer, externalIds: [] }
        })
    })),
    "is written under it"
  ],
  [
    "says that it has removed a customer",
    writing(() => ({ removeCustomer: () => Effect.void })),
    "a customer is removed by the key"
  ],
  [
    "fails to remove who is gone already",
    (good) => {
      const gone = new Set<string>()
      return writing(({ putCard, removeCustomer }) => ({
        removeCustomer: (key) => {
          if (gone.has(key)) return Effect.asVoid(putCard({ number: "1", patch: {}, typeName: null }, null))
          gone.add(key)
          return removeCustomer(key)
        }
      }))(good)
    },
    "a customer is removed by the key"
  ],
  [
    "makes a customer anew whenever it writes",
    writing(({ putCustomer }) => ({
      putCustomer: (told) =>
        putCustomer({ ...told, source: { ...told.source, key: `${told.source.key}-${++written}` } })
    })),
    "writing again changes nothing"
  ],
  [
    "forgets what it cannot carry",
    standingOn(Customers, ({ save }) => ({
      save: (merchant, request) =>
        save(merchant, { ...request, patch: { ...request.patch, company: { name: null, vatNumber: null } } })
    })),
    "is kept when it writes"
  ],
  [
    "takes a refusal for an empty list",
    reading(({ pages }) => ({
      pages: (from) =>
        Stream.catchIf(
          pages(from),
          ({ reason: { _tag } }) => _tag === "Unauthorized" || _tag === "Refused",
          () => Stream.empty
        )
    })),
    "is an error and no empty success"
  ],
  [
    "takes a page of HTML for an empty list",
    hearing(
      HttpClient.transform((answered, request) =>
        Effect.flatMap(answered, (response) =>
          Effect.map(Effect.orDie(response.text), (text) =>
            HttpClientResponse.fromWeb(
              request,
              new Response(/<html/.test(text) ? `{"ok":"yes","more":"no","people":[]}` : text, {
                status: response.status
              })
            )
          )
        )
      )
    ),
    "to a reader every bad answer is an error"
  ],
  [
    "gives up at a busy vendor as if it were broken for good",
    reading(({ pages }) => ({
      pages: (from) =>
        Stream.catchIf(
          pages(from),
          ({ isRetryable }) => isRetryable,
          () => Stream.die(new Error("gave up"))
        )
    })),
    "to a reader every bad answer is an error"
  ],
  [
    "takes a write that failed for one that is done",
    writing(({ putCustomer }) => ({
      putCustomer: (told) => Effect.catch(putCustomer(told), () => Effect.succeed({ key: "1", isNew: false }))
    })),
    "to a writer every bad answer is an error"
  ],
  [
    "logs its key when something fails",
    reading(({ pages }, { secret }) => ({
      pages: (from) =>
        Stream.tapError(pages(from), () => Effect.logWarning(`failed with ${Redacted.value(secret)}`))
    })),
    "no secret is in a log line"
  ]
]
