/** What a run of a link is given: flags, then `[links.NAME]` with the same ends. */
import type { Link } from "@tillbridge/domain"
import { isCountry, type Matching } from "@tillbridge/sync"
import * as Effect from "effect/Effect"
import { usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import type { LinkSettings, MatchBy } from "../remotes/LinkSettings.ts"
import type { SyncSettings } from "../remotes/SyncSettings.ts"
import { didYouMean } from "../Suggest.ts"

export interface LinkFlags {
  readonly from: string
  readonly to: string
  readonly merchant?: string | undefined
  readonly match?: string | undefined
  readonly country?: string | undefined
  readonly maxDelete?: number | undefined
}

export interface ChosenLink {
  readonly link: Link
  /** As the caller or the link's settings name it. */
  readonly merchant: string | undefined
  readonly matching: Matching
  /** In percent. */
  readonly maxDelete: number
}

/** Customers that a run may remove unasked, in percent of those known. */
const DEFAULT_MAX_DELETE = 5

const ways: ReadonlyArray<MatchBy> = ["card", "phone", "email"]

const isWay = (word: string): word is MatchBy => (ways as ReadonlyArray<string>).includes(word)

const waysOf = Effect.fnUntraced(function* (text: string) {
  const words = text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "")
  const unknown = words.find((word) => !isWay(word))
  if (unknown === undefined) return words.filter(isWay)
  return yield* usage(
    `--match cannot be "${unknown}": it is a list of ${ways.join(", ")}.${didYouMean(unknown, ways)}`
  )
})

/** The table for these ends; of several, the one for the merchant that was named. */
const settingsFor = Effect.fnUntraced(function* (settings: SyncSettings, flags: LinkFlags) {
  const found: Array<LinkSettings> = (yield* settings.links).filter(
    ({ from, to }) => from === flags.from && to === flags.to
  )
  return found.find(({ merchant }) => merchant === flags.merchant) ?? found[0]
})

export const chooseLink = Effect.fnUntraced(function* (settings: SyncSettings, flags: LinkFlags) {
  const table = yield* settingsFor(settings, flags)
  const country = flags.country?.toUpperCase() ?? table?.country ?? null
  if (country !== null && !isCountry(country))
    return yield* usage(`--country must be a country's two letters, such as FR, not "${country}"`)
  const maxDelete = flags.maxDelete ?? table?.maxDelete ?? DEFAULT_MAX_DELETE
  if (maxDelete > 100) return yield* usage("--max-delete must be a percentage from 0 to 100")
  const by = flags.match === undefined ? (table?.match ?? []) : yield* waysOf(flags.match)
  return {
    link: { from: flags.from, to: flags.to },
    merchant: flags.merchant ?? table?.merchant,
    matching: { by, country },
    maxDelete
  } satisfies ChosenLink as ChosenLink
})

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

const withoutPassword = (url: string): string => url.replace(/:\/\/([^/@:]*):[^/@]*@/, "://$1:***@")

/** The command line that asks for this, as it can be pasted into a shell. */
export const commandLine = (
  words: ReadonlyArray<string>,
  flags: Readonly<Record<string, string | number | boolean | undefined>>,
  { config, database }: Pick<Session, "config" | "database">
): string => {
  const all: Readonly<Record<string, string | number | boolean | undefined>> = {
    ...flags,
    config,
    database: database === undefined ? undefined : withoutPassword(database)
  }
  const given = Object.entries(all).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [`--${name}`] : [`--${name}`, String(value)]
  })
  return ["tillbridge", ...words, ...given].map(quoted).join(" ")
}
