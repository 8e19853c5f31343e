/** `[links.NAME]`: which system is mirrored into which, how often and with what care. */
import * as Duration from "effect/Duration"
import { misconfigured } from "../Failure.ts"
import { isTable } from "../settings/SettingsFile.ts"
import { readerOf } from "./OptionReader.ts"
import { nameFault, STORE, unknownRemote } from "./RemoteSettings.ts"

const ways = ["card", "phone", "email"] as const
export type MatchBy = (typeof ways)[number]

export interface LinkSettings {
  readonly name: string
  /** A remote, or `store`. */
  readonly from: string
  readonly to: string
  /** From the end of one run to the beginning of the next; 5 minutes unless set. */
  readonly every: Duration.Duration
  /** Whose customers in the store, by number or name; `undefined`: `merchant` of the settings, else the only one. */
  readonly merchant: string | undefined
  /** By what customers that nobody linked yet are recognised, in this order; `undefined`: as the engine does it. */
  readonly match: ReadonlyArray<MatchBy> | undefined
  /** Two letters: how phones without a country are read. */
  readonly country: string | undefined
  /** Largest part of the customers that one run may remove, in percent; `undefined`: as the engine does it. */
  readonly maxDelete: number | undefined
  /** The settings file. */
  readonly path: string
}

const keys = ["from", "to", "every", "merchant", "match", "country", "max-delete"]

/** Checks one table whole; `remotes` are the names there are. Throws a `Failure` that names file, table and field. */
export const readLink = (
  path: string,
  name: string,
  value: unknown,
  remotes: ReadonlyArray<string>
): LinkSettings => {
  const where = `links.${name}`
  const fault = nameFault(name)
  if (fault !== undefined) throw misconfigured(`${path}: [${where}]: ${fault}`)
  if (!isTable(value)) throw misconfigured(`${path}: ${where} must be a table: [${where}]`)
  const option = readerOf(path, where, value)
  option.only(keys)
  const end = (key: "from" | "to"): string => {
    const system = option.needed(key, option.text(key), `write the name of a remote, or "${STORE}"`)
    if (system !== STORE && !remotes.includes(system))
      throw misconfigured(`${path}: ${where}.${key}: ${unknownRemote(system, remotes, path)}`)
    return system
  }
  const from = end("from")
  const to = end("to")
  if (from === to) option.refuse("to", "must be another system than from")
  const every = option.duration("every") ?? Duration.minutes(5)
  if (Duration.toMillis(every) < 1_000) option.refuse("every", "must be at least one second")
  const country = option.text("country")
  if (country !== undefined && !/^[A-Z]{2}$/.test(country))
    option.refuse("country", 'must be two capital letters, such as "FR"')
  return {
    name,
    from,
    to,
    every,
    merchant: option.name("merchant"),
    match: option.choices("match", ways),
    country,
    maxDelete: option.percent("max-delete"),
    path
  }
}
