import { Merchant, Merchants, NewMerchant } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { withStore } from "../store/Database.ts"
import { table } from "../Table.ts"
import { firstIssue } from "../transfer/RecordDecoder.ts"
import { didYouMean } from "../Suggest.ts"

const encode = Schema.encodeSync(Merchant)
const decode = Schema.decodeUnknownResult(NewMerchant)

interface Create {
  readonly name: string
  readonly timeZone: string | undefined
  readonly externalKeyPrefix: string | undefined
}

export const create = (input: Create, session: Session) =>
  Effect.gen(function* () {
    const timeZone = input.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
    const decoded = decode({ name: input.name, timeZone, externalKeyPrefix: input.externalKeyPrefix ?? null })
    if (decoded._tag === "Failure") {
      const { field, reason } = firstIssue(decoded.failure)
      const flag =
        { name: "--name", timeZone: "--time-zone", externalKeyPrefix: "--external-key-prefix" }[field] ??
        field
      const hint = field === "timeZone" ? didYouMean(timeZone, Intl.supportedValuesOf("timeZone")) : ""
      return yield* usage(`${flag} ${reason}.${hint}`)
    }
    yield* withStore(
      session,
      (settings) =>
        Effect.gen(function* () {
          const merchant = yield* (yield* Merchants).create(decoded.success)
          if (session.json) return yield* writeJson(encode(merchant))
          yield* writeLine(
            `Merchant ${merchant.id} "${merchant.name}" (${merchant.timeZone}) in ${settings.databasePath}`
          )
          yield* say(
            "Next: tillbridge credentials create --dialect virtpos, or tillbridge customers import FILE"
          )
        }),
      { mayCreate: true }
    )
  })

export const list = (_: object, session: Session) =>
  withStore(session, () =>
    Effect.gen(function* () {
      const merchants = yield* (yield* Merchants).list
      if (session.json)
        return yield* write(merchants.map((one) => `${JSON.stringify(encode(one))}\n`).join(""))
      if (merchants.length === 0)
        return yield* say("No merchant yet. Make one: tillbridge merchants create --name NAME")
      const rows = merchants.map((one) => [one.id, one.name, one.timeZone, one.externalKeyPrefix])
      yield* write(table(["ID", "NAME", "TIME ZONE", "KEY PREFIX"], rows))
    })
  )
