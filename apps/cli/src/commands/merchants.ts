import * as Command from "effect/cli/Command"
import { act, int, merchant, optionalText, text } from "./declare.ts"

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

const stores = Command.make(
  "stores",
  { merchant },
  act(() => actions().then((module) => module.stores))
).pipe(
  Command.withShortDescription("List a merchant's stores and store lists"),
  Command.withDescription(
    "List the stores (points of sale) of a merchant and its store lists.\n" +
      "Reads: stores and store lists. Changes nothing."
  ),
  Command.withExamples([
    { command: "tillbridge merchants stores" },
    { command: 'tillbridge merchants stores --merchant "Corner shop" --json' }
  ])
)

const putStore = Command.make(
  "put-store",
  {
    id: int("id", "N", "Number by which callers name it"),
    name: text("name", "TEXT", "Name of the store"),
    merchant
  },
  act(() => actions().then((module) => module.putStore))
).pipe(
  Command.withShortDescription("Add or rename a store"),
  Command.withDescription(
    "Add or rename a store: a point of sale, which Polaris callers name as CodeMagasin.\n" +
      "Changes: one store. A merchant without stores answers Polaris callers for any CodeMagasin; from its first " +
      "store on, only for its own."
  ),
  Command.withExamples([
    { command: 'tillbridge merchants put-store --id 1 --name "Main street"' },
    { command: "tillbridge merchants put-store --id 2 --name Station --merchant 1 --json" }
  ])
)

const putStoreList = Command.make(
  "put-store-list",
  {
    id: int("id", "N", "Number by which callers name it"),
    name: text("name", "TEXT", "Name of the list"),
    stores: text("stores", "IDS", "Numbers of its stores, comma separated"),
    merchant
  },
  act(() => actions().then((module) => module.putStoreList))
).pipe(
  Command.withShortDescription("Add or replace a store list"),
  Command.withDescription(
    "Add or replace a store list: a selection of stores, which LCManager callers name as RegPosList and " +
      "`periods report` as --stores.\n" +
      "Changes: one store list. Its stores must be there already."
  ),
  Command.withExamples([
    { command: "tillbridge merchants put-store-list --id 1 --name North --stores 1,2" },
    { command: "tillbridge merchants put-store-list --id 2 --name All --stores 1,2,3 --json" }
  ])
)

export const merchants = Command.make("merchants").pipe(
  Command.withShortDescription("create, list, stores, put-store, put-store-list: tenants"),
  Command.withDescription(
    "Merchants: the tenants, and the stores of each. Nothing crosses from one to another."
  ),
  Command.withExamples([{ command: 'tillbridge merchants create --name "Corner shop"' }]),
  Command.withSubcommands([create, list, stores, putStore, putStoreList])
)
