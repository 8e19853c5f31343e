import {
  type CodecContext,
  type CustomerChange,
  type CustomerWithCards,
  type DialectCodec,
  makeConversion,
  type Malformed,
  type Refused,
  TimeZone
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type CodecId, codecs } from "../codecs.ts"
import { type Input, openInput } from "../convert/Input.ts"
import { Summary } from "../convert/Summary.ts"
import { customersTold, type Told } from "../convert/Told.ts"
import { Failure, rejected, Stopped, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { say, sayExactly } from "../Output.ts"
import { settingsOf } from "../settings/Settings.ts"
import { intoFile, type Sink, toOutput } from "../transfer/Export.ts"
import { Progress } from "../transfer/Progress.ts"
import { isSameFile } from "../transfer/Target.ts"

interface Convert {
  readonly from: CodecId
  readonly to: CodecId
  readonly format: "xml" | "json" | undefined
  readonly timeZone: string | undefined
  readonly externalSystem: string | undefined
  readonly out: string | undefined
  readonly file: string | undefined
}

type Read = Result.Result<CustomerChange, Malformed>

const contextOf = Effect.fnUntraced(function* (input: Convert) {
  const timeZone = Schema.decodeUnknownOption(TimeZone)(input.timeZone ?? "UTC")
  if (Option.isNone(timeZone)) {
    return yield* usage(`--time-zone must be a zone such as Europe/Paris, not "${input.timeZone}"`)
  }
  const externalSystem = input.externalSystem ?? "external"
  if (externalSystem === "" || externalSystem.length > 255)
    return yield* usage("--external-system must have 1 to 255 characters")
  const context: CodecContext = {
    timeZone: timeZone.value,
    externalSystem,
    now: yield* DateTime.now,
    stores: [],
    count: 0
  }
  return context
})

/** The failure of a whole answer, in words that name the file. */
const inWords = (input: Input, dialect: string) => (error: Malformed | Refused | Failure | Stopped) => {
  if (error instanceof Failure || error instanceof Stopped) return error
  return error._tag === "Refused"
    ? rejected(`${input.name} says that ${dialect} refused: ${error.detail}`)
    : usage(`${input.name} is no list of customers from ${dialect}: ${error.detail}`)
}

/** Customers written in the new form, and read back to see what of them is there. */
const measured = (codec: DialectCodec, format: "xml" | "json", context: CodecContext, summary: Summary) =>
  Effect.fnUntraced(function* (customers: readonly [CustomerWithCards, ...Array<CustomerWithCards>]) {
    const written = codec.writeAnswer(Stream.fromIterable(customers), format, {
      ...context,
      count: customers.length
    })
    const read = yield* Stream.runCollect(codec.readAnswer(written, context)).pipe(
      // What it writes it reads; if not, everything in it is lost.
      Effect.orElseSucceed((): ReadonlyArray<Read> => [])
    )
    summary.addConverted(
      customers,
      read.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []))
    )
    return customers
  })

const countOf = (told: Stream.Stream<Told, Failure | Stopped>) =>
  Stream.runFold(
    told,
    () => 0,
    (count, { _tag }) => (_tag === "Customer" ? count + 1 : count)
  )

/**
 * Keeps the beginning of the new answer back until there is a customer to go into it: of an answer that turns out to be
 * an error nothing is written.
 */
const heldBack = (sink: Sink, hasCustomers: () => boolean) => {
  let held: Array<Uint8Array> = []
  const flush = Effect.suspend(() => {
    const bytes = Buffer.concat(held)
    held = []
    return bytes.length === 0 ? Effect.void : sink(bytes)
  })
  const write = (bytes: Uint8Array) => {
    if (held.length === 0 && hasCustomers()) return sink(bytes)
    held.push(bytes)
    return hasCustomers() ? flush : Effect.void
  }
  return { write, flush }
}

const work = Effect.fnUntraced(function* (request: Convert, session: Session, sink: Sink) {
  const { from, to } = request
  const [source, target] = yield* Effect.promise(() => Promise.all([codecs[from].load(), codecs[to].load()]))
  const format = request.format ?? target.formats[0]!
  if (!target.formats.includes(format))
    return yield* usage(`${to} answers are ${target.formats.join(" and ")} only, not ${format}`)
  const given = yield* contextOf(request)
  const { countsFirst } = codecs[to]
  const input = yield* openInput(request.file ?? "-", countsFirst)
  const summary = new Summary()
  const progress = new Progress({
    json: false,
    totalBytes: input.size === null ? null : input.size * (countsFirst ? 2 : 1)
  })

  const bytes = Stream.tap(input.bytes, (chunk) => {
    progress.bytes += chunk.length
    progress.totals.rows = summary.customers
    progress.totals.rejected = summary.unreadable
    return session.json ? Effect.void : progress.tick()
  })
  const told: Stream.Stream<Told, Failure | Stopped> = customersTold(
    source.readAnswer(bytes, given).pipe(Stream.mapError(inWords(input, from)))
  )
  const context = countsFirst ? { ...given, count: yield* countOf(told) } : given

  const conversion = makeConversion(given.now)
  const customers = told.pipe(
    Stream.filterMap((one) => {
      if (one._tag === "Customer") return Result.succeed(conversion(one.change))
      summary.addUnreadable(one.number, one.reason)
      return Result.failVoid
    }),
    Stream.mapArrayEffect(measured(target, format, given, summary))
  )
  const output = heldBack(sink, () => summary.customers > 0)
  yield* Stream.runForEach(target.writeAnswer(customers, format, context), output.write).pipe(
    Effect.andThen(output.flush),
    Effect.ensuring(Effect.sync(() => progress.clear()))
  )
  return summary
}, Effect.scoped)

export const convert = Effect.fnUntraced(function* (request: Convert, session: Session) {
  const { file, from, out, to } = request
  keepMemoryFlat()
  if (out !== undefined && file !== undefined && file !== "-" && isSameFile(out, file))
    return yield* usage("--out must not name the file that is read")
  const summary = yield* out === undefined || out === "-"
    ? work(request, session, toOutput)
    : intoFile(out, (yield* settingsOf(session)).databasePath, (sink) => work(request, session, sink))
  if (session.json) sayExactly(`${JSON.stringify({ event: "done", from, to, ...summary.json() })}\n`)
  else for (const line of summary.lines(from, to)) yield* say(line)
  if (summary.unreadable > 0) return yield* new Stopped({ exitCode: 1 })
})
