/** The messages between the runner and the loader, which is a process of its own on its own CPU. */

/**
 * One request, ready to be written to a socket, and the lengths of body that are plausible for its answer.
 */
export interface Shot {
  readonly raw: string
  readonly shortest: number
  readonly longest: number
}

export interface Job {
  readonly port: number
  readonly connections: number
  readonly total: number
  /** Fired in this order from the `first` on, round and round, by whichever connection is free. */
  readonly shots: ReadonlyArray<Shot>
  readonly first: number
}

export interface Outcome {
  readonly seconds: number
  readonly bytes: number
  /** The first few things that were not as they should be; empty when all was well. */
  readonly problems: ReadonlyArray<string>
  /** Share of the wall time the loader was busy itself: near 1, it was the limit and not the server. */
  readonly loaderShare: number
}

export type ToLoader = { readonly kind: "job"; readonly job: Job } | { readonly kind: "go" }
export type FromLoader = { readonly kind: "connected" } | { readonly kind: "done"; readonly outcome: Outcome }
