/** How SQLite goes about the statements that an effect prepares. */
import type { Repositories } from "@tillbridge/domain"
import { type Context, Effect } from "effect"
import { DatabaseSync } from "node:sqlite"

export interface Plan {
  readonly text: string
  readonly steps: ReadonlyArray<string>
}

/** The plans of those whose text matches, in the order of their preparation. */
export const plansOf = <A, E>(
  file: string,
  effect: Effect.Effect<A, E, Repositories>,
  store: Context.Context<Repositories>,
  which: RegExp
) =>
  Effect.gen(function* () {
    const { prepare } = DatabaseSync.prototype
    const texts = new Set<string>()
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
      texts.add(sql)
      return prepare.call(this, sql)
    } as typeof prepare
    yield* Effect.provide(effect, store).pipe(
      Effect.ensuring(Effect.sync(() => (DatabaseSync.prototype.prepare = prepare)))
    )
    const database = new DatabaseSync(file)
    try {
      return [...texts]
        .filter((text) => which.test(text))
        .map((text): Plan => ({
          text,
          steps: database
            .prepare(`EXPLAIN QUERY PLAN ${text}`)
            .all(...Array<number>((text.match(/\?/g) ?? []).length).fill(1))
            .map(({ detail }) => String(detail))
        }))
    } finally {
      database.close()
    }
  })
