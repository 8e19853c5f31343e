import * as Command from "effect/cli/Command"
import { act, argument, optionalArgument, optionalInt, optionalText, texts, toggle } from "./declare.ts"

const actions = () => import("../actions/remotes.ts")

const add = Command.make(
  "add",
  {
    name: optionalArgument(
      "name",
      "What the remote is called here, and in the external ids of its customers"
    ),
    dialect: optionalText("dialect", "ID", "Dialect it speaks: see `tillbridge dialects`"),
    url: optionalText("url", "URL", "Where it is"),
    keyEnv: optionalText("key-env", "NAME", "Environment variable that holds its key"),
    keyFile: optionalText("key-file", "PATH", "File that holds its key"),
    user: optionalText("user", "NAME", "User, in dialects with a login and a password"),
    passwordEnv: optionalText("password-env", "NAME", "Environment variable that holds the password"),
    passwordFile: optionalText("password-file", "PATH", "File that holds the password"),
    timeZone: optionalText("time-zone", "ZONE", "IANA time zone in which it writes its times"),
    codeMagasin: optionalInt("code-magasin", "N", "Polaris: the shop whose view counts", -2_147_483_648),
    prefixCle: optionalText(
      "prefix-cle",
      "TEXT",
      "Polaris: the prefix that the vendor gave for external keys"
    ),
    fingerprint: optionalText("fingerprint", "SHA256", "Polaris: the only certificate that is taken"),
    rate: optionalText("rate", "N", "Requests a second at most (default: no limit)"),
    set: texts("set", "KEY=VALUE", "Any other option of the dialect; may be repeated"),
    replace: toggle("replace", "Write over a remote of this name")
  },
  act(() => import("../actions/addRemote.ts").then((module) => module.add))
).pipe(
  Command.withShortDescription("Write a remote to the settings file"),
  Command.withDescription(
    "Add a remote: a system of a vendor that can be read from and, where its API allows it, written to.\n" +
      "Changes: the settings file, by one table; everything else in it stays as it is. A secret is never asked for " +
      "nor written: name the environment variable or the file that holds it. On a terminal, what is missing is asked."
  ),
  Command.withExamples([
    {
      command:
        "tillbridge remotes add till --dialect virtpos --url https://shop.example --key-env TILL_KEY --time-zone Europe/Moscow"
    },
    {
      command:
        "tillbridge remotes add nice --dialect polaris --url https://192.0.2.7:3443 --user sync --password-file nice.secret --code-magasin 1"
    },
    {
      command:
        "tillbridge remotes add mega --dialect megawin --key-file mega.key --time-zone Europe/Brussels --set page-size=500 --replace"
    }
  ])
)

const list = Command.make(
  "list",
  {},
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List the remotes"),
  Command.withDescription(
    "List the remotes of the settings file, and whether their APIs can be read from and written to.\n" +
      "Reads: the settings file; calls nobody. Changes nothing."
  ),
  Command.withExamples([
    { command: "tillbridge remotes list" },
    { command: "tillbridge remotes list --json" }
  ])
)

const name = argument("name", "Name of the remote")

const show = Command.make(
  "show",
  { name },
  act(() => actions().then((module) => module.show))
).pipe(
  Command.withShortDescription("Show the settings of a remote"),
  Command.withDescription(
    "Show what is set for a remote. Of a secret it says where it comes from and whether it is there, never what it is.\n" +
      "Reads: the settings file. Changes nothing."
  ),
  Command.withExamples([{ command: "tillbridge remotes show till" }])
)

const test = Command.make(
  "test",
  { name },
  act(() => actions().then((module) => module.test))
).pipe(
  Command.withShortDescription("Try whether a remote answers"),
  Command.withDescription(
    "Call a remote and say what was tried: its address, the credential, its first page, what may be read and written " +
      "as far as that shows without writing, how fast it answers, and how far its clock is off.\n" +
      "Reads: the first page of customers at the remote. Changes nothing."
  ),
  Command.withExamples([
    { command: "tillbridge remotes test till" },
    { command: "tillbridge remotes test till --json" }
  ])
)

const remove = Command.make(
  "remove",
  { name, yes: toggle("yes", "Do not ask") },
  act(() => actions().then((module) => module.remove))
).pipe(
  Command.withShortDescription("Take a remote out of the settings file"),
  Command.withDescription(
    "Take the table of a remote out of the settings file; everything else in it stays as it is.\n" +
      "Changes: the settings file. Asks on a terminal; elsewhere it needs --yes."
  ),
  Command.withExamples([{ command: "tillbridge remotes remove till --yes" }])
)

export const remotes = Command.make("remotes").pipe(
  Command.withShortDescription("add, list, show, test, remove: systems to call"),
  Command.withDescription("Remotes: systems of vendors that customers are read from and written to."),
  Command.withExamples([{ command: "tillbridge remotes list" }]),
  Command.withSubcommands([add, list, show, test, remove])
)
