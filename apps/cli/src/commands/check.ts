import * as Command from "effect/cli/Command"
import { act, argument, merchant, optionalText, toggle } from "./declare.ts"

export const check = Command.make(
  "check",
  {
    a: argument("a", "A remote of the settings, or `store`"),
    b: argument("b", "The other one"),
    combined: optionalText("combined", "FILE", "Write one line per customer here; `-` is standard output"),
    all: toggle("all", "Tell those that are the same too (with --combined or --json)"),
    oneWay: toggle("one-way", "Customers that only B has are no difference"),
    merchant
  },
  act(() => import("../actions/check.ts").then((module) => module.compareEnds))
).pipe(
  Command.withShortDescription("Whether two systems agree"),
  Command.withDescription(
    "Compare the customers of two systems, field by field as far as both tell them.\n" +
      "Reads: every customer of A and of B. Changes nothing. One line for each customer that differs: " +
      "`*` different, `+` only in A, `-` only in B, `!` cannot be read; `=` is the same. A phone, an address or a time " +
      "that is only spelled differently is no difference, and is counted. Exit code 0 when both agree, 1 when they " +
      "differ."
  ),
  Command.withExamples([
    { command: "tillbridge check polaris virtpos" },
    { command: "tillbridge check store virtpos --combined differences.txt" },
    { command: "tillbridge check store virtpos --one-way --json | jq -r 'select(.sign == \"+\").key'" }
  ])
)
