/** Reads the records of a server's answers, and says where two servers do not tell the same. */
import { XMLParser } from "fast-xml-parser"
import { ask, type Call } from "./Calls.ts"
import type { Server } from "./Fleet.ts"

export type Format = "json" | "xml"

export type WireRecord = Readonly<Record<string, unknown>>

/** Where the records are in an answer: the names on the way to them. */
export type Place = Readonly<Partial<Record<Format, ReadonlyArray<string>>>>

/** Elements that are lists even when there is only one. */
const listed = new Set([
  "customer",
  "InfoClient",
  "InfoCarte",
  "ClientInfoPeriodResponse.ClientInfoPeriodClient"
])

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => listed.has(name) })

const member = (value: unknown, name: string): unknown =>
  (value as Readonly<Record<string, unknown>> | null | undefined)?.[name]

export const parseAnswer = (format: Format, text: string): unknown =>
  format === "json" ? JSON.parse(text) : parser.parse(text)

export const recordsAt = (answer: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<WireRecord> => {
  const found = path.reduce(member, answer)
  return Array.isArray(found) ? (found as ReadonlyArray<WireRecord>) : []
}

export const parseRecords = (format: Format, text: string, place: Place): ReadonlyArray<WireRecord> =>
  recordsAt(parseAnswer(format, text), place[format])

/** All that a server lists, and the requests that made it: what a row then asks for again and again. */
export interface Listed {
  readonly records: ReadonlyArray<WireRecord>
  readonly calls: ReadonlyArray<Call>
  /** Bytes of the answer to each call. */
  readonly lengths: ReadonlyArray<number>
  /** What showed who is calling, where it is no part of the path. */
  readonly access: Readonly<Record<string, string>>
}

/** Asks call after call; `next` makes each from the answer before it, and ends with `null`. */
export const walk = async (
  server: Server,
  format: Format,
  place: Place,
  access: Listed["access"],
  next: (index: number, answer: unknown) => Call | null
): Promise<Listed> => {
  const records: Array<WireRecord> = []
  const calls: Array<Call> = []
  const lengths: Array<number> = []
  for (let call = next(0, null); call !== null;) {
    const { text } = await ask(server, call)
    const answer = parseAnswer(format, text)
    calls.push(call)
    lengths.push(Buffer.byteLength(text))
    records.push(...recordsAt(answer, place[format]))
    call = next(calls.length, answer)
  }
  return { records, calls, lengths, access }
}

/** Ids, stamps and locked passwords are each server's own; a record is the same when everything else is. */
const ownToVirtpos = ["id", "group_id", "created_date", "created_by", "last_update_date", "last_update_by"]
const own = new Set([...ownToVirtpos, "IDClient", "DateModification", "clcleunik", "password", "Client"])

/** Absent, null and empty mean the same here, and so do 1 and "1": both are open in the vendors' JSON. */
const plain = (value: unknown): string =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "")

export const difference = (
  ours: ReadonlyArray<WireRecord>,
  theirs: ReadonlyArray<WireRecord>
): string | null => {
  if (ours.length !== theirs.length) return `${ours.length} records where the baseline has ${theirs.length}`
  for (const [index, record] of ours.entries()) {
    const other = theirs[index] ?? {}
    const field = Object.keys({ ...record, ...other }).find((name) => {
      if (own.has(name)) return false
      const [left, right] = [plain(record[name]), plain(other[name])]
      return left !== right && !(name === "accumulated_sales" && Number(left) === Number(right))
    })
    if (field !== undefined)
      return `record ${index + 1} differs in ${field}: "${plain(record[field])}", baseline "${plain(other[field])}"`
  }
  return null
}
