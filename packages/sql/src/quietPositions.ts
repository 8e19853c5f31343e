/**
 * Remembers up to which position no customer changed since a time. A client that asks what changed since a recent date
 * begins at the beginning, and each of its questions would walk through the index up to the first change since then.
 * Customers only ever move to later positions, so what was quiet once stays quiet.
 */
import type { MerchantId } from "@tillbridge/domain"

interface Quiet {
  readonly since: number
  /** Every customer at this position or before it changed earlier than `since`. */
  readonly until: number
}

/** Clients ask with a few dates each. */
const mostDates = 16
const mostMerchants = 100

export const makeQuietPositions = () => {
  const merchants = new Map<MerchantId, ReadonlyArray<Quiet>>()

  /** The last position known to be quiet for this date, or 0. What is after the newest position is not believed. */
  const find = (merchant: MerchantId, since: number, newest: number): number => {
    let found = 0
    for (const quiet of merchants.get(merchant) ?? []) {
      if (quiet.since <= since && quiet.until <= newest) found = Math.max(found, quiet.until)
    }
    return found
  }

  const learn = (merchant: MerchantId, since: number, until: number): void => {
    if (until <= 0) return
    const known = merchants.get(merchant) ?? []
    if (known.length === 0 && merchants.size >= mostMerchants) merchants.clear()
    // Whoever is told by this one need not be kept; the newest come first, and the rest is forgotten.
    const others = known.filter((quiet) => quiet.since < since || quiet.until > until)
    merchants.set(merchant, [{ since, until }, ...others].slice(0, mostDates))
  }

  return { find, learn }
}
