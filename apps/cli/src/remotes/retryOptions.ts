/** `retry = { base = "500 millis", cap = "30 seconds", times = 4, deadline = "5 minutes" }`, the same in every dialect. */
import type * as Duration from "effect/Duration"
import type { OptionReader } from "./OptionReader.ts"

export interface Retry {
  readonly base: Duration.Input
  readonly cap: Duration.Input
  readonly times: number
  readonly deadline: Duration.Input
}

/** What of it is set. */
export const readRetry = (option: OptionReader): Partial<Retry> | undefined => {
  const retry = option.table("retry")
  if (retry === undefined) return undefined
  retry.only(["base", "cap", "times", "deadline"])
  const base = retry.duration("base")
  const cap = retry.duration("cap")
  const times = retry.whole("times", 0, 100)
  const deadline = retry.duration("deadline")
  return {
    ...(base === undefined ? {} : { base }),
    ...(cap === undefined ? {} : { cap }),
    ...(times === undefined ? {} : { times }),
    ...(deadline === undefined ? {} : { deadline })
  }
}
