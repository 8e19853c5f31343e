/** Random choices that one seed repeats: `TILLBRIDGE_SEED=… npx vitest run …` runs a failure again. */

export interface Random {
  readonly seed: number
  /** From 0 up to 1. */
  readonly next: () => number
  /** A whole number from 0 to below `bound`. */
  readonly below: (bound: number) => number
  /** From `minimum` to `maximum`, both included. */
  readonly integer: (minimum: number, maximum: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(items: ReadonlyArray<A>) => A
}

/** The seed of this run; tests put it into their title. */
export const seedOf = (): number => {
  const given = Number(process.env["TILLBRIDGE_SEED"])
  return Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1
}

/** mulberry32 */
export const randomFrom = (seed: number): Random => {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    seed,
    next,
    below,
    integer: (minimum, maximum) => minimum + below(maximum - minimum + 1),
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!
  }
}
