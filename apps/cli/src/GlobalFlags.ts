/** The flags that every command takes. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"

const optionalText = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

export const Json = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Answer in JSON, streams as one document a line"),
    Flag.withDefault(false)
  )
})

export const Config = GlobalFlag.Setting("config")({
  flag: optionalText("config", "FILE", "Settings file (default: tillbridge.toml in the working folder)")
})

export const Database = GlobalFlag.Setting("database")({
  flag: optionalText("database", "URL", "Where the store is: sqlite:PATH (default: in your data folder)")
})

export const globalFlags = [Json, Config, Database] as const

/** What the caller said beside the command's own flags. */
export interface Session {
  readonly json: boolean
  readonly config: string | undefined
  readonly database: string | undefined
}

export const session = Effect.gen(function* () {
  return { json: yield* Json, config: yield* Config, database: yield* Database } satisfies Session
})
