/** What the worker needs to know of a link. */
import type { CustomerDestination, CustomerSource, Link, MerchantId } from "@tillbridge/domain"
import type { Matching } from "@tillbridge/sync"
import type * as Duration from "effect/Duration"

export interface WorkerLink {
  /** As in the settings. */
  readonly name: string
  readonly link: Link
  readonly merchant: MerchantId
  /** From the end of one run to the beginning of the next. */
  readonly every: Duration.Duration
  readonly source: CustomerSource["Service"]
  readonly destination: CustomerDestination["Service"] | "store"
  readonly matching: Matching
  /** In percent; `undefined`: the engine's own. */
  readonly maxDeletePercent: number | undefined
  /** When its settings were last written, in milliseconds since 1970: a pause from before then is over. */
  readonly configuredAt: number
}

/** For people. */
export const titleOf = ({ link }: WorkerLink): string => `${link.from} to ${link.to}`
