/** Times as settings write them: `"500 millis"`, `"30 seconds"`, `"5m"`. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const short: Readonly<Record<string, string>> = {
  ms: "millis",
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days"
}

/** A time longer than none, or `undefined`. */
export const durationText = (text: unknown): Duration.Duration | undefined => {
  const match = typeof text === "string" ? /^(\d{1,9}) ?([a-z]{1,12})$/.exec(text.trim()) : null
  if (match === null) return undefined
  const read = Duration.fromInput(`${match[1]} ${short[match[2]!] ?? match[2]}` as Duration.Input)
  return Option.isSome(read) && Duration.toMillis(read.value) > 0 ? read.value : undefined
}

/** For messages. */
export const durationExamples = '"500 millis", "30 seconds" or "5m"'
