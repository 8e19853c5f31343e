/** Help as a page: purpose, what is read and changed, examples, then usage and flags. */
import * as Option from "effect/Option"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"

interface Look {
  readonly width: number
  readonly color: boolean
}

const wrap = (text: string, width: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((paragraph) => {
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line)
        line = word
      } else line = line === "" ? word : `${line} ${word}`
    }
    return [...lines, line]
  })

/** Two columns, the second wrapped; a first cell that is too long stands on a line of its own. */
const listing = (rows: ReadonlyArray<readonly [string, string]>, width: number): ReadonlyArray<string> => {
  const left = Math.min(32, Math.max(0, ...rows.map(([name]) => name.length)))
  return rows.flatMap(([name, about]) => {
    const lines = wrap(about, Math.max(20, width - left - 4))
    const beside = name.length <= left
    return [
      beside ? `  ${name.padEnd(left)}  ${lines[0]}`.trimEnd() : `  ${name}`,
      ...lines.slice(beside ? 1 : 0).map((line) => `${" ".repeat(left + 4)}${line}`)
    ]
  })
}

const flagName = (flag: FlagDoc): string => {
  const short = flag.aliases.filter((alias) => alias.replace(/^-+/, "").length === 1)
  const names = [...short.map((alias) => `-${alias.replace(/^-+/, "")}`), `--${flag.name}`].join(", ")
  return flag.type === "boolean" ? names : `${names} ${flag.type}`
}

const flagRow = (flag: FlagDoc): readonly [string, string] => [
  flagName(flag),
  // The values of a choice stand beside its name already.
  Option.getOrElse(flag.description, () => "").replace(/ \(choices: .*\)$/, "") +
    (flag.required ? " (required)" : "")
]

const examplesOf = (doc: HelpDoc, heading: (text: string) => string): ReadonlyArray<string> =>
  doc.examples === undefined || doc.examples.length === 0
    ? []
    : [
        "",
        heading("Examples"),
        ...doc.examples.map(
          ({ command, description }) =>
            `  ${command}${description === undefined ? "" : `   # ${description}`}`
        )
      ]

/** The first screen: fits 80 by 24. The names of groups stand to the left, so that they take no line. */
const rootPage = (doc: HelpDoc, heading: (text: string) => string): ReadonlyArray<string> => {
  const block = (name: string, rows: ReadonlyArray<string>) =>
    rows.map((row, at) => (at === 0 ? heading(name) + " ".repeat(10 - name.length) : " ".repeat(10)) + row)
  return [
    doc.description,
    "",
    ...(doc.subcommands ?? []).flatMap(({ commands, group }) =>
      block(
        group ?? "Commands",
        commands.map(
          (command) => `${command.name.padEnd(12)} ${command.shortDescription ?? command.description}`
        )
      )
    ),
    "",
    ...block(
      "Examples",
      (doc.examples ?? []).map(({ command }) => command)
    ),
    "",
    "Every command takes --help, --json, --config FILE and --database URL.",
    "Settings: tillbridge.toml, then TILLBRIDGE_* variables, then flags."
  ]
}

const commandPage = (
  doc: HelpDoc,
  width: number,
  heading: (text: string) => string
): ReadonlyArray<string> => {
  const section = (title: string, rows: ReadonlyArray<readonly [string, string]>) =>
    rows.length === 0 ? [] : ["", heading(title), ...listing(rows, width)]
  const path = (doc.commandPath ?? []).join(" ")
  const args = (doc.args ?? []).map((arg) =>
    arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`
  )
  const commands = (doc.subcommands ?? []).flatMap((group) => group.commands)
  const required = doc.flags.filter((flag) => flag.required).map((flag) => flagName(flag))
  const usage = [path, ...(commands.length > 0 ? ["COMMAND"] : []), ...args, ...required, "[flags]"].join(" ")
  return [
    ...wrap(doc.description, width),
    ...examplesOf(doc, heading),
    "",
    heading("Usage"),
    `  ${usage}`,
    ...section(
      "Commands",
      commands.map((command) => [command.name, command.shortDescription ?? command.description])
    ),
    ...section(
      "Arguments",
      (doc.args ?? []).map((arg) => [arg.name.toUpperCase(), Option.getOrElse(arg.description, () => "")])
    ),
    ...section("Flags", doc.flags.map(flagRow)),
    ...section(
      "Every command",
      (doc.globalFlags ?? []).filter((flag) => flag.name !== "version").map(flagRow)
    )
  ]
}

export const helpPage = (doc: HelpDoc, look: Look): string => {
  const heading = (text: string) => (look.color ? `\u001b[1m${text}\u001b[0m` : text)
  const isRoot = (doc.commandPath ?? []).length <= 1
  const lines = isRoot ? rootPage(doc, heading) : commandPage(doc, Math.min(look.width, 100), heading)
  return `${lines.join("\n")}\n`
}
