/** A vendor's system at the boundary of the engine: its customers by key, told as its feed tells them. */
import {
  type Capabilities,
  type CardRecord,
  Checkpoint,
  type CustomerChange,
  CustomerDestination,
  type CustomerRecord,
  CustomerSource,
  type FeedKind,
  Refused,
  SourceError,
  type SourcePage,
  type UnreadableRecord
} from "@tillbridge/domain"
import { DateTime, Effect, Option, Result, Stream } from "effect"

export interface Person {
  readonly customer: CustomerRecord
  readonly cards: ReadonlyArray<CardRecord>
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface VendorOptions {
  readonly system: string
  readonly feed: FeedKind
  readonly pageSize?: number
  readonly canDelete?: boolean
  readonly stamps?: boolean
}

export const card = (number: string, patch: CardRecord["patch"] = {}): CardRecord => ({
  number,
  patch,
  typeName: null
})

export const makeVendor = ({
  canDelete = true,
  feed,
  pageSize = 3,
  stamps = true,
  system
}: VendorOptions) => {
  const people = new Map<string, Person>()
  const capabilities: Capabilities = {
    feed,
    canUpsertCustomer: true,
    canDeleteCustomer: canDelete,
    carriesCards: true,
    carriesAllCards: true,
    canUpsertCard: true,
    credentials: "key",
    formats: []
  }
  const changeOf = (key: string, { cards, customer, modified }: Person): CustomerChange => ({
    customer,
    cards,
    source: { system, key },
    ...(stamps ? { modifiedAt: DateTime.makeUnsafe(modified) } : {})
  })
  const state = {
    /** Pages asked for, calls that wrote. */
    reads: 0,
    writes: 0,
    nextKey: 1,
    /** Stands in for the next page when it gives one. */
    spoil: null as ((page: SourcePage, at: number) => SourcePage | SourceError) | null,
    unreadable: [] as Array<UnreadableRecord>,
    /** What happens after a page is told. */
    afterRead: null as ((at: number) => void) | null,
    refuse: null as ((change: CustomerChange) => boolean) | null
  }

  /** `key` of the last one told in order of keys, or `modified/key` for a cursor feed. */
  const ordered = () =>
    [...people].sort(([a, one], [b, other]) =>
      feed === "cursor" ? one.modified - other.modified || (a < b ? -1 : 1) : a < b ? -1 : 1
    )
  const placeOf = ([key, { modified }]: readonly [string, Person]) =>
    feed === "cursor" ? `${String(modified).padStart(16, "0")}/${key}` : key

  const pages = (from: Checkpoint | null): Stream.Stream<SourcePage, SourceError> =>
    Stream.paginate(String(from ?? ""), (after) =>
      Effect.suspend(() => {
        const at = ++state.reads
        const left = ordered().filter((one) => placeOf(one) > after)
        const told = left.slice(0, pageSize)
        const hasMore = left.length > pageSize
        const last = told.at(-1)
        const reached = last === undefined ? after : placeOf(last)
        const next = hasMore || feed === "cursor" ? reached : ""
        const plain: SourcePage = {
          changes: told.map(([key, person]) => changeOf(key, person)),
          next: Checkpoint.make(next),
          hasMore,
          ...(state.unreadable.length > 0 && !hasMore ? { unreadable: state.unreadable } : {})
        }
        const page = state.spoil?.(plain, at) ?? plain
        if (page instanceof SourceError) return Effect.fail(page)
        state.afterRead?.(at)
        return Effect.succeed([
          [page],
          page.hasMore ? Option.some(String(page.next)) : Option.none()
        ] as const)
      })
    )

  const source = CustomerSource.of({
    system,
    capabilities,
    pages,
    reread: (payload) =>
      payload.startsWith("fixed:")
        ? Result.succeed(changeOf(payload.slice(6), people.get(payload.slice(6))!))
        : Result.fail({ source: null, reason: "name is no text", payload })
  })

  const find = (test: (person: Person, key: string) => boolean) =>
    [...people].filter(([key, person]) => test(person, key)).map(([key, person]) => changeOf(key, person))

  const destination = (now: () => number) =>
    CustomerDestination.of({
      system,
      capabilities,
      lookUps: ["key", "externalId", "card", "phone", "email"],
      lookUp: (by) =>
        Effect.sync(() => {
          switch (by.by) {
            case "key":
              return find((_, key) => key === by.key)
            case "externalId":
              return find(({ customer }) =>
                (customer.externalIds ?? []).some(
                  (id) => id.system === by.externalId.system && id.key === by.externalId.key
                )
              )
            case "card":
              return find(({ cards }) => cards.some(({ number }) => number === by.value))
            case "phone":
              return find(({ customer }) => customer.phone === by.value)
            case "email":
              return find(({ customer }) => customer.email === by.value)
          }
        }),
      putCustomer: (change) =>
        Effect.suspend(() => {
          if (state.refuse?.(change) === true)
            return Effect.fail(
              new SourceError({
                dialect: system,
                operation: "put",
                reason: new Refused({ detail: "name is too long" })
              })
            )
          state.writes++
          const ids = change.customer.externalIds ?? []
          const own = ids.find((id) => id.system === system)?.key
          const known = find(({ customer }) =>
            (customer.externalIds ?? []).some(
              (id) => id.system === change.source.system && id.key === change.source.key
            )
          )[0]?.source.key
          const key = own ?? known ?? String(1000 + state.nextKey++)
          const before = people.get(key)
          people.set(key, {
            customer: {
              ...before?.customer,
              ...change.customer,
              externalIds: [
                ...ids.filter((id) => id.system !== system && id.system !== change.source.system),
                change.source
              ]
            },
            cards: before?.cards ?? [],
            modified: now()
          })
          return Effect.succeed({ key, isNew: before === undefined })
        }),
      putCard: (told, owner) =>
        Effect.sync(() => {
          state.writes++
          for (const [key, person] of people) {
            const others = person.cards.filter(({ number }) => number !== told.number)
            const isOwner = owner?.key === key
            if (isOwner || others.length < person.cards.length)
              people.set(key, { ...person, cards: isOwner ? [...others, told] : others, modified: now() })
          }
          return { key: told.number, isNew: true }
        }),
      removeCard: (number) =>
        Effect.sync(() => {
          state.writes++
          for (const [key, person] of people)
            people.set(key, { ...person, cards: person.cards.filter((one) => one.number !== number) })
        }),
      removeCustomer: (key) =>
        Effect.sync(() => {
          state.writes++
          people.delete(key)
        })
    })

  const put = (
    key: string,
    customer: CustomerRecord,
    modified: number,
    cards: ReadonlyArray<CardRecord> = []
  ) => people.set(key, { customer, cards, modified })

  return { people, state, source, destination, put }
}
