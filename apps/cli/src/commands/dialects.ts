import * as Command from "effect/cli/Command"
import { act } from "./declare.ts"

export const dialects = Command.make(
  "dialects",
  {},
  act(() => import("../actions/dialects.ts").then((module) => module.list))
).pipe(
  Command.withShortDescription("What each vendor's dialect can do"),
  Command.withDescription(
    "List the dialects: vendor, paths, formats and what each one can carry.\nReads: nothing. Changes nothing."
  ),
  Command.withExamples([{ command: "tillbridge dialects" }, { command: "tillbridge dialects --json" }])
)
