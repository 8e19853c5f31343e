/** A customer as a flat CSV row: nested fields under dotted names, an external id in a column of its system. */
import type { Customer } from "@tillbridge/domain"
import { didYouMean } from "../Suggest.ts"

export type EncodedCustomer = typeof Customer.Encoded

/** `stamp` is written and not read: it is the store's own. An empty `null` cell clears the field, others leave it. */
type Kind = "text" | "integer" | "boolean" | "json" | "stamp"
type Empty = "clears" | "leaves"
type Column = readonly [name: string, kind: Kind, empty: Empty]

const columns: ReadonlyArray<Column> = [
  ["id", "integer", "leaves"],
  ["title", "text", "clears"],
  ["firstName", "text", "clears"],
  ["middleName", "text", "clears"],
  ["lastName", "text", "clears"],
  ["gender", "text", "clears"],
  ["birthDate.day", "integer", "clears"],
  ["birthDate.month", "integer", "clears"],
  ["birthDate.year", "integer", "clears"],
  ["email", "text", "clears"],
  ["phone", "text", "clears"],
  ["mobilePhone", "text", "clears"],
  ["address.line1", "text", "clears"],
  ["address.line2", "text", "clears"],
  ["address.line3", "text", "clears"],
  ["address.postalCode", "text", "clears"],
  ["address.city", "text", "clears"],
  ["address.country", "text", "clears"],
  ["company.name", "text", "clears"],
  ["company.vatNumber", "text", "clears"],
  ["language", "text", "clears"],
  ["consents.push", "boolean", "leaves"],
  ["consents.email", "boolean", "leaves"],
  ["consents.sms", "boolean", "leaves"],
  ["notes", "text", "clears"],
  ["discountPercent", "text", "clears"],
  ["accumulatedSales", "text", "leaves"],
  ["registeredAt", "text", "clears"],
  ["registeredIn", "integer", "clears"],
  ["group.id", "integer", "leaves"],
  ["group.name", "text", "clears"],
  ["createdAt", "text", "leaves"],
  ["createdBy", "integer", "clears"],
  ["updatedAt", "stamp", "leaves"],
  ["updatedBy", "stamp", "leaves"],
  ["version", "stamp", "leaves"],
  ["extensions", "json", "leaves"],
  /** External ids of systems that have no column of their own. */
  ["externalIds", "json", "leaves"]
]

const externalPrefix = "externalId."
const byName = new Map(columns.map((column) => [column[0], column]))

/** The heading for these systems. */
export const headingOf = (systems: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...columns.map(([name]) => name),
  ...systems.map((system) => externalPrefix + system)
]

const cellOf = (customer: EncodedCustomer, name: string): string => {
  const dot = name.indexOf(".")
  const top = (customer as Record<string, unknown>)[dot === -1 ? name : name.slice(0, dot)]
  const value = dot === -1 ? top : (top as Record<string, unknown> | null)?.[name.slice(dot + 1)]
  if (value === null || value === undefined) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** The cells of a customer under `headingOf(systems)`. */
export const cellsOf = (customer: EncodedCustomer, systems: ReadonlyArray<string>): ReadonlyArray<string> => {
  const keys = new Map(customer.externalIds.map(({ key, system }) => [system, key]))
  const others = customer.externalIds.filter(({ system }) => !systems.includes(system))
  return [
    ...columns.map(([name]) => {
      if (name === "externalIds") return others.length === 0 ? "" : JSON.stringify(others)
      const cell = cellOf(customer, name)
      return name === "extensions" && cell === "{}" ? "" : cell
    }),
    ...systems.map((system) => keys.get(system) ?? "")
  ]
}

/** What is wrong with the heading of a file, if anything is. */
export const headingProblem = (heading: ReadonlyArray<string>): string | null => {
  const seen = new Set<string>()
  for (const name of heading) {
    if (seen.has(name)) return `the column "${name}" stands twice in the heading`
    seen.add(name)
    if (byName.has(name) || (name.startsWith(externalPrefix) && name.length > externalPrefix.length)) continue
    const hint = didYouMean(name, [...byName.keys(), `${externalPrefix}SYSTEM`])
    return name === ""
      ? "a column in the heading has no name"
      : `unknown column "${name}" in the heading.${hint}`
  }
  return null
}

const valueOf = (cell: string, kind: Kind): unknown => {
  switch (kind) {
    case "integer":
      return /^-?[0-9]{1,16}$/.test(cell) ? Number(cell) : cell
    case "boolean":
      return cell === "true" ? true : cell === "false" ? false : cell
    case "json":
      try {
        return JSON.parse(cell)
      } catch {
        return cell
      }
    default:
      return cell
  }
}

/** Builds a record, still to be decoded, from the cells under this heading. */
export const recordBuilder = (heading: ReadonlyArray<string>) => {
  const plan = heading.map((name) => {
    const system = name.startsWith(externalPrefix) ? name.slice(externalPrefix.length) : null
    const column: Column = byName.get(name) ?? [name, "text", "leaves"]
    const dot = system === null ? name.indexOf(".") : -1
    return { column, system, parent: dot === -1 ? null : name.slice(0, dot), field: name.slice(dot + 1) }
  })
  return (cells: ReadonlyArray<string>): Record<string, unknown> => {
    const record: Record<string, unknown> = {}
    const externalIds: Array<unknown> = []
    for (let i = 0; i < plan.length; i++) {
      const {
        column: [name, kind, empty],
        field,
        parent,
        system
      } = plan[i]!
      const cell = cells[i]!
      if (kind === "stamp" || (cell === "" && empty === "leaves")) continue
      const value = cell === "" ? null : valueOf(cell, kind)
      if (system !== null) externalIds.push({ system, key: cell })
      else if (name === "externalIds") externalIds.push(...(Array.isArray(value) ? value : [value]))
      else if (parent === null) record[field] = value
      else ((record[parent] ??= {}) as Record<string, unknown>)[field] = value
    }
    if (externalIds.length > 0) record["externalIds"] = externalIds
    const group = record["group"] as { id?: unknown; name?: unknown } | undefined
    // No name: no group, unless the number of one stands there; JSON has no other way to say "none" either.
    if (group !== undefined && group.name === null)
      record["group"] = group.id === undefined ? null : { id: group.id }
    return record
  }
}
