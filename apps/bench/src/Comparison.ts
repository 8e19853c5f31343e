/** One line of the report, and the arithmetic behind it. */

export interface Rates {
  readonly unit: string
  readonly ours: number
  readonly theirs: number
  readonly ratio: number
  /** The loader was near its own limit, so these rates are floors and the CPU ratio alone is judged. */
  readonly isLoaderBound: boolean
}

export interface Comparison {
  readonly row: string
  readonly contender: string
  readonly baseline: string
  readonly unit: string
  readonly ours: number
  readonly theirs: number
  /** Above 1 the contender is better. */
  readonly ratio: number
  /** Lowest and highest ratio of a round. */
  readonly range: readonly [number, number]
  readonly rates: Rates | null
  readonly target: string | null
  readonly isMet: boolean | null
  /** What makes the line doubtful: wrong answers, records that differ. */
  readonly remarks: ReadonlyArray<string>
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

export interface Sample {
  /** CPU time per unit of work. */
  readonly cost: number
  /** Units of work per second. */
  readonly rate: number
  readonly loaderShare: number
}

/**
 * The ratio is the median of the rounds' own ratios: what disturbs one round of a shared machine disturbs
 * both sides of it, and goes out with that round.
 */
export const compare = (
  about: Pick<Comparison, "row" | "contender" | "baseline" | "unit" | "remarks"> & {
    readonly rateUnit: string
  },
  ours: ReadonlyArray<Sample>,
  theirs: ReadonlyArray<Sample>,
  target: number | null
): Comparison => {
  const { rateUnit, ...rest } = about
  const costs = ours.map((sample, round) => (theirs[round]?.cost ?? Number.NaN) / sample.cost)
  const rates = ours.map((sample, round) => sample.rate / (theirs[round]?.rate ?? Number.NaN))
  const of = (samples: ReadonlyArray<Sample>, key: keyof Sample): number =>
    median(samples.map((one) => one[key]))
  const ratio = median(costs)
  const rateRatio = median(rates)
  const isLoaderBound = Math.max(of(ours, "loaderShare"), of(theirs, "loaderShare")) > 0.85
  return {
    ...rest,
    ours: of(ours, "cost"),
    theirs: of(theirs, "cost"),
    ratio,
    range: [Math.min(...costs), Math.max(...costs)],
    rates: {
      unit: rateUnit,
      ours: of(ours, "rate"),
      theirs: of(theirs, "rate"),
      ratio: rateRatio,
      isLoaderBound
    },
    target: target === null ? null : `>= ${target}x`,
    isMet: target === null ? null : ratio >= target && (isLoaderBound || rateRatio >= target)
  }
}
