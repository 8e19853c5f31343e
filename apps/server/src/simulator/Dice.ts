/** Random choices of the simulator: the same seed makes the same choices. */

/** What chance is asked of: from 0 up to 1. A program that drives many simulations gives its own. */
export interface Chance {
  readonly next: () => number
}

export interface Dice extends Chance {
  /** A whole number, both ends included. */
  readonly whole: (from: number, to: number) => number
  readonly happens: (probability: number) => boolean
  readonly pick: <A>(items: ReadonlyArray<A>) => A
  /** The same items in another order. */
  readonly shuffled: <A>(items: ReadonlyArray<A>) => Array<A>
}

/** mulberry32 */
export const chanceFrom = (seed: number): Chance => {
  let state = seed | 0
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }
  }
}

export const diceOf = ({ next }: Chance): Dice => {
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    whole,
    happens: (probability) => next() < probability,
    pick: (items) => items[whole(0, items.length - 1)]!,
    shuffled: (items) => {
      const out = [...items]
      for (let last = out.length - 1; last > 0; last--) {
        const other = whole(0, last)
        ;[out[last], out[other]] = [out[other]!, out[last]!]
      }
      return out
    }
  }
}
