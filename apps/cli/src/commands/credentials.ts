import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { act, merchant, optionalText, text, toggle } from "./declare.ts"

const actions = () => import("../actions/credentials.ts")

const create = Command.make(
  "create",
  {
    dialect: text("dialect", "ID", "Dialect it opens: see `tillbridge dialects`"),
    login: optionalText("login", "NAME", "User name, in dialects with a login and a password"),
    secretEnv: optionalText("secret-env", "NAME", "Take the secret from this environment variable"),
    secretFile: optionalText("secret-file", "PATH", "Take the secret from this file"),
    label: optionalText("label", "TEXT", "Note for yourself: who uses it"),
    scope: optionalText("scope", "LIST", "read, write, balance; comma separated (default: read,write)"),
    merchant
  },
  act(() => actions().then((module) => module.create))
).pipe(
  Command.withShortDescription("Add a credential"),
  Command.withDescription(
    "Add a credential with which a till or shop may call one dialect.\n" +
      "Changes: adds one credential. Without --secret-env or --secret-file a key is made and shown once; the store " +
      "keeps only a digest."
  ),
  Command.withExamples([
    { command: "tillbridge credentials create --dialect virtpos --label webshop" },
    { command: "tillbridge credentials create --dialect virtpos --secret-env OLD_KEY --scope read" }
  ])
)

const list = Command.make(
  "list",
  { merchant },
  act(() => actions().then((module) => module.list))
).pipe(
  Command.withShortDescription("List the credentials"),
  Command.withDescription(
    "List the credentials of a merchant, revoked ones too. Secrets cannot be shown: only digests are kept.\n" +
      "Reads: credentials. Changes nothing."
  ),
  Command.withExamples([
    { command: "tillbridge credentials list" },
    { command: "tillbridge credentials list --json" }
  ])
)

const revoke = Command.make(
  "revoke",
  {
    id: Argument.Int("id").pipe(Argument.withDescription("Number of the credential")),
    merchant,
    yes: toggle("yes", "Do not ask")
  },
  act(() => actions().then((module) => module.revoke))
).pipe(
  Command.withShortDescription("Revoke a credential"),
  Command.withDescription(
    "Revoke a credential: from the next request on it opens nothing, and it cannot be revived.\n" +
      "Changes: one credential. Asks on a terminal; elsewhere it needs --yes."
  ),
  Command.withExamples([
    { command: "tillbridge credentials revoke 3" },
    { command: "tillbridge credentials revoke 3 --yes" }
  ])
)

export const credentials = Command.make("credentials").pipe(
  Command.withShortDescription("create, list, revoke: who may call"),
  Command.withDescription("Credentials: the keys and logins by which tills and shops prove who they are."),
  Command.withExamples([{ command: "tillbridge credentials create --dialect virtpos" }]),
  Command.withSubcommands([create, list, revoke])
)
