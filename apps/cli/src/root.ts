/** The command tree. */
import * as Command from "effect/cli/Command"
import { cards } from "./commands/cards.ts"
import { check } from "./commands/check.ts"
import { completions } from "./commands/completions.ts"
import { convert } from "./commands/convert.ts"
import { credentials } from "./commands/credentials.ts"
import { customers } from "./commands/customers.ts"
import { deadLetters } from "./commands/deadLetters.ts"
import { dialects } from "./commands/dialects.ts"
import { merchants } from "./commands/merchants.ts"
import { periods } from "./commands/periods.ts"
import { remotes } from "./commands/remotes.ts"
import { serve } from "./commands/serve.ts"
import { simulate } from "./commands/simulate.ts"
import { sync } from "./commands/sync.ts"
import { globalFlags } from "./GlobalFlags.ts"

export const tillbridge = Command.make("tillbridge").pipe(
  Command.withDescription("One customer and loyalty store that speaks every till's dialect."),
  Command.withExamples([
    { command: "tillbridge serve --demo" },
    { command: "tillbridge customers import customers.csv" }
  ]),
  Command.withSubcommands([
    { group: "Run", commands: [serve, simulate] },
    { group: "Sync", commands: [remotes, sync, check, deadLetters] },
    { group: "Store", commands: [merchants, credentials, customers, cards, periods] },
    { group: "Tools", commands: [convert, dialects, completions((): Command.Command.Any => tillbridge)] }
  ]),
  Command.withGlobalFlags(globalFlags)
)
