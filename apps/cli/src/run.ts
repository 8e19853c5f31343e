/** Runs the command line: help and refusals in our words, exit codes by the contract. */
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { helpPage } from "./Help.ts"
import { columns, sayExactly, usesColor, write } from "./Output.ts"
import { refusal, report } from "./Report.ts"
import { tillbridge } from "./root.ts"

/** The version of this package. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string
  }
).version

/** Whether the answer, and so an error too, is wanted in JSON: known even when nothing else can be understood. */
export const wantsJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--")
  return args.slice(0, end === -1 ? args.length : end).includes("--json")
}

/** `--birth-date --12-10` is a flag and its value, although the value begins as a flag does. */
const joinBirthDate = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg, at) => {
    if (arg === "--birth-date" && /^--\d\d-\d\d$/.test(args[at + 1] ?? "")) return [`${arg}=${args[at + 1]}`]
    return /^--\d\d-\d\d$/.test(arg) && args[at - 1] === "--birth-date" ? [] : [arg]
  })

const presenter = (json: boolean): CliOutput.Presenter => ({
  present: (event) => {
    switch (event._tag) {
      case "Version":
        return Effect.ignore(
          write(json ? `${JSON.stringify({ version: event.version })}\n` : `${event.version}\n`)
        )
      case "InvalidInvocation":
        return Effect.sync(() =>
          report(
            { exitCode: 2, kind: "usage", message: refusal(event.errors, event.helpDoc, event.commandPath) },
            json
          )
        )
      case "Help": {
        const page = helpPage(event.helpDoc, { width: columns(), color: usesColor() })
        if (event.reason === "Requested" || event.commandPath.length <= 1) return Effect.ignore(write(page))
        const command = event.commandPath.join(" ")
        const known = (event.helpDoc.subcommands ?? []).flatMap((group) =>
          group.commands.map(({ name }) => name)
        )
        const message = `"${command}" needs a command: ${known.join(", ")}. See: ${command} --help`
        return Effect.sync(() =>
          json ? report({ exitCode: 2, kind: "usage", message }, true) : sayExactly(page)
        )
      }
    }
  }
})

/** The command line on these arguments. */
export const run = (args: ReadonlyArray<string>) =>
  Command.runWith(tillbridge, { version })(joinBirthDate(args)).pipe(
    Effect.provideService(CliOutput.Presenter, presenter(wantsJson(args))),
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })
    )
  )
