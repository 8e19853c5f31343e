/**
 * A link's state as a document that can be kept, read, edited and put back. What was got and is set gives, got again,
 * the same bytes.
 */
import { Checkpoint, type Link, type LinkState } from "@tillbridge/domain"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { didYouMean } from "../Suggest.ts"

const FORM = "tillbridge/link-state"
const VERSION = 1

const Whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const State = Schema.Struct({
  checkpoint: Schema.NullOr(Checkpoint),
  sweep: Whole,
  sweeping: Schema.Boolean,
  paused: Schema.NullOr(Schema.String)
})

const members = ["form", "version", "from", "to", "checkpoint", "sweep", "sweeping", "paused"]

export const stateText = ({ from, to }: Link, { checkpoint, paused, sweep, sweeping }: LinkState): string =>
  `${JSON.stringify({ form: FORM, version: VERSION, from, to, checkpoint, sweep, sweeping, paused }, null, 2)}\n`

const decode = Schema.decodeUnknownResult(State)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The state that a document of this very link holds, or why it is refused. */
export const stateFromText = (text: string, link: Link): Result.Result<LinkState, string> => {
  let document: unknown
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ""))
  } catch {
    return Result.fail("it is not a JSON document")
  }
  if (!isRecord(document) || document["form"] !== FORM)
    return Result.fail(`it is not the state of a link: "form" must be "${FORM}"`)
  const { form: _form, from, to, version, ...rest } = document
  if (typeof version === "number" && version > VERSION)
    return Result.fail(`it was written by a newer version of Tillbridge (form ${version}). Update this one`)
  if (version !== VERSION) return Result.fail(`"version" must be ${VERSION}`)
  if (from !== link.from || to !== link.to) {
    const whose = typeof from === "string" && typeof to === "string" ? `${from} → ${to}` : "no link at all"
    return Result.fail(`it is the state of ${whose}, not of ${link.from} → ${link.to}`)
  }
  const stray = Object.keys(rest).find((key) => !members.includes(key))
  if (stray !== undefined)
    return Result.fail(`it has the unknown field "${stray}".${didYouMean(stray, members)}`)
  const state = decode(rest)
  if (Result.isSuccess(state)) return Result.succeed(state.success)
  const field = members.slice(4).find((name) => Result.isFailure(fieldOf(name, rest[name]))) ?? "a field"
  const must = {
    checkpoint: "a checkpoint in quotes, or null",
    sweep: "a whole number, 1 or more",
    sweeping: "true or false",
    paused: "a text, or null"
  }[field]
  return Result.fail(`"${field}" must be ${must ?? "as it was written"}`)
}

const fieldOf = (name: string, value: unknown): Result.Result<unknown, unknown> =>
  decode({ checkpoint: null, sweep: 1, sweeping: false, paused: null, [name]: value })
