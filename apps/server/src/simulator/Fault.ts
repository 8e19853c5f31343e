/**
 * What goes wrong at a simulator, as a value and as text: `KIND[=VALUE][@WHEN,WHEN…]`, such as `status=503@every=3`,
 * `429=10@first=2`, `poison=0.01` or `truncate=text@nth=4,op=list`. Without a WHEN every request that the kind is about
 * is hit: those of `lists` for what is done to records and resume points, everything but a login for `401`, all
 * requests for the others.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** What a request is for; a simulator tells it by the dialect's paths. */
export const operations = ["login", "list", "read", "write", "other"] as const
export type Operation = (typeof operations)[number]

/** Which requests a fault hits. All of these hold together; requests are counted from 1 among those of `op` and `path`. */
export interface When {
  readonly every?: number
  readonly nth?: number
  readonly first?: number
  /** Only requests after so many; `every`, `nth` and `first` then count from there. */
  readonly after?: number
  readonly chance?: number
  /** Seed of `chance`; without one it comes from the simulator's own. */
  readonly seed?: number
  readonly op?: Operation
  /** Part of the path, in any letter case. */
  readonly path?: string
}

/** What `Retry-After` says: seconds (also absurd ones), a date so many milliseconds from now, or nothing. */
export type RetryAfter = { readonly seconds: number } | { readonly dateInMillis: number } | null

/** `length`: fewer bytes than announced; `chunked`: cut between chunks; `text`: the text ends early and its length is right; `records`: last records are missing from a whole document. */
export const truncations = ["length", "chunked", "text", "records"] as const
export type Truncation = (typeof truncations)[number]

export const spoils = ["date", "int64", "nul", "huge", "no-id", "type"] as const
export type Spoil = (typeof spoils)[number]

export type FaultKind =
  | { readonly kind: "latency"; readonly millis: number }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "429"; readonly retryAfter: RetryAfter }
  /** The token or session that the request brought is good for nothing any more. */
  | { readonly kind: "401" }
  /** `middle`: the request is carried out and the answer breaks off; `before`: it is not even looked at. */
  | { readonly kind: "reset"; readonly at: "before" | "middle" }
  | { readonly kind: "trickle"; readonly bytesPerSecond: number }
  | { readonly kind: "blackhole" }
  | { readonly kind: "truncate"; readonly how: Truncation }
  | { readonly kind: "html" }
  | { readonly kind: "empty" }
  | { readonly kind: "braces" }
  | { readonly kind: "bom" }
  | { readonly kind: "charset"; readonly encoding: "latin1" | "utf16" }
  | { readonly kind: "repeat-cursor" }
  | { readonly kind: "duplicate-page" }
  | { readonly kind: "reorder" }
  | { readonly kind: "poison"; readonly rate: number; readonly spoil?: Spoil }
  | { readonly kind: "changing"; readonly rows: number }
  | { readonly kind: "zero-rows" }
  | { readonly kind: "fewer"; readonly share: number }
  | { readonly kind: "skew"; readonly millis: number }
  | { readonly kind: "cursor-lost" }

export type Fault = FaultKind & { readonly when?: When }

/** The text names no fault, or one that this dialect has no place for. The message says what there is. */
export class FaultError extends Schema.TaggedError<FaultError>()("FaultError", { message: Schema.String }) {}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

type Unit = keyof typeof units

const millisOf = (text: string): number | undefined => {
  const match = /^([+-]?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  return match === null ? undefined : Number(match[1]) * units[match[2] as Unit]
}

const numberOf = (text: string): number | undefined =>
  /^[+-]?\d+(?:\.\d+)?(?:e\d+)?$/i.test(text) ? Number(text) : undefined

const within = (value: number | undefined, least: number, most: number): number | undefined =>
  value !== undefined && value >= least && value <= most ? value : undefined

const wholeOf = (text: string): number | undefined => {
  const value = within(numberOf(text), 1, Number.MAX_SAFE_INTEGER)
  return Number.isInteger(value) ? value : undefined
}

/** `0.01` or `1%`. */
const shareOf = (text: string): number | undefined => {
  const isPercent = text.endsWith("%")
  const value = numberOf(isPercent ? text.slice(0, -1) : text)
  return within(value === undefined || !isPercent ? value : value / 100, 0, 1)
}

const retryAfterOf = (text: string): RetryAfter | undefined => {
  if (text === "") return null
  if (text === "past") return { dateInMillis: -3_600_000 }
  if (text.startsWith("date")) {
    const dateInMillis = millisOf(text.slice(4))
    return dateInMillis === undefined ? undefined : { dateInMillis }
  }
  const seconds = numberOf(text)
  return seconds === undefined ? undefined : { seconds }
}

const poisonOf = (text: string): FaultKind | undefined => {
  const [rateText = "", spoilText] = text.split(":")
  const rate = shareOf(rateText)
  const spoil = spoils.find((one) => one === spoilText)
  if (rate === undefined || (spoilText !== undefined && spoil === undefined)) return undefined
  return spoil === undefined ? { kind: "poison", rate } : { kind: "poison", rate, spoil }
}

const oneOf = <A extends string>(
  known: ReadonlyArray<A>,
  text: string,
  otherwise: NoInfer<A>
): A | undefined => (text === "" ? otherwise : known.find((one) => one === text))

interface Reader {
  /** How the value is written, for messages and help. */
  readonly shape: string
  readonly read: (value: string) => FaultKind | undefined
}

const given = <A>(value: A | undefined, make: (value: A) => FaultKind): FaultKind | undefined =>
  value === undefined ? undefined : make(value)

const bare = (fault: FaultKind): Reader => ({
  shape: fault.kind,
  read: (value) => (value === "" ? fault : undefined)
})

const readers: Readonly<Record<FaultKind["kind"], Reader>> = {
  latency: {
    shape: "latency=2s",
    read: (value) => given(within(millisOf(value), 0, 1e12), (millis) => ({ kind: "latency", millis }))
  },
  status: {
    shape: "status=503",
    read: (value) => given(within(wholeOf(value), 300, 599), (status) => ({ kind: "status", status }))
  },
  "429": {
    shape: "429[=SECONDS|date+30s|past]",
    read: (value) => given(retryAfterOf(value), (retryAfter) => ({ kind: "429", retryAfter }))
  },
  "401": bare({ kind: "401" }),
  reset: {
    shape: "reset[=before|middle]",
    read: (value) =>
      given(oneOf(["before", "middle"] as const, value, "middle"), (at) => ({ kind: "reset", at }))
  },
  trickle: {
    shape: "trickle[=BYTES-A-SECOND]",
    read: (value) =>
      given(value === "" ? 1 : wholeOf(value), (bytesPerSecond) => ({ kind: "trickle", bytesPerSecond }))
  },
  blackhole: bare({ kind: "blackhole" }),
  truncate: {
    shape: `truncate[=${truncations.join("|")}]`,
    read: (value) => given(oneOf(truncations, value, "length"), (how) => ({ kind: "truncate", how }))
  },
  html: bare({ kind: "html" }),
  empty: bare({ kind: "empty" }),
  braces: bare({ kind: "braces" }),
  bom: bare({ kind: "bom" }),
  charset: {
    shape: "charset[=latin1|utf16]",
    read: (value) =>
      given(oneOf(["latin1", "utf16"] as const, value, "latin1"), (encoding) => ({
        kind: "charset",
        encoding
      }))
  },
  "repeat-cursor": bare({ kind: "repeat-cursor" }),
  "duplicate-page": bare({ kind: "duplicate-page" }),
  reorder: bare({ kind: "reorder" }),
  poison: { shape: `poison=RATE[:${spoils.join("|")}]`, read: poisonOf },
  changing: {
    shape: "changing[=ROWS]",
    read: (value) => given(value === "" ? 1 : wholeOf(value), (rows) => ({ kind: "changing", rows }))
  },
  "zero-rows": bare({ kind: "zero-rows" }),
  fewer: {
    shape: "fewer=90%",
    read: (value) => given(shareOf(value), (share) => ({ kind: "fewer", share }))
  },
  skew: {
    shape: "skew=+1d",
    read: (value) => given(within(millisOf(value), -1e12, 1e12), (millis) => ({ kind: "skew", millis }))
  },
  "cursor-lost": bare({ kind: "cursor-lost" })
}

export const faultKinds = Object.keys(readers).sort() as ReadonlyArray<FaultKind["kind"]>

/** How each fault is written, one after the other. */
export const faultShapes: string = faultKinds.map((kind) => readers[kind].shape).join(", ")

const whenReaders: Readonly<Record<keyof When, (value: string) => number | string | undefined>> = {
  every: wholeOf,
  nth: wholeOf,
  first: wholeOf,
  after: wholeOf,
  chance: shareOf,
  seed: numberOf,
  op: (value) => operations.find((one) => one === value),
  path: (value) => (value === "" ? undefined : value)
}

const whenShape = `every=N, nth=N, first=N, after=N, chance=P, seed=N, path=TEXT, op=${operations.join("|")}`

const wrong = (message: string) => Result.fail(new FaultError({ message }))

const split = (text: string, at: string): readonly [string, string] => {
  const index = text.indexOf(at)
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)]
}

const parseWhen = (text: string): Result.Result<When, FaultError> => {
  const when: Record<string, number | string> = {}
  for (const part of text.split(",")) {
    const [name, value] = split(part.trim(), "=")
    const read = Object.hasOwn(whenReaders, name) ? whenReaders[name as keyof When] : undefined
    const found = read?.(value)
    if (found === undefined) return wrong(`"${part}" does not say which requests: ${whenShape}`)
    when[name] = found
  }
  return Result.succeed(when as When)
}

export const parseFault = (text: string): Result.Result<Fault, FaultError> => {
  const [what, whenText] = split(text.trim(), "@")
  const [name, value] = split(what, "=")
  const reader = Object.hasOwn(readers, name) ? readers[name as FaultKind["kind"]] : undefined
  if (reader === undefined) return wrong(`"${name}" is no fault. There are: ${faultShapes}`)
  const fault = reader.read(value)
  if (fault === undefined) return wrong(`"${what}" cannot be read: it is ${reader.shape}`)
  if (!text.includes("@")) return Result.succeed(fault)
  return Result.map(parseWhen(whenText), (when): Fault => ({ ...fault, when }))
}

const spanText = (millis: number): string => {
  const unit = (["d", "h", "m", "s"] as const).find((one) => millis % units[one] === 0) ?? "ms"
  return `${millis / units[unit]}${unit}`
}

const signed = (text: string) => (text.startsWith("-") ? text : `+${text}`)

const retryText = (retryAfter: RetryAfter): string => {
  if (retryAfter === null) return ""
  return "seconds" in retryAfter
    ? `=${retryAfter.seconds}`
    : `=date${signed(spanText(retryAfter.dateInMillis))}`
}

const valueText = (fault: FaultKind): string => {
  switch (fault.kind) {
    case "latency":
      return `=${spanText(fault.millis)}`
    case "skew":
      return `=${signed(spanText(fault.millis))}`
    case "status":
      return `=${fault.status}`
    case "429":
      return retryText(fault.retryAfter)
    case "reset":
      return `=${fault.at}`
    case "trickle":
      return `=${fault.bytesPerSecond}`
    case "truncate":
      return `=${fault.how}`
    case "charset":
      return `=${fault.encoding}`
    case "poison":
      return `=${fault.rate}${fault.spoil === undefined ? "" : `:${fault.spoil}`}`
    case "changing":
      return `=${fault.rows}`
    case "fewer":
      return `=${fault.share * 100}%`
    default:
      return ""
  }
}

/** The fault as `parseFault` takes it. */
export const faultText = ({ when, ...fault }: Fault): string => {
  const conditions = Object.entries(when ?? {}).map(([name, value]) => `${name}=${value}`)
  return `${fault.kind}${valueText(fault)}${conditions.length === 0 ? "" : `@${conditions.join(",")}`}`
}
