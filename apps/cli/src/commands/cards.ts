import * as Command from "effect/cli/Command"
import {
  act,
  choice,
  externalId,
  limit,
  merchant,
  optionalArgument,
  optionalInt,
  optionalText,
  page,
  toggle
} from "./declare.ts"

const actions = () => import("../actions/cards.ts")

const reference = {
  number: optionalText("number", "NUMBER", "By its number"),
  id: optionalInt("id", "ID", "By its id"),
  barcode: optionalText("barcode", "CODE", "By its barcode or EAN-13"),
  externalId: externalId("By its key in another system")
}

const list = Command.make(
  "list",
  {
    customer: optionalInt("customer", "ID", "Only the cards of this customer"),
    limit,
    page,
    merchant
  },
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List cards"),
  Command.withDescription(
    "List loyalty cards in the order of their ids.\n" +
      "Reads: cards. Changes nothing. Shows 50 rows unless --limit is given; --json streams every card."
  ),
  Command.withExamples([
    { command: "tillbridge cards list --customer 42" },
    { command: "tillbridge cards list --json | jq -r .number" }
  ])
)

const get = Command.make(
  "get",
  { ...reference, merchant },
  act(() => actions().then((module) => module.get))
).pipe(
  Command.withShortDescription("Show one card"),
  Command.withDescription("Show everything known about one loyalty card.\nReads: one card. Changes nothing."),
  Command.withExamples([
    { command: "tillbridge cards get --number 0079001" },
    { command: "tillbridge cards get --barcode 0000000790013 --json" }
  ])
)

const put = Command.make(
  "put",
  {
    document: optionalArgument("document", "`-` reads a JSON document from standard input instead of flags"),
    number: optionalText(
      "number",
      "NUMBER",
      "The card with this number, made when it is new; with --id: its new number"
    ),
    id: optionalInt("id", "ID", "Change this card"),
    externalId: externalId("Change the card with this key, or give it the key"),
    barcode: optionalText("barcode", "CODE", "Barcode (default: follows the number)"),
    medium: choice("medium", ["plastic", "magnetic", "app"], "What the card is made of"),
    status: choice("status", ["new", "active", "blocked"], "Status"),
    type: optionalText("type", "NAME", "Card type, made when it is new"),
    customer: optionalInt("customer", "ID", "Owner"),
    noCustomer: toggle("no-customer", "Take the owner away"),
    registeredIn: optionalInt("registered-in", "STORE_ID", "Store that registered the card"),
    merchant
  },
  act(() => actions().then((module) => module.put))
).pipe(
  Command.withShortDescription("Add or change one card"),
  Command.withDescription(
    "Add or change one loyalty card. What is not given stays as it is.\n" +
      "Changes: one card, found by --id, --external-id or --number; a new one is made when there is none."
  ),
  Command.withExamples([
    { command: "tillbridge cards put --number 0079001 --customer 42 --status active" },
    { command: "tillbridge cards put --id 7 --status blocked" }
  ])
)

const remove = Command.make(
  "delete",
  { ...reference, yes: toggle("yes", "Do not ask"), merchant },
  act(() => actions().then((module) => module.remove))
).pipe(
  Command.withShortDescription("Delete one card"),
  Command.withDescription(
    "Delete one loyalty card for good. Its owner stays.\n" +
      "Changes: one card. Asks on a terminal; elsewhere it needs --yes."
  ),
  Command.withExamples([{ command: "tillbridge cards delete --number 0079001 --yes" }])
)

export const cards = Command.make("cards").pipe(
  Command.withShortDescription("list, get, put, delete"),
  Command.withDescription("Loyalty cards: look at them and change them."),
  Command.withExamples([{ command: "tillbridge cards get --number 0079001" }]),
  Command.withSubcommands([list, get, put, remove])
)
