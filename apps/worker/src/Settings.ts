/** The links of the settings file, opened: every mistake of every link and remote is found before any of them runs. */
import { type Cards, type Customers, type Feed, type MerchantId, Merchants } from "@tillbridge/domain"
import { isCountry, makeStoreSource } from "@tillbridge/sync"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import {
  type LinkSettings,
  openRemote,
  type Remote,
  type RemoteSettings,
  STORE,
  type SyncSettings
} from "tillbridge/remotes"
import { chooseMerchant, type Failure, misconfigured, type Settings } from "tillbridge/settings"
import { statSync } from "node:fs"
import type { WorkerLink } from "./Link.ts"

/** Gathers mistakes while what is right goes on. */
interface Mistakes {
  readonly all: Array<string>
  /** The value, or `undefined` and one mistake more. */
  readonly orNote: <A, E extends { readonly message: string }, R>(
    effect: Effect.Effect<A, E, R>,
    where?: string
  ) => Effect.Effect<A | undefined, never, R>
}

export const makeMistakes = (): Mistakes => {
  const all: Array<string> = []
  return {
    all,
    orNote: (effect, where = "") =>
      Effect.map(Effect.result(effect), (result) => {
        if (Result.isSuccess(result)) return result.success
        all.push(`${where}${result.failure.message}`)
        return undefined
      })
  }
}

const isThere = <A>(value: A | undefined): value is A => value !== undefined

export interface Tables {
  readonly links: ReadonlyArray<LinkSettings>
  readonly remotes: ReadonlyArray<RemoteSettings>
}

/** Every link and remote that can be read. */
export const readTables = Effect.fnUntraced(function* (
  settings: SyncSettings,
  { all, orNote }: Mistakes
): Effect.fn.Return<Tables> {
  const remotes = yield* Effect.forEach(settings.remoteNames, (name) => orNote(settings.remote(name)))
  const links = (yield* Effect.forEach(settings.linkNames, (name) => orNote(settings.link(name)))).filter(
    isThere
  )
  if (settings.linkNames.length === 0)
    all.push(`${settings.path} has no link. Write one: [links.NAME] with from, to and every`)
  for (const { country, name } of links)
    if (country !== undefined && !isCountry(country))
      all.push(`${settings.path}: links.${name}.country must be a country's two letters, such as "FR"`)
  return { links, remotes: remotes.filter(isThere) }
})

const writtenAt = (path: string): number => {
  try {
    const { ctimeMs, mtimeMs } = statSync(path)
    return Math.max(ctimeMs, mtimeMs)
  } catch {
    return 0
  }
}

/** When something that a link is set up with was last written: the settings file, or a file with a secret. */
const configuredAt = (link: LinkSettings, remotes: ReadonlyArray<RemoteSettings>): number => {
  const ends = remotes.filter(({ name }) => name === link.from || name === link.to)
  const secrets = ends.flatMap(({ secrets }) => Object.values(secrets))
  const files = secrets.flatMap((source) => ("file" in source ? [source.file] : []))
  return Math.max(...[link.path, ...files].map(writtenAt))
}

const merchantOf = Effect.fnUntraced(function* (link: LinkSettings, settings: Settings) {
  const isSaid = link.merchant !== undefined || settings.merchant !== undefined
  if (!isSaid && (yield* (yield* Merchants).list).length > 1)
    return yield* misconfigured('write whose customers it is about: merchant = "NAME"')
  return (yield* chooseMerchant(link.merchant, settings)).id
})

/** The remotes that links name, each opened once: links over one remote share its connection and rate. */
const openRemotes = Effect.fnUntraced(function* ({ links, remotes }: Tables, { orNote }: Mistakes) {
  const used = remotes.filter(({ name }) => links.some(({ from, to }) => from === name || to === name))
  const opened = yield* Effect.forEach(used, (remote) => orNote(openRemote(remote)))
  return new Map(opened.filter(isThere).map((remote) => [remote.name, remote]))
})

const refuseTwins = (links: ReadonlyArray<WorkerLink>, { all }: Mistakes): void => {
  links.forEach((link, index) => {
    const twin = links
      .slice(0, index)
      .find(
        (one) =>
          one.merchant === link.merchant && one.link.from === link.link.from && one.link.to === link.link.to
      )
    if (twin !== undefined)
      all.push(`links.${twin.name} and links.${link.name} both mirror ${link.link.from} to ${link.link.to}`)
  })
}

export interface Opened {
  readonly links: ReadonlyArray<WorkerLink>
  readonly remotes: ReadonlyArray<Remote>
}

/** Until the scope ends. Reaches no remote. */
export const openLinks = Effect.fnUntraced(function* (
  tables: Tables,
  settings: Settings,
  mistakes: Mistakes
): Effect.fn.Return<Opened, never, Scope.Scope | Cards | Customers | Feed | Merchants> {
  const remotes = yield* openRemotes(tables, mistakes)
  const open = Effect.fnUntraced(function* (link: LinkSettings) {
    const where = `${link.path}: links.${link.name}: `
    const merchant = yield* mistakes.orNote<MerchantId, Failure, Merchants>(
      merchantOf(link, settings).pipe(
        Effect.catchTag("StorageError", ({ message }) => Effect.fail(misconfigured(message)))
      ),
      where
    )
    const to = remotes.get(link.to)
    if (to?.destination === null)
      mistakes.all.push(`${where}${link.to} cannot be written to: its API has no call for that`)
    const destination = link.to === STORE ? ("store" as const) : to?.destination
    if (merchant === undefined || destination == null) return undefined
    const source = link.from === STORE ? yield* makeStoreSource(merchant) : remotes.get(link.from)?.source
    if (source === undefined) return undefined
    return {
      name: link.name,
      link: { from: link.from, to: link.to },
      merchant,
      every: link.every,
      source,
      destination,
      matching: { by: link.match ?? [], country: link.country ?? null },
      maxDeletePercent: link.maxDelete,
      configuredAt: configuredAt(link, tables.remotes)
    } satisfies WorkerLink as WorkerLink
  })
  const links = (yield* Effect.forEach(tables.links, open)).filter(isThere)
  refuseTwins(links, mistakes)
  return { links, remotes: [...remotes.values()] }
})
