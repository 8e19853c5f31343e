import * as Command from "effect/cli/Command"
import { act, choice, limit, merchant, optionalInt, optionalText } from "./declare.ts"

const report = Command.make(
  "report",
  {
    from: optionalText("from", "YYYY-MM-DD", "First day, in the merchant's time zone"),
    to: optionalText("to", "YYYY-MM-DD", "Last day, included"),
    preset: choice(
      "preset",
      ["today", "yesterday", "month", "year"],
      "A period of the calendar instead of --from --to"
    ),
    stores: optionalInt("stores", "LIST_ID", "Only cards registered in the stores of this list"),
    limit,
    merchant
  },
  act(() => import("../actions/periods.ts").then((module) => module.report))
).pipe(
  Command.withShortDescription("Cards registered in a period"),
  Command.withDescription(
    "Report the loyalty cards registered in a period of the merchant's own calendar.\n" +
      "Reads: cards. Changes nothing. Shows 50 rows unless --limit is given; --json gives every card."
  ),
  Command.withExamples([
    { command: "tillbridge periods report --preset month" },
    { command: "tillbridge periods report --from 2026-01-01 --to 2026-03-31 --stores 1 --json" }
  ])
)

export const periods = Command.make("periods").pipe(
  Command.withShortDescription("report: registrations in a loyalty period"),
  Command.withDescription("Loyalty periods: what was registered when, and where."),
  Command.withExamples([{ command: "tillbridge periods report --preset today" }]),
  Command.withSubcommands([report])
)
