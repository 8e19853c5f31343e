import * as Command from "effect/cli/Command"
import { act, optionalText, text } from "./declare.ts"

const actions = () => import("../actions/merchants.ts")

const create = Command.make(
  "create",
  {
    name: text("name", "NAME", "Name of the merchant"),
    timeZone: optionalText("time-zone", "ZONE", "IANA time zone of its days (default: this machine's)"),
    externalKeyPrefix: optionalText(
      "external-key-prefix",
      "TEXT",
      "Prefix of its external ids in key-based dialects"
    )
  },
  act(() => actions().then((module) => module.create))
).pipe(
  Command.withShortDescription("Add a merchant"),
  Command.withDescription(
    "Add a merchant: a tenant with customers, cards and credentials of its own.\n" +
      "Changes: adds one merchant; creates the database when there is none."
  ),
  Command.withExamples([
    { command: 'tillbridge merchants create --name "Corner shop" --time-zone Europe/Paris' },
    { command: "tillbridge merchants create --name Shop --external-key-prefix SHOP --json" }
  ])
)

const list = Command.make(
  "list",
  {},
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List the merchants"),
  Command.withDescription("List the merchants of the store.\nReads: merchants. Changes nothing."),
  Command.withExamples([
    { command: "tillbridge merchants list" },
    { command: "tillbridge merchants list --json" }
  ])
)

export const merchants = Command.make("merchants").pipe(
  Command.withShortDescription("create, list: the tenants of this store"),
  Command.withDescription("Merchants: the tenants of this store. Nothing crosses from one to another."),
  Command.withExamples([{ command: 'tillbridge merchants create --name "Corner shop"' }]),
  Command.withSubcommands([create, list])
)
