import * as Command from "effect/cli/Command"
import { act, argument, merchant, optionalArgument, optionalInt, optionalText, toggle } from "./declare.ts"

const actions = () => import("../actions/sync.ts")

const ends = {
  from: argument("from", "Where customers are read: a remote of the settings, or `store`"),
  to: argument("to", "Where they are written: a remote that can be written to, or `store`")
}

const run = Command.make(
  "run",
  {
    ...ends,
    dryRun: toggle("dry-run", "Tell what would be done, and write nothing anywhere"),
    full: toggle("full", "From the beginning, taking every customer as news"),
    maxDelete: optionalInt(
      "max-delete",
      "PERCENT",
      "Remove at most so many of the known customers without asking (default: 5)",
      0
    ),
    match: optionalText("match", "WAYS", "Recognise customers by these, comma separated: card, phone, email"),
    country: optionalText("country", "XX", "Country of phones that are written without one, such as FR"),
    diffs: optionalInt(
      "diffs",
      "N",
      "With --dry-run: show the first N customers that would change (default: 10)",
      0
    ),
    merchant
  },
  act(() => actions().then((module) => module.run))
).pipe(
  Command.withShortDescription("Mirror one system into another, once"),
  Command.withDescription(
    "Mirror customers and cards of FROM into TO, once.\n" +
      "Reads: what FROM tells since the last run of this link, or everything. Changes: customers and cards of TO, and " +
      "what the store remembers of the link; FROM never. Customers that are newer in TO are kept, those that cannot be " +
      "taken over are set aside (exit code 1), and nobody is removed beyond --max-delete. Ctrl-C finishes the page, and " +
      "the same command goes on there. What is not given comes from the [links.NAME] of the settings with these ends."
  ),
  Command.withExamples([
    { command: "tillbridge sync run polaris virtpos --dry-run" },
    { command: "tillbridge sync run polaris store --match card,phone --country FR" },
    { command: "tillbridge sync run store virtpos --full --json" }
  ])
)

const status = Command.make(
  "status",
  {
    from: optionalArgument("from", "Only the link from here"),
    to: optionalArgument("to", "to here, with all that is known of it"),
    merchant
  },
  act(() => actions().then((module) => module.status))
).pipe(
  Command.withShortDescription("Where links stand"),
  Command.withDescription(
    "Show where links stand: checkpoint, last run, lag, customers known and set aside, who holds them, and why one waits.\n" +
      "Reads: what the store remembers of links, and the settings. Changes nothing, asks no remote."
  ),
  Command.withExamples([
    { command: "tillbridge sync status" },
    { command: "tillbridge sync status polaris virtpos" },
    { command: "tillbridge sync status --json | jq 'select(.lagSeconds > 3600)'" }
  ])
)

const reset = Command.make(
  "reset",
  {
    ...ends,
    all: toggle("all", "Forget everything: who is who, dead letters and journal too"),
    yes: toggle("yes", "Do not ask"),
    merchant
  },
  act(() => actions().then((module) => module.reset))
).pipe(
  Command.withShortDescription("Read everything anew the next time"),
  Command.withDescription(
    "Forget the checkpoint of a link, so that its next run reads everything.\n" +
      "Changes: what the store remembers of the link, never a customer. Asks on a terminal; elsewhere it needs --yes. " +
      "With --all nothing is known any more of who is who: the next run recognises customers by their keys and by " +
      "--match alone."
  ),
  Command.withExamples([
    { command: "tillbridge sync reset polaris virtpos --yes" },
    { command: "tillbridge sync reset polaris virtpos --all" }
  ])
)

const stateGet = Command.make(
  "get",
  { ...ends, merchant },
  act(() => actions().then((module) => module.getState))
).pipe(
  Command.withShortDescription("Print a link's state"),
  Command.withDescription(
    "Print where a link stands as a JSON document that `sync state set` takes back.\n" +
      "Reads: the link's state. Changes nothing."
  ),
  Command.withExamples([{ command: "tillbridge sync state get polaris virtpos > state.json" }])
)

const stateSet = Command.make(
  "set",
  { ...ends, file: optionalArgument("file", "Document to read; `-` or nothing is standard input"), merchant },
  act(() => actions().then((module) => module.setState))
).pipe(
  Command.withShortDescription("Put a link's state back"),
  Command.withDescription(
    "Put back a state that `sync state get` printed.\n" +
      "Changes: the link's checkpoint, sweep and pause. A document of another link, another form or a newer version is " +
      "refused, and so is any while a run of the link goes on."
  ),
  Command.withExamples([
    { command: "tillbridge sync state set polaris virtpos state.json" },
    { command: "tillbridge sync state get a b | jq '.checkpoint = null' | tillbridge sync state set a b" }
  ])
)

const state = Command.make("state").pipe(
  Command.withShortDescription("get, set"),
  Command.withDescription("A link's state as a document: keep it, read it, put it back."),
  Command.withExamples([{ command: "tillbridge sync state get polaris virtpos" }]),
  Command.withSubcommands([stateGet, stateSet])
)

export const sync = Command.make("sync").pipe(
  Command.withShortDescription("run, status, reset, state"),
  Command.withDescription("Mirror customers and cards from one system into another."),
  Command.withExamples([{ command: "tillbridge sync run polaris virtpos --dry-run" }]),
  Command.withSubcommands([run, status, reset, state])
)
