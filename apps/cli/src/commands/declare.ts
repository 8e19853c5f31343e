/**
 * Parts for declaring commands. A declaration is all that help, completion and the refusal of a typo need, so it stays
 * light; what a command does is loaded when it runs.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import { type Session, session } from "../GlobalFlags.ts"

/** A handler that loads its action and runs it with the session. */
export const act =
  <Input, E>(load: () => Promise<(input: Input, session: Session) => Effect.Effect<void, E>>) =>
  (input: Input) =>
    Effect.gen(function* () {
      const action = yield* Effect.promise(load)
      yield* action(input, yield* session)
    })

export const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description))

export const optionalText = (name: string, metavar: string, description: string) =>
  text(name, metavar, description).pipe(Flag.optional, Flag.map(Option.getOrUndefined))

/** May be given several times. */
export const texts = (name: string, metavar: string, description: string) =>
  text(name, metavar, description).pipe(
    Flag.atLeast(1),
    Flag.optional,
    // Said as optional, so that help and usage do too.
    Flag.map(Option.getOrElse((): ReadonlyArray<string> => []))
  )

export const int = (name: string, metavar: string, description: string, minimum = 1) =>
  Flag.Int(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.filter(
      (value) => value >= minimum,
      (value) => `${value} is too small: ${minimum} or more`
    )
  )

export const optionalInt = (name: string, metavar: string, description: string, minimum = 1) =>
  int(name, metavar, description, minimum).pipe(Flag.optional, Flag.map(Option.getOrUndefined))

export const choice = <const Values extends ReadonlyArray<string>>(
  name: string,
  values: Values,
  description: string
) =>
  Flag.Literals(name, values).pipe(
    Flag.withMetavar(values.join("|")),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDescription(description), Flag.withDefault(false))

/** `--name` or `--no-name`; `undefined` when neither is given. */
export const yesOrNo = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.optional, Flag.map(Option.getOrUndefined))

export const optionalArgument = (name: string, description: string) =>
  Argument.String(name).pipe(
    Argument.withDescription(description),
    Argument.optional,
    Argument.map(Option.getOrUndefined)
  )

export const argument = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(description))

export const merchant = optionalText(
  "merchant",
  "ID|NAME",
  "Whose records (default: the only merchant there is)"
)
export const limit = optionalInt("limit", "N", "Show at most N rows")
export const page = optionalInt("page", "N", "Which page of --limit rows, from 1")
export const externalId = (description: string) => optionalText("external-id", "SYSTEM:KEY", description)
