import type { Dialect } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { rejected } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, visible, write, writeJson, writeLine } from "../Output.ts"
import { openNamed, remoteFailure } from "../remotes/openNamed.ts"
import type { RemoteTest } from "../remotes/Remote.ts"
import { type RemoteDialect, type RemoteSettings, secretWarnings } from "../remotes/RemoteSettings.ts"
import { syncSettings } from "../remotes/SyncSettings.ts"
import { isThere, type SecretSource } from "../settings/Secret.ts"
import { attempt } from "../settings/Settings.ts"
import { editSettings } from "../settings/SettingsEditor.ts"
import { pairs, table } from "../Table.ts"
import { confirm, requireYes } from "./ask.ts"

const records: Readonly<Record<RemoteDialect, () => Promise<Dialect>>> = {
  virtpos: () => import("@tillbridge/virtpos").then((module) => module.Virtpos),
  polaris: () => import("@tillbridge/polaris").then((module) => module.Polaris),
  lcmanager: () => import("@tillbridge/lcmanager").then((module) => module.Lcmanager),
  megawin: () => import("@tillbridge/megawin").then((module) => module.Megawin)
}

const described = ({ dialect, name, url }: RemoteSettings) =>
  Effect.map(Effect.promise(records[dialect]), ({ capabilities }) => ({
    name,
    dialect,
    url: url ?? null,
    canRead: true,
    canWrite: capabilities.canUpsertCustomer
  }))

export const list = Effect.fnUntraced(function* (_: object, session: Session) {
  const settings = yield* syncSettings(session)
  const found = yield* Effect.forEach(yield* settings.remotes, described)
  if (session.json) return yield* write(found.map((one) => `${JSON.stringify(one)}\n`).join(""))
  if (found.length === 0)
    return yield* say(
      `No remote in ${settings.path} yet. Add one: tillbridge remotes add NAME --dialect ID --url URL`
    )
  const rows = found.map(({ canWrite, dialect, name, url }) => [
    name,
    dialect,
    url ?? "the vendor's",
    canWrite ? "read, write" : "read"
  ])
  yield* write(table(["NAME", "DIALECT", "URL", "CAN"], rows))
})

/** Where a secret comes from and whether it is there. */
const origin = (source: SecretSource): string => {
  const place = "env" in source ? `environment variable ${source.env}` : `file ${source.file}`
  return isThere(source) ? place : `${place} (not there)`
}

export const show = Effect.fnUntraced(function* (input: { readonly name: string }, session: Session) {
  const settings = yield* (yield* syncSettings(session)).remote(input.name)
  const { name, path, secrets, table: said } = settings
  if (session.json) return yield* writeJson({ name, path, ...said, ...secrets })
  const lines = Object.entries(said).map(([key, value]): readonly [string, string] => {
    const source = secrets[key]
    if (source !== undefined) return [key, origin(source)]
    return [
      key,
      typeof value === "object" && !(value instanceof Date) ? JSON.stringify(value) : String(value)
    ]
  })
  yield* write(pairs([["name", name], ...lines, ["settings", path]]))
})

const testLines = (test: RemoteTest): string => {
  const { clockSkewSeconds: skew, latencyMillis: latency, rights } = test
  const steps = test.steps.map(
    ({ detail, outcome, step }) =>
      `${step.padEnd(12)}${outcome.padEnd(11)}${visible(detail)}`.trimEnd() + "\n"
  )
  const clock =
    skew === null
      ? "not told"
      : skew === 0
        ? "as here"
        : `${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} this one`
  return (
    steps.join("") +
    pairs([
      ["customers", `read ${rights.read}, write ${rights.write}`],
      ["cards", `read ${rights.readCards}, write ${rights.writeCards}`],
      ["", ""],
      ["note", rights.note],
      ["latency", latency === null ? null : `${latency} ms`],
      ["clock", test.latencyMillis === null ? null : clock],
      ["certificate", test.fingerprint]
    ])
  )
}

export const test = Effect.fnUntraced(function* (input: { readonly name: string }, session: Session) {
  const settings = yield* (yield* syncSettings(session)).remote(input.name)
  const { failure, ...found } = yield* Effect.scoped(
    Effect.flatMap(openNamed(settings, { retries: false }), (remote) => remote.test)
  )
  const warnings = [...secretWarnings(settings), ...found.warnings]
  yield* session.json
    ? writeJson({
        name: settings.name,
        dialect: settings.dialect,
        ok: failure === null,
        ...found,
        warnings,
        failure: failure === null ? null : { reason: failure.reason._tag, message: failure.message }
      })
    : write(testLines({ ...found, failure }))
  if (!session.json) for (const warning of warnings) yield* say(`Careful: ${warning}`)
  if (failure !== null) return yield* remoteFailure(settings, failure)
})

interface Remove {
  readonly name: string
  readonly yes: boolean
}

export const remove = Effect.fnUntraced(function* (input: Remove, session: Session) {
  yield* requireYes(input.yes)
  const settings = yield* syncSettings(session)
  // One that is set up wrongly can be removed as well.
  if (!settings.remoteNames.includes(input.name)) yield* settings.remote(input.name)
  const links = yield* settings.links
  const used = links
    .filter(({ from, to }) => from === input.name || to === input.name)
    .map(({ name }) => name)
  if (used.length > 0) {
    return yield* rejected(
      `links need the remote "${input.name}": take them out of ${settings.path} first (${used.join(", ")})`
    )
  }
  yield* confirm(`Take the remote "${input.name}" out of ${settings.path}?`, input.yes)
  yield* attempt(() => editSettings(settings.path, ["remotes", input.name], null))
  yield* session.json
    ? writeJson({ name: input.name, path: settings.path, removed: true })
    : writeLine(`Remote "${input.name}" is taken out of ${settings.path}`)
})
