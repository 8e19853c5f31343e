/**
 * The name by which another system knows a customer or a card: `key` within `system`. Both are text, compared
 * exactly. One entity has at most one key per system, and a key names at most one entity of its kind per merchant.
 */
import * as Schema from "effect/Schema"
import { textOf } from "./Text.ts"

const Part = textOf(255).check(Schema.isNonEmpty({ message: "must not be empty" }))

export const ExternalId = Schema.Struct({ system: Part, key: Part })
export type ExternalId = typeof ExternalId.Type

/** The list with `added` in place: a key of the same system is replaced, the order by system is kept. */
export const withExternalIds = (
  current: ReadonlyArray<ExternalId>,
  added: ReadonlyArray<ExternalId>
): ReadonlyArray<ExternalId> => {
  if (added.length === 0) return current
  if (added.length === 1 && current.length === 0) return added
  const bySystem = new Map(current.map((id) => [id.system, id]))
  for (const id of added) bySystem.set(id.system, id)
  return [...bySystem.values()].sort((a, b) => (a.system < b.system ? -1 : a.system > b.system ? 1 : 0))
}

/** The key in one system, or `null`. */
export const externalKey = (ids: ReadonlyArray<ExternalId>, system: string): string | null => {
  for (const id of ids) if (id.system === system) return id.key
  return null
}
