import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { act, argument, choice, limit, merchant, optionalText, toggle } from "./declare.ts"

const actions = () => import("../actions/deadLetters.ts")

const filters = {
  from: optionalText("from", "NAME", "Only of links from here"),
  to: optionalText("to", "NAME", "Only of links to here"),
  kind: choice("kind", ["unreadable", "refused", "conflict"], "Only of this kind")
}

const ids = Argument.String("id").pipe(
  Argument.withDescription("Numbers as `dead-letters list` shows them"),
  Argument.variadic()
)

const list = Command.make(
  "list",
  { ...filters, limit, merchant },
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List what was set aside"),
  Command.withDescription(
    "List customers that a run could not take over, with the reason.\n" +
      "Reads: dead letters, without what they hold. Changes nothing. Shows 50 rows unless --limit is given; --json " +
      "streams every one."
  ),
  Command.withExamples([
    { command: "tillbridge dead-letters list" },
    { command: "tillbridge dead-letters list --from polaris --kind conflict --json" }
  ])
)

const show = Command.make(
  "show",
  {
    id: argument("id", "Its number"),
    reveal: toggle("reveal", "Show the values too: they are personal data"),
    merchant
  },
  act(() => actions().then((module) => module.show))
).pipe(
  Command.withShortDescription("Show one and what it holds"),
  Command.withDescription(
    "Show one customer that was set aside, as it was told.\n" +
      "Reads: one dead letter. Changes nothing. Letters of its values stand as x and digits as 9 unless --reveal is given."
  ),
  Command.withExamples([
    { command: "tillbridge dead-letters show 12" },
    { command: "tillbridge dead-letters show 12 --reveal --json" }
  ])
)

const replay = Command.make(
  "replay",
  { id: ids, all: toggle("all", "All of them, or all that the filters name"), ...filters, merchant },
  act(() => actions().then((module) => module.replay))
).pipe(
  Command.withShortDescription("Try some or all once more"),
  Command.withDescription(
    "Try customers once more that were set aside, as one would after mending what stood in their way.\n" +
      "Reads: dead letters. Changes: the customers at the destination of their link; a letter is gone once its customer " +
      "is written, or once something newer is there. Doing it twice changes nothing more. Exit code 1 when any fails again."
  ),
  Command.withExamples([
    { command: "tillbridge dead-letters replay 12 13" },
    { command: "tillbridge dead-letters replay --all --from polaris --to virtpos" }
  ])
)

const drop = Command.make(
  "drop",
  {
    id: ids,
    all: toggle("all", "All of them, or all that the filters name"),
    ...filters,
    yes: toggle("yes", "Do not ask"),
    merchant
  },
  act(() => actions().then((module) => module.drop))
).pipe(
  Command.withShortDescription("Throw some or all away"),
  Command.withDescription(
    "Throw dead letters away. Their customers are taken over only when the source tells them again.\n" +
      "Changes: removes dead letters. Asks on a terminal; elsewhere it needs --yes."
  ),
  Command.withExamples([
    { command: "tillbridge dead-letters drop 12 --yes" },
    { command: "tillbridge dead-letters drop --all --kind unreadable" }
  ])
)

export const deadLetters = Command.make("dead-letters").pipe(
  Command.withShortDescription("list, show, replay, drop"),
  Command.withDescription("Customers that a run set aside: look at them, try them again, throw them away."),
  Command.withExamples([{ command: "tillbridge dead-letters list" }]),
  Command.withSubcommands([list, show, replay, drop])
)
