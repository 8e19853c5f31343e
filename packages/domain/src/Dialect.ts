/** What a dialect says of itself. The core asks capabilities and never a vendor's name. */

/** How a system tells what changed: a feed with a cursor, numbered pages, a window of dates, or everything at once. */
export type FeedKind = "cursor" | "pages" | "window" | "snapshot"

export interface Capabilities {
  readonly feed: FeedKind
  readonly canUpsertCustomer: boolean
  readonly canDeleteCustomer: boolean
  /** Cards come with customers when reading. */
  readonly carriesCards: boolean
  /** What it tells of a customer's cards is all of them: one that is not told is the customer's no more. */
  readonly carriesAllCards: boolean
  readonly canUpsertCard: boolean
  /** How the vendor's callers prove themselves. */
  readonly credentials: "key" | "login"
  readonly formats: ReadonlyArray<"xml" | "json" | "form">
}

export interface Dialect {
  readonly id: string
  readonly title: string
  readonly vendor: string
  /** Paths that the drop-in server answers, below its base path. */
  readonly paths: ReadonlyArray<string>
  readonly capabilities: Capabilities
}
