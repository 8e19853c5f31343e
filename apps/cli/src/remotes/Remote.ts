/** A remote: one system of a vendor, reached through its dialect and named in the settings. */
import type { CustomerDestination, CustomerSource, SourceError } from "@tillbridge/domain"
import type { TrafficReport } from "@tillbridge/wire"
import type * as Effect from "effect/Effect"

export type { TrafficReport } from "@tillbridge/wire"

/** One thing that was tried. */
export interface RemoteStep {
  readonly step: "reach" | "credential" | "read"
  readonly outcome: "ok" | "failed" | "not tried"
  readonly detail: string
}

/** As far as it can be told without writing. */
export type Right = "yes" | "no" | "unknown"

/** What a test of a remote found. Nothing is written by it. */
export interface RemoteTest {
  readonly steps: ReadonlyArray<RemoteStep>
  /** What stopped it; `null` when everything went well. */
  readonly failure: SourceError | null
  readonly rights: {
    readonly read: Right
    readonly write: Right
    /** Whether cards come with customers. */
    readonly readCards: Right
    readonly writeCards: Right
    /** Why writing is not possible, or what is not known of it. */
    readonly note: string
  }
  /** From the last byte of a request to the head of its answer, the shortest of those seen. */
  readonly latencyMillis: number | null
  /** By how much the remote's clock is ahead of ours, from its `Date` header, to a second; 0 within that. */
  readonly clockSkewSeconds: number | null
  /** SHA-256 of the certificate, where the remote is known by it. */
  readonly fingerprint: string | null
  /** What a careful person would change. */
  readonly warnings: ReadonlyArray<string>
}

export interface Remote {
  /** As in the settings; also the `system` of external ids. */
  readonly name: string
  readonly dialect: string
  readonly source: CustomerSource["Service"]
  /** `null`: the vendor's API cannot be written to. */
  readonly destination: CustomerDestination["Service"] | null
  readonly traffic: Effect.Effect<TrafficReport>
  /** Never fails: a failure is part of what was found. */
  readonly test: Effect.Effect<RemoteTest>
}
