import { UnitOfWork } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { makeStoring } from "./StorageFailures.ts"

/** Units of work as database transactions; a nested unit joins the outer one. */
export const layerUnitOfWork = Layer.effect(
  UnitOfWork,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const storing = yield* makeStoring
    return UnitOfWork.of({
      atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.serviceOption(sql.transactionService).pipe(
          Effect.flatMap((outer): Effect.Effect<A, E | SqlError.SqlError, R> =>
            outer._tag === "Some" ? effect : sql.withTransaction(effect)
          ),
          storing("transaction")
        ) as never
    })
  })
)
