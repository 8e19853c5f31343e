/** Port: a system that customers can be read from, page by page, resumable at each checkpoint. */
import * as Context from "effect/Context"
import type * as Stream from "effect/Stream"
import type { Checkpoint } from "./Checkpoint.ts"
import type { SourcePage } from "./CustomerChange.ts"
import type { Capabilities } from "./Dialect.ts"
import type { SourceError } from "./SourceError.ts"

export class CustomerSource extends Context.Service<
  CustomerSource,
  {
    readonly capabilities: Capabilities
    /** Pages from the checkpoint on (`null`: from the beginning). Delivery is at least once. */
    readonly pages: (from: Checkpoint | null) => Stream.Stream<SourcePage, SourceError>
  }
>()("@tillbridge/domain/CustomerSource") {}
