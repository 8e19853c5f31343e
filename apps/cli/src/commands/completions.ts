import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import { Json } from "../GlobalFlags.ts"
import { write, writeJson } from "../Output.ts"

const shared: ReadonlyArray<Completions.FlagDescriptor> = [
  { name: "help", aliases: ["h"], description: "Show help", type: { _tag: "Boolean" }, negation: false },
  { name: "json", aliases: [], description: "Answer in JSON", type: { _tag: "Boolean" }, negation: false },
  { name: "config", aliases: [], description: "Settings file", type: { _tag: "Path", pathType: "file" } },
  { name: "database", aliases: [], description: "Where the store is", type: { _tag: "String" } }
]

/** Adds the flags that every command takes, which the descriptor of a command tree leaves out. */
const withShared = (command: Completions.CommandDescriptor): Completions.CommandDescriptor => ({
  ...command,
  flags: [...command.flags, ...shared],
  subcommands: command.subcommands.map(withShared)
})

/** `root` is asked for late: the tree holds this very command. */
export const completions = (root: () => Command.Command.Any) =>
  Command.make(
    "completions",
    {
      shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(
        Argument.withDescription("bash, zsh or fish")
      )
    },
    Effect.fnUntraced(function* ({ shell }) {
      const script = Completions.generate("tillbridge", shell, withShared(Completions.fromCommand(root())))
        // The generator's own words on how to install it speak of a flag; here it is a command.
        .replaceAll("tillbridge --completions", "tillbridge completions")
      yield* (yield* Json) ? writeJson({ shell, script }) : write(`${script.trimEnd()}\n`)
    })
  ).pipe(
    Command.withShortDescription("Tab completion for bash, zsh, fish"),
    Command.withDescription(
      "Print the tab completion script of a shell.\nReads: nothing. Changes nothing: you decide where the script goes."
    ),
    Command.withExamples([
      { command: "source <(tillbridge completions bash)", description: "in ~/.bashrc" },
      { command: 'tillbridge completions zsh > "${fpath[1]}/_tillbridge"' },
      { command: "tillbridge completions fish > ~/.config/fish/completions/tillbridge.fish" }
    ])
  )
