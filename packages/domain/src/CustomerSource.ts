/** Port: a system that customers can be read from, page by page, resumable at each checkpoint. */
import * as Context from "effect/Context"
import type * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type { Checkpoint } from "./Checkpoint.ts"
import type { CustomerChange, SourcePage, UnreadableRecord } from "./CustomerChange.ts"
import type { Capabilities } from "./Dialect.ts"
import type { SourceError } from "./SourceError.ts"

export class CustomerSource extends Context.Service<
  CustomerSource,
  {
    /** Name of the system in external ids: that of `CustomerChange.source`. */
    readonly system: string
    readonly capabilities: Capabilities
    /** Pages from the checkpoint on (`null`: from the beginning). Delivery is at least once. */
    readonly pages: (from: Checkpoint | null) => Stream.Stream<SourcePage, SourceError>
    /** Reads the payload of an unreadable record once more, as after an upgrade that can. */
    readonly reread: (payload: string) => Result.Result<CustomerChange, UnreadableRecord>
  }
>()("@tillbridge/domain/CustomerSource") {}
