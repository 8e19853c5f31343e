/** The domain's repositories on `effect/sql`, for any database that has a client for it. */
import type { Repositories, StorageError } from "@tillbridge/domain"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import { layerMigrations } from "./migrations.ts"
import { layerCards } from "./SqlCards.ts"
import { layerChangeFeed } from "./SqlChangeFeed.ts"
import { layerCredentials } from "./SqlCredentials.ts"
import { layerCustomers } from "./SqlCustomers.ts"
import { layerMerchants } from "./SqlMerchants.ts"
import { layerSync } from "./SqlSync.ts"
import { layerUnitOfWork } from "./SqlUnitOfWork.ts"

export { migrations } from "./migrations.ts"
export { commonFailure, FailureOf } from "./StorageFailures.ts"

/** All repositories over one database, brought to the newest schema first. */
export const layerRepositories: Layer.Layer<Repositories, StorageError, SqlClient.SqlClient> = Layer.mergeAll(
  layerMerchants,
  layerCustomers,
  layerCards,
  layerChangeFeed,
  layerCredentials,
  layerSync
).pipe(Layer.provide(layerMigrations), Layer.provideMerge(layerUnitOfWork))
