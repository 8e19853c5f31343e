/** Writes a remote to the settings file. */
import { dirname, relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Toml from "effect/encoding/Toml"
import { usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { isTerminal, say, writeJson, writeLine } from "../Output.ts"
import {
  keysOf,
  nameFault,
  readRemote,
  type RemoteDialect,
  remoteDialects,
  secretKeys,
  secretWarnings
} from "../remotes/RemoteSettings.ts"
import { syncSettings } from "../remotes/SyncSettings.ts"
import type { SecretSource } from "../settings/Secret.ts"
import { attempt } from "../settings/Settings.ts"
import { editSettings } from "../settings/SettingsEditor.ts"
import type { Table } from "../settings/SettingsFile.ts"
import { didYouMean } from "../Suggest.ts"
import { ask } from "./ask.ts"

interface Add {
  readonly name: string | undefined
  readonly dialect: string | undefined
  readonly url: string | undefined
  readonly keyEnv: string | undefined
  readonly keyFile: string | undefined
  readonly user: string | undefined
  readonly passwordEnv: string | undefined
  readonly passwordFile: string | undefined
  readonly timeZone: string | undefined
  readonly codeMagasin: number | undefined
  readonly prefixCle: string | undefined
  readonly fingerprint: string | undefined
  readonly rate: string | undefined
  readonly set: ReadonlyArray<string>
  readonly replace: boolean
}

/** What the dialects need; the rest has defaults. */
const needs: Readonly<Record<RemoteDialect, ReadonlyArray<string>>> = {
  virtpos: ["url", "key", "time-zone"],
  polaris: ["url", "user", "password", "code-magasin"],
  lcmanager: ["url", "user", "password"],
  megawin: ["key", "time-zone"]
}

const questions: Readonly<Record<string, string>> = {
  url: "URL",
  user: "User",
  key: "Environment variable that holds the key (its name, not the key)",
  password: "Environment variable that holds the password (its name, not the password)",
  "time-zone": "Time zone, such as Europe/Paris",
  "code-magasin": "Number of the shop whose view counts"
}

const flagOf = (key: string) =>
  secretKeys.includes(key) ? `--${key}-env NAME or --${key}-file PATH` : `--${key}`

const isDialect = (id: string): id is RemoteDialect => (remoteDialects as ReadonlyArray<string>).includes(id)

/** A value of `--set`: a number, true, false or a list where it reads as one, else text. */
const valueOf = (text: string): unknown => {
  const parsed = /^(-?[\d.]+|true|false|[[{].*)$/s.test(text) ? Toml.parse(`value = ${text}`) : undefined
  return parsed !== undefined && Result.isSuccess(parsed) ? parsed.success["value"] : text
}

const setOf = (text: string, dialect: RemoteDialect): readonly [string, unknown] => {
  const at = text.indexOf("=")
  const key = text.slice(0, at)
  if (at < 1) throw usage("--set must be KEY=VALUE")
  if (secretKeys.includes(key)) throw usage(`a secret is not written to the file: use ${flagOf(key)}`)
  const known = keysOf(dialect).filter((one) => one !== "dialect" && !secretKeys.includes(one))
  if (!known.includes(key)) {
    throw usage(
      `${dialect} has no option "${key}".${didYouMean(key, known) || ` There are: ${known.join(", ")}`}`
    )
  }
  return [key, valueOf(text.slice(at + 1))]
}

/** A secret's place; a file is written as seen from the settings file. */
const secretOf = (
  key: string,
  env: string | undefined,
  file: string | undefined,
  folder: string
): SecretSource | undefined => {
  if (env !== undefined && file !== undefined) throw usage(`give --${key}-env or --${key}-file, not both`)
  if (env !== undefined) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(env))
      throw usage(`--${key}-env must be the name of an environment variable, not the ${key} itself`)
    return { env }
  }
  if (file === undefined) return undefined
  const near = relative(folder, resolve(file))
  return { file: near.startsWith("..") ? resolve(file) : near }
}

const tableOf = (input: Add, dialect: RemoteDialect, folder: string): Table => {
  const said: Table = {
    dialect,
    url: input.url,
    user: input.user,
    key: secretOf("key", input.keyEnv, input.keyFile, folder),
    password: secretOf("password", input.passwordEnv, input.passwordFile, folder),
    "time-zone": input.timeZone,
    "code-magasin": input.codeMagasin,
    "prefix-cle": input.prefixCle,
    fingerprint: input.fingerprint,
    rate: input.rate === undefined ? undefined : valueOf(input.rate),
    ...Object.fromEntries(input.set.map((one) => setOf(one, dialect)))
  }
  const known = keysOf(dialect)
  const given = Object.entries(said).filter(([, value]) => value !== undefined)
  const other = given.find(([key]) => !known.includes(key))
  if (other !== undefined) throw usage(`${dialect} has no --${other[0]}: it takes ${known.join(", ")}`)
  return Object.fromEntries(given)
}

/** Where a person can answer. */
const canAsk = (session: Session) => !session.json && isTerminal.input() && isTerminal.talk()

const asked = (session: Session, given: string | undefined, question: string, missing: string) =>
  given !== undefined
    ? Effect.succeed(given)
    : canAsk(session)
      ? ask(question)
      : Effect.fail(usage(`"tillbridge remotes add" needs ${missing}`))

export const add = Effect.fnUntraced(function* (input: Add, session: Session) {
  const settings = yield* syncSettings(session, { mayCreate: true })
  const name = yield* asked(session, input.name, "Name of the remote", "a NAME")
  const fault = nameFault(name)
  if (fault !== undefined) return yield* usage(`the remote cannot be called "${name}": ${fault}`)
  const isKnown = settings.remoteNames.includes(name)
  if (isKnown && !input.replace)
    return yield* usage(
      `${settings.path} has a remote "${name}" already: choose another name, or add --replace`
    )
  const dialect = yield* asked(
    session,
    input.dialect,
    `Dialect (${remoteDialects.join(", ")})`,
    `--dialect ID: ${remoteDialects.join(", ")}`
  )
  if (!isDialect(dialect))
    return yield* usage(
      `there is no dialect "${dialect}".${didYouMean(dialect, remoteDialects) || ` Known: ${remoteDialects.join(", ")}`}`
    )
  const given = yield* attempt(() => tableOf(input, dialect, dirname(settings.path)))
  for (const key of needs[dialect]) {
    if (given[key] !== undefined) continue
    const answer = yield* asked(session, undefined, questions[key] ?? key, flagOf(key))
    given[key] = yield* attempt(() =>
      secretKeys.includes(key)
        ? secretOf(key, answer, undefined, "")
        : key === "code-magasin"
          ? valueOf(answer)
          : answer
    )
  }
  const read = yield* attempt(() => {
    const checked = readRemote(settings.path, name, given)
    editSettings(settings.path, ["remotes", name], given)
    return checked
  })
  if (session.json) return yield* writeJson({ name, dialect, path: settings.path, replaced: isKnown })
  yield* writeLine(`Remote "${name}" is ${isKnown ? "written anew in" : "added to"} ${settings.path}`)
  for (const warning of secretWarnings(read)) yield* say(warning)
  yield* say(`Try it: tillbridge remotes test ${name}`)
})
