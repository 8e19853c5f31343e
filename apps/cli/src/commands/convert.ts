import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { codecIds } from "../codecs.ts"
import { act, choice, optionalArgument, optionalText } from "./declare.ts"

const dialect = (name: string, description: string) =>
  Flag.Literals(name, codecIds).pipe(Flag.withMetavar(codecIds.join("|")), Flag.withDescription(description))

export const convert = Command.make(
  "convert",
  {
    from: dialect("from", "Whose answer it is"),
    to: dialect("to", "Whose answer it becomes"),
    format: choice("format", ["xml", "json"], "Form of the new answer (default: the vendor's own)"),
    timeZone: optionalText(
      "time-zone",
      "ZONE",
      "Zone of times that are written without one (default: UTC, which leaves local times as they stand)"
    ),
    externalSystem: optionalText(
      "external-system",
      "SYSTEM",
      "Name of the system whose keys stand in the vendors' external keys (default: external)"
    ),
    out: optionalText("out", "FILE", "Write here instead of to standard output"),
    file: optionalArgument("file", "Saved answer to read; `-` or nothing is standard input")
  },
  act(() => import("../actions/convert.ts").then((module) => module.convert))
).pipe(
  Command.withShortDescription("Turn one vendor's saved answer into another's"),
  Command.withDescription(
    "Turn a saved list of customers from one vendor's form into another's, without a store.\n" +
      "Reads: FILE. Changes: the --out file, which appears only when it is complete. What the other vendor cannot " +
      "carry is counted on standard error by field; a record that cannot be read is named and left out, and the exit " +
      "code is then 1. Of standard input a temporary copy is made where the new answer begins with a count."
  ),
  Command.withExamples([
    { command: "tillbridge convert --from virtpos --to megawin customers.xml > customers.json" },
    { command: "tillbridge convert --from megawin --to virtpos --format json --out virtpos.json saved.json" },
    { command: "curl -s $URL | tillbridge convert --from virtpos --to megawin --json" }
  ])
)
