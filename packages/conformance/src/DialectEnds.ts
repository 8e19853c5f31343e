/** The client's two ends, over the site's server or over something between that spoils its answers. */
import {
  type Checkpoint,
  type CustomerChange,
  CustomerDestination,
  CustomerSource,
  type SourcePage
} from "@tillbridge/domain"
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as HttpClient from "effect/http/HttpClient"
import { answeredBy, newSeen, remoteOf, type Site, watching, whileTimePasses } from "./DialectSite.ts"
import type { RemoteSite, Subject } from "./DialectSubject.ts"

export interface EndOptions {
  readonly http?: Layer.Layer<HttpClient.HttpClient>
  readonly remote?: Partial<RemoteSite>
}

const httpOf = (site: Site, { http }: EndOptions) => http ?? answeredBy(site.fetch)

export const sourceOf = (subject: Subject, site: Site, options: EndOptions = {}) =>
  Layer.build(subject.source(remoteOf(site, options.remote)).pipe(Layer.provide(httpOf(site, options)))).pipe(
    Effect.map(Context.get(CustomerSource))
  )

export const destinationOf = (subject: Subject, site: Site, options: EndOptions = {}) =>
  Effect.suspend(() => {
    if (subject.destination === null) return assert.fail("the dialect has no destination")
    return Layer.build(
      subject.destination(remoteOf(site, options.remote)).pipe(Layer.provide(httpOf(site, options)))
    ).pipe(Effect.map(Context.get(CustomerDestination)))
  })

export interface ReadPages {
  readonly pages: ReadonlyArray<SourcePage>
  readonly changes: ReadonlyArray<CustomerChange>
}

/** More pages than any source makes of the kit's few customers: one that goes on has lost its way. */
export const mostPages = 1_000

/** All pages from a checkpoint on, while time passes; `between` runs after the first page has been taken. */
export const readEverything = Effect.fnUntraced(function* (
  source: CustomerSource["Service"],
  from: Checkpoint | null = null,
  between: (first: SourcePage) => Effect.Effect<void, unknown> = () => Effect.void
) {
  let taken = 0
  const reading = source.pages(from).pipe(
    Stream.mapEffect((page) => Effect.as(taken++ === 0 ? between(page) : Effect.void, page)),
    Stream.take(mostPages),
    Stream.runCollect,
    Effect.provide(watching(newSeen()))
  )
  const pages = yield* yield* whileTimePasses(reading)
  assert.isBelow(pages.length, mostPages, "the source never comes to an end")
  const read: ReadPages = { pages, changes: pages.flatMap(({ changes }) => changes) }
  return read
})
