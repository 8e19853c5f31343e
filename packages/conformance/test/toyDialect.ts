/**
 * The smallest dialect that keeps every promise: the API of an invented till. JSON only, a key in the query, one call
 * to list people after an id, one to put a person by the number that others know it by, two to remove a card or a person.
 *
 *     GET  /till/people?key=K&after=0&size=100[&id=1][&number=N][&phone=P]
 *          {"ok":"yes","more":"no","people":[{"id":"1","number":"","name":"Anna","family":"","phone":"","notes":"","cards":["1"],
 *           "changed":"2024-06-15T10:00:00.000Z"}]}
 *     POST /till/put?key=K&number=N    {"name":"Anna"}     {"ok":"yes","id":"1","new":"no"}
 *     POST /till/put?key=K&id=1        {"name":"Anna"}     the same, of one who is there
 *     GET  /till/drop?key=K&card=1                         {"ok":"yes"}
 *     GET  /till/leave?key=K&id=1                          {"ok":"yes"}
 *     what fails                                           {"ok":"no","why":"…"}
 */
import {
  Checkpoint,
  type CodecContext,
  type CustomerChange,
  CustomerDestination,
  type CustomerRecord,
  CustomerSource,
  type CustomerWithCards,
  type Dialect,
  type DialectCodec,
  type ExternalId,
  externalKey,
  InvalidField,
  type LookUp,
  Malformed,
  orNull,
  Refused,
  SourceError,
  type SourceFailure,
  RateLimited,
  TimedOut,
  Unauthorized,
  type UnreadableRecord,
  Unreachable,
  VendorFailed
} from "@tillbridge/domain"
import { parseJson } from "@tillbridge/wire"
import { Array as Arr, DateTime, Effect, Layer, Option, Result, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import type { RemoteSite } from "../src/index.ts"

export const toy: Dialect = {
  id: "toy",
  title: "Toy till",
  vendor: "Nobody",
  paths: ["/till"],
  capabilities: {
    feed: "pages",
    canUpsertCustomer: true,
    canDeleteCustomer: true,
    carriesCards: true,
    carriesAllCards: true,
    canUpsertCard: false,
    credentials: "key",
    formats: ["json"]
  }
}

// Wire and codec.

interface Person {
  readonly id: string
  readonly number: string
  readonly name: string
  readonly family: string
  readonly phone: string
  readonly notes: string
  readonly cards: ReadonlyArray<string>
  readonly changed: string
}

const fieldsByName = { name: "firstName", family: "lastName", phone: "phone", notes: "notes" } as const
type Name = keyof typeof fieldsByName
const names = Object.keys(fieldsByName) as ReadonlyArray<Name>

export const personOf = ({ cards, customer }: CustomerWithCards, system: string): Person => ({
  id: String(customer.id),
  number: externalKey(customer.externalIds, system) ?? "",
  name: customer.firstName ?? "",
  family: customer.lastName ?? "",
  phone: customer.phone ?? "",
  notes: customer.notes ?? "",
  cards: cards.map(({ number }) => number),
  changed: DateTime.formatIso(customer.updatedAt)
})

/** What a call says of a person: names that are absent are not touched, empty ones are cleared. */
export const recordOf = (
  said: Partial<Record<Name, unknown>>
): Result.Result<CustomerRecord, InvalidField> => {
  const out: Partial<Record<(typeof fieldsByName)[Name], string | null>> = {}
  for (const name of names) {
    const value = said[name]
    if (value === undefined) continue
    if (typeof value !== "string" || value.length > 1_000 || /\0/.test(value) || !value.isWellFormed())
      return Result.fail(new InvalidField({ field: name, reason: "must be a text" }))
    out[fieldsByName[name]] = orNull(value)
  }
  return Result.succeed(out)
}

/** A person, or what is wrong with one. */
const personIn = (value: unknown): Person | string => {
  const person = value as Partial<Record<keyof Person, unknown>> | null
  if (typeof person !== "object" || person === null) return "is no person"
  const wrong = (["id", "number", "changed", ...names] as const).find(
    (name) => typeof person[name] !== "string"
  )
  if (wrong !== undefined) return `${wrong} must be a text`
  return Array.isArray(person.cards) ? (person as Person) : "cards must be a list"
}

const changeOf = (person: Person, system: string): CustomerChange => ({
  source: { system: toy.id, key: person.id },
  customer: {
    ...Result.getOrThrow(recordOf(person)),
    externalIds: person.number === "" ? [] : [{ system, key: person.number }]
  },
  cards: person.cards.map((number) => ({ number, patch: {}, typeName: null })),
  modifiedAt: DateTime.makeUnsafe(person.changed)
})

const readPerson = (value: unknown, system: string): Result.Result<CustomerChange, UnreadableRecord> => {
  const person = personIn(value)
  if (typeof person !== "string") return Result.succeed(changeOf(person, system))
  const id = (value as { readonly id?: unknown } | null)?.id
  return Result.fail({
    source: typeof id === "string" ? { system: toy.id, key: id } : null,
    reason: person,
    payload: JSON.stringify(value)
  })
}

const sayingOf = (record: CustomerRecord): Partial<Record<Name, string>> => {
  const out: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const value = record[fieldsByName[name]]
    if (value !== undefined) out[name] = value ?? ""
  }
  return out
}

export const listText = (people: ReadonlyArray<Person>, more: boolean) =>
  JSON.stringify({ ok: "yes", more: more ? "yes" : "no", people })

export const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The body of an answer that says yes. */
const opened = (bytes: Uint8Array): Result.Result<Readonly<Record<string, unknown>>, Malformed | Refused> => {
  const text = Result.try({
    try: () => utf8.decode(bytes),
    catch: () => new Malformed({ detail: "no UTF-8" })
  })
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const json = parseJson(text.success)
  if (Result.isFailure(json)) return Result.fail(new Malformed({ detail: "no JSON" }))
  const body = json.success as { readonly ok?: unknown; readonly why?: unknown } | null
  if (body?.ok === "yes") return Result.succeed(body as Readonly<Record<string, unknown>>)
  return Result.fail(
    body?.ok === "no" ? new Refused({ detail: "refused" }) : new Malformed({ detail: "no envelope" })
  )
}

const peopleOf = (
  body: Readonly<Record<string, unknown>>
): Result.Result<ReadonlyArray<unknown>, Malformed> => {
  const people = body["people"]
  return Array.isArray(people) ? Result.succeed(people) : Result.fail(new Malformed({ detail: "no people" }))
}

const joined = <E>(bytes: Stream.Stream<Uint8Array, E>) =>
  Effect.map(Stream.runCollect(bytes), (chunks) => new Uint8Array(chunks.flatMap((chunk) => [...chunk])))

export const toyCodec: DialectCodec = {
  dialect: toy.id,
  formats: ["json"],
  readAnswer: (bytes, { externalSystem }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const people = yield* Effect.fromResult(Result.flatMap(opened(yield* joined(bytes)), peopleOf))
        return Stream.fromIterable(
          people.map((person) =>
            Result.mapError(
              readPerson(person, externalSystem),
              ({ reason }) => new Malformed({ detail: reason })
            )
          )
        )
      })
    ),
  writeAnswer: (customers, _format, { externalSystem }) =>
    Stream.fromEffect(
      Effect.map(Stream.runCollect(customers), (all) =>
        new TextEncoder().encode(
          listText(
            all.map((one) => personOf(one, externalSystem)),
            false
          )
        )
      )
    ),
  writeCall: (record) => JSON.stringify(sayingOf(record)),
  readCall: (text, _context: CodecContext) => recordOf(JSON.parse(text) as Partial<Record<Name, unknown>>)
}

// The client's two ends.

const reasonOf = (status: number): SourceFailure => {
  if (status === 401 || status === 403) return new Unauthorized({ detail: `HTTP ${status}` })
  if (status === 429) return new RateLimited({})
  if (status >= 500) return new VendorFailed({ status })
  return status < 400 ? new Malformed({ detail: "redirect" }) : new Refused({ detail: `HTTP ${status}` })
}

const failed = (operation: string, reason: SourceFailure) =>
  new SourceError({ dialect: toy.id, operation, reason })

const makeClient = Effect.fnUntraced(function* ({ baseUrl, secret }: RemoteSite) {
  const http = yield* HttpClient.HttpClient
  const attempt = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
    const response = yield* http.execute(request).pipe(
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.mapError(() => new Unreachable({ detail: "no connection" }))
    )
    if (response.status < 200 || response.status > 299) return yield* Effect.fail(reasonOf(response.status))
    const bytes = yield* Effect.mapError(response.arrayBuffer, (error) =>
      error.reason._tag === "EmptyBodyError"
        ? new Malformed({ detail: "empty" })
        : new Unreachable({ detail: "the connection broke" })
    )
    return yield* Effect.fromResult(opened(new Uint8Array(bytes)))
  })
  return (
    operation: string,
    method: "GET" | "POST",
    params: Readonly<Record<string, string>>,
    body?: string
  ) => {
    const request = HttpClientRequest.make(method)(`${baseUrl}/till/${operation}`, {
      urlParams: [["key", secret], ...Object.entries(params)]
    })
    return attempt(body === undefined ? request : HttpClientRequest.bodyText(request, body)).pipe(
      Effect.timeoutOrElse({
        duration: "30 seconds",
        orElse: () => Effect.fail(new TimedOut({ millis: 30_000 }))
      }),
      Effect.mapError((reason) => failed(operation, reason)),
      Effect.withSpan(`Toy.${operation}`)
    )
  }
})

export const toySource = (site: RemoteSite): Layer.Layer<CustomerSource, never, HttpClient.HttpClient> =>
  Layer.effect(
    CustomerSource,
    Effect.gen(function* () {
      const call = yield* makeClient(site)
      const page = Effect.fnUntraced(function* (after: string) {
        const body = yield* call("people", "GET", { after, size: String(site.pageSize) })
        const people = yield* Effect.fromResult(peopleOf(body)).pipe(
          Effect.mapError((reason) => failed("people", reason))
        )
        const hasMore = body["more"] === "yes"
        const last = people.at(-1) as { readonly id?: unknown } | undefined
        if (hasMore && typeof last?.id !== "string")
          return yield* failed("people", new Malformed({ detail: "no id to go on after" }))
        const next = Checkpoint.make(hasMore ? String(last?.id) : "0")
        const [changes, unreadable] = Arr.partition(people, (person) =>
          readPerson(person, site.externalSystem)
        )
        return [
          [{ changes, next, hasMore, unreadable }],
          hasMore ? Option.some<string>(next) : Option.none()
        ] as const
      })
      return CustomerSource.of({
        system: toy.id,
        capabilities: toy.capabilities,
        reread: (payload) => readPerson(JSON.parse(payload), site.externalSystem),
        pages: (from) => Stream.paginate(/^\d{1,9}$/.test(from ?? "") ? (from as string) : "0", page)
      })
    })
  )

/** The number by which a person is written. */
const numberOf = (source: ExternalId, others: ReadonlyArray<ExternalId>, system: string): string =>
  externalKey([...others, source], system) ?? `${source.system}:${source.key}`

export const toyDestination = (
  site: RemoteSite
): Layer.Layer<CustomerDestination, never, HttpClient.HttpClient> =>
  Layer.effect(
    CustomerDestination,
    Effect.gen(function* () {
      const call = yield* makeClient(site)
      const refused = (operation: string) =>
        Effect.fail(failed(operation, new Refused({ detail: "no such call" })))
      /** By the parameter that asks for those who may agree. */
      const find = (by: LookUp): Effect.Effect<Readonly<Record<string, string>>, SourceError> => {
        switch (by.by) {
          case "key":
            return Effect.succeed({ id: /^[1-9]\d{0,8}$/.test(by.key) ? by.key : "0" })
          case "externalId": {
            const { key, system } = by.externalId
            return Effect.succeed(
              system === toy.id ? { id: key } : { number: numberOf(by.externalId, [], site.externalSystem) }
            )
          }
          case "phone":
            return Effect.succeed({ phone: by.value })
          default:
            return refused("lookUp")
        }
      }
      return CustomerDestination.of({
        system: toy.id,
        lookUps: ["key", "externalId", "phone"],
        lookUp: Effect.fnUntraced(function* (by: LookUp) {
          const body = yield* call("people", "GET", { ...(yield* find(by)), size: "1000" })
          const read = Result.flatMap(peopleOf(body), (people) =>
            Result.mapError(
              Result.all(people.map((person) => readPerson(person, site.externalSystem))),
              ({ reason }) => new Malformed({ detail: reason })
            )
          )
          return yield* Effect.mapError(Effect.fromResult(read), (reason) => failed("lookUp", reason))
        }),
        removeCustomer: (id) => Effect.asVoid(call("leave", "GET", { id })),
        capabilities: toy.capabilities,
        putCustomer: Effect.fnUntraced(function* ({ customer, source }: CustomerChange) {
          const others = customer.externalIds ?? []
          const id = externalKey([source, ...others], toy.id)
          const who = id === null ? { number: numberOf(source, others, site.externalSystem) } : { id }
          const body = yield* call("put", "POST", who, JSON.stringify(sayingOf(customer)))
          return { key: String(body["id"]), isNew: body["new"] === "yes" }
        }),
        putCard: () => refused("putCard"),
        removeCard: (card) => Effect.asVoid(call("drop", "GET", { card }))
      })
    })
  )
