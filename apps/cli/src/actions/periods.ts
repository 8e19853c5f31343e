import {
  formatLocal,
  InvalidField,
  type LoyaltyCard,
  type LoyaltyPeriod,
  parseLocal,
  type PeriodPreset,
  periodOf,
  periodOfDays,
  PeriodReport,
  type RegistrationWindow,
  StoreListId,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write } from "../Output.ts"
import { attempt } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { table } from "../Table.ts"
import { cardLines } from "./cards.ts"

interface Report {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly preset: PeriodPreset | undefined
  readonly stores: number | undefined
  readonly limit: number | undefined
  readonly merchant: string | undefined
}

const screenful = 50
const windowSize = 500

const dayOf = (name: string, text: string) => {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseLocal(text) : Option.none()
  if (Option.isNone(day)) throw usage(`${name} must be a day of the calendar as YYYY-MM-DD, not "${text}"`)
  return day.value
}

type Wanted = (zone: TimeZone, now: DateTime.Utc) => LoyaltyPeriod

/** The period, once the zone is known in which its days begin. */
const wantedPeriod = ({ from, preset, to }: Report): Wanted => {
  if (preset !== undefined) {
    if (from !== undefined || to !== undefined) throw usage("give --preset, or --from and --to")
    return (zone, now) => periodOf(preset, zone, now)
  }
  if (from === undefined || to === undefined) {
    throw usage("say which period: --from DAY --to DAY, or --preset today|yesterday|month|year")
  }
  const [first, last] = [dayOf("--from", from), dayOf("--to", to)]
  return (zone) => {
    const period = periodOfDays(zone, first, last)
    if (period instanceof InvalidField) throw usage("--to must not be before --from")
    return period
  }
}

export const report = Effect.fnUntraced(function* (input: Report, session: Session) {
  const periodIn = yield* attempt(() => wantedPeriod(input))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const zone = merchant.timeZone
      const now = yield* DateTime.now
      const period = yield* attempt(() => periodIn(zone, now))
      const reports = yield* PeriodReport
      const storeList = input.stores === undefined ? null : StoreListId.make(input.stores)
      const most = input.limit ?? (session.json ? Infinity : screenful)
      const shown: Array<LoyaltyCard> = []
      let total = 0
      let after: RegistrationWindow["after"] = null
      while (true) {
        const found: ReadonlyArray<LoyaltyCard> = yield* reports
          .registrations(merchant.id, period, storeList, { after, limit: windowSize })
          .pipe(
            Effect.catchTag("UnknownReference", () =>
              usage(`"${merchant.name}" has no store list ${input.stores}`)
            )
          )
        const wantedRows = found.slice(0, Math.max(0, most - total))
        if (session.json) yield* write(cardLines(wantedRows))
        else shown.push(...wantedRows)
        total += found.length
        if (found.length < windowSize || (session.json && total >= most)) break
        const { id, registeredAt } = found.at(-1)!
        after = { registeredAt: registeredAt!, id }
      }
      if (session.json) return
      const local = (at: DateTime.Utc) => formatLocal(toLocal(zone, at))
      const rows = shown.map((card) => [
        card.registeredAt === null ? "" : local(card.registeredAt),
        card.number,
        card.type?.name,
        card.status,
        card.customerId,
        card.registeredIn
      ])
      if (rows.length > 0)
        yield* write(table(["REGISTERED", "NUMBER", "TYPE", "STATUS", "CUSTOMER", "STORE"], rows))
      const more = total > shown.length ? ` The first ${shown.length} are shown: --limit N shows more.` : ""
      yield* say(
        `${total.toLocaleString("en-US")} registered from ${local(period.from)} to before ${local(period.until)} (${zone}).${more}`
      )
    })
  )
})
