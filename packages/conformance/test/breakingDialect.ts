/** Ways to break a dialect, each from outside: one of its parts is wrapped, and the rest stays good. */
import {
  Checkpoint,
  type CustomerChange,
  CustomerDestination,
  CustomerSource,
  type DialectCodec,
  type SourcePage
} from "@tillbridge/domain"
import { type Context, Effect, Layer, Stream } from "effect"
import { HttpClient, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { DomainServices, RemoteSite, Subject } from "../src/index.ts"

/** The dialect whose server stands on a domain service that was changed. */
export const standingOn =
  <I extends DomainServices, S extends object>(
    service: Context.Service<I, S>,
    change: (good: S) => Partial<S>
  ) =>
  (subject: Subject): Subject => ({
    ...subject,
    routes: subject.routes.pipe(
      Layer.provide(
        Layer.effect(
          service,
          Effect.map(service, (good): S => ({ ...good, ...change(good) }))
        )
      )
    )
  })

interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** The dialect whose server's answers are changed on their way out. */
export const answering =
  (change: (said: Said, request: HttpServerRequest.HttpServerRequest) => Partial<Said>) =>
  (subject: Subject): Subject => ({
    ...subject,
    routes: subject.routes.pipe(
      Layer.provideMerge(
        HttpRouter.middleware(
          (answered) =>
            Effect.gen(function* () {
              const request = yield* HttpServerRequest.HttpServerRequest
              const answer = HttpServerResponse.toWeb(yield* answered)
              const said: Said = {
                status: answer.status,
                headers: Object.fromEntries(answer.headers),
                text: yield* Effect.promise(() => answer.text())
              }
              const { headers, status, text } = { ...said, ...change(said, request) }
              const { "content-length": _, "content-type": contentType = "text/plain", ...others } = headers
              return text === ""
                ? HttpServerResponse.empty({ status, headers: others })
                : HttpServerResponse.text(text, { status, headers: others, contentType })
            }),
          { global: true }
        )
      )
    )
  })

export const replacing = (pattern: RegExp | string, by: string) =>
  answering(({ text }) => ({ text: text.replaceAll(pattern, by) }))

/** The dialect whose server takes one method for another. */
export const takingFor =
  (method: string, other: string) =>
  (subject: Subject): Subject => ({
    ...subject,
    routes: subject.routes.pipe(
      Layer.provideMerge(
        HttpRouter.middleware(
          (answered) =>
            Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
              Effect.provideService(
                answered,
                HttpServerRequest.HttpServerRequest,
                request.method === method ? withMethod(request, other) : request
              )
            ),
          { global: true }
        )
      )
    )
  })

const withMethod = (request: HttpServerRequest.HttpServerRequest, method: string) =>
  new Proxy(request, {
    get: (target, name) => (name === "method" ? method : (Reflect.get(target, name) as unknown))
  })

type Source = CustomerSource["Service"]
type Destination = CustomerDestination["Service"]

export const reading =
  (change: (good: Source, site: RemoteSite) => Partial<Source>) =>
  (subject: Subject): Subject => ({
    ...subject,
    source: (site) =>
      Layer.effect(
        CustomerSource,
        Effect.map(CustomerSource, (good) => ({ ...good, ...change(good, site) }))
      ).pipe(Layer.provide(subject.source(site)))
  })

/** The dialect whose source changes each page. */
export const paging = (change: (page: SourcePage) => SourcePage) =>
  reading((good) => ({ pages: (from) => Stream.map(good.pages(from), change) }))

export const writing =
  (change: (good: Destination) => Partial<Destination>) =>
  (subject: Subject): Subject => ({
    ...subject,
    destination: (site) =>
      Layer.effect(
        CustomerDestination,
        Effect.map(CustomerDestination, (good) => ({ ...good, ...change(good) }))
      ).pipe(Layer.provide(subject.destination!(site)))
  })

/** The dialect whose client gets its answers through a function. */
export const hearing =
  (change: (http: HttpClient.HttpClient) => HttpClient.HttpClient) =>
  (subject: Subject): Subject => ({
    ...subject,
    source: (site) =>
      subject
        .source(site)
        .pipe(Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, change))))
  })

export const coding =
  (change: (good: DialectCodec) => Partial<DialectCodec>) =>
  (subject: Subject): Subject => ({ ...subject, codec: { ...subject.codec, ...change(subject.codec) } })

/** The customers that a saved answer is read as, changed. */
export const codingRead = (change: (told: CustomerChange) => CustomerChange) =>
  coding((good) => ({
    readAnswer: (bytes, context) =>
      Stream.map(good.readAnswer(bytes, context), (read) =>
        read._tag === "Success" ? { ...read, success: change(read.success) } : read
      )
  }))

/** The checkpoint one further than it should be. */
export const further = ({ hasMore, next, ...page }: SourcePage): SourcePage => ({
  ...page,
  hasMore,
  next: hasMore ? Checkpoint.make(String(Number(next) + 1)) : next
})
