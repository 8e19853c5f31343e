/** Reads every customer back from a server, and says where two servers do not tell the same. */
import { XMLParser } from "fast-xml-parser"
import { fields } from "./Customers.ts"
import { customersServed, type Server } from "./Fleet.ts"
import { CommandFailed } from "./Subprocess.ts"

export type WireRecord = Readonly<Record<string, unknown>>

export const pageSize = 200
export const pages = customersServed / pageSize

export const pagePath = (server: Server, format: string, page: number): string =>
  `/api/customer?apikey=${server.apikey}&format=${format}&page=${page}&page_size=${pageSize}`

export const body = async (server: Server, path: string): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`)
  const text = await answer.text()
  if (answer.status === 200) return text
  const about = path.replace(server.apikey, "…")
  throw new CommandFailed(
    `${server.participant.name}: status ${answer.status} for ${about}: ${text.slice(0, 200)}`
  )
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "customer" })

export const parseRecords = (format: string, text: string): ReadonlyArray<WireRecord> => {
  if (format === "json")
    return (JSON.parse(text) as { customers?: ReadonlyArray<WireRecord> }).customers ?? []
  const root = (parser.parse(text) as { root?: { customers?: { customer?: ReadonlyArray<WireRecord> } } })
    .root
  return root?.customers?.customer ?? []
}

export interface Listed {
  readonly records: ReadonlyArray<WireRecord>
  /** Bytes of each page, in order. */
  readonly lengths: ReadonlyArray<number>
}

export const listAll = async (server: Server, format: string): Promise<Listed> => {
  const records: Array<WireRecord> = []
  const lengths: Array<number> = []
  for (let page = 1; page <= pages; page++) {
    const text = await body(server, pagePath(server, format, page))
    lengths.push(Buffer.byteLength(text))
    records.push(...parseRecords(format, text))
  }
  return { records, lengths }
}

/** Ids and stamps are each server's own; a customer is the same when everything else is. */
const own = new Set(["id", "group_id", "created_date", "created_by", "last_update_date", "last_update_by"])

/** Absent, null and empty mean the same here, and so do 1 and "1": both are open in the vendor's JSON. */
const plain = (value: unknown): string => (typeof value === "string" ? value : String(value ?? ""))

export const difference = (
  ours: ReadonlyArray<WireRecord>,
  theirs: ReadonlyArray<WireRecord>
): string | null => {
  if (ours.length !== theirs.length) return `${ours.length} records where the baseline has ${theirs.length}`
  for (const [index, record] of ours.entries()) {
    const other = theirs[index] ?? {}
    const field = fields.find((name) => {
      if (own.has(name)) return false
      const [left, right] = [plain(record[name]), plain(other[name])]
      return left !== right && !(name === "accumulated_sales" && Number(left) === Number(right))
    })
    if (field !== undefined)
      return `record ${index + 1} differs in ${field}: "${plain(record[field])}", baseline "${plain(other[field])}"`
  }
  return null
}
