/** What a run tells while it goes on. */
import type { Link, RunCounts } from "@tillbridge/domain"
import type { FieldDifference } from "./Agreement.ts"
import type { ChangeAction } from "./Writer.ts"

export type SyncEvent =
  | {
      readonly _tag: "Started"
      readonly link: Link
      readonly dryRun: boolean
      /** Whether it goes on where another run ended. */
      readonly resumed: boolean
      /** Customers known from earlier runs. */
      readonly known: number
    }
  /** A page is written; counts are those of the run so far. */
  | { readonly _tag: "PageWritten"; readonly counts: RunCounts; readonly hasMore: boolean }
  /** What a dry run would do with one customer, by its key at the source. */
  | {
      readonly _tag: "Planned"
      readonly key: string
      readonly action: ChangeAction | "remove"
      readonly differences: ReadonlyArray<FieldDifference>
    }
  /** A sweep is over. `missing`: known customers that it did not tell, and that the next one may remove. */
  | { readonly _tag: "Swept"; readonly sweep: number; readonly missing: number }
