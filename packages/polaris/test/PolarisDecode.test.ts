/** Records of a slice in one step say what they say in two: as a typed client first, and then as a change. */
import { assert, describe, it } from "@effect/vitest"
import { seedOf } from "@tillbridge/conformance"
import type { CustomerChange, UnreadableRecord } from "@tillbridge/domain"
import { Result } from "effect"
import * as fc from "fast-check"
import { RecordDecoder } from "../src/internal/decode.ts"
import { readChange, readRecord, unreadableClient, unreadableRecord } from "../src/internal/records.ts"
import { openReply, openSlice } from "../src/internal/reply.ts"
import { plainOf } from "../src/internal/wireTree.ts"
import { defaultNames as names, type DecodeContext } from "../src/index.ts"
import { TimeZone } from "@tillbridge/domain"

const context: DecodeContext = {
  timeZone: TimeZone.make("Europe/Paris"),
  system: "polaris",
  externalSystem: "SHOP",
  names
}

const member = fc.constantFrom(
  "Cle",
  "Nom",
  "nom",
  "PRENOM",
  "Sexe",
  "Email",
  "Mail",
  "CodeMagasin",
  "Mailing",
  "Critere1",
  "DateAnniversaire",
  "DateModification",
  "Autre",
  "Parrain",
  "MotDePasse",
  "Cartes"
)

const text = fc.constantFrom(
  "",
  " ",
  "a",
  "F",
  "true",
  "7",
  "0001-01-01T00:00:00",
  "1980-02-29T00:00:00",
  "31/12/1980",
  "2024-06-15T12:00:00.1234567+02:00",
  "2024-06-15T12:00:00",
  "x".repeat(300),
  "x".repeat(1_001),
  "é<&>"
)

const card = fc.dictionary(
  fc.constantFrom("Numero", "numero", "TypeCarte", "EstValide", "NombrePoints", "Puce"),
  text
)

const id = fc.constantFrom("1", "007", "9223372036854775807", "9223372036854775808", "x", "")

const odd = fc.constantFrom<unknown>(null, true, 1.5, "\u0000", "\ud800", {}, { a: "b" }, ["a"], [{ a: 1 }])

const record = fc
  .tuple(
    fc.option(id, { nil: undefined, freq: 9 }),
    fc.dictionary(member, fc.oneof(text, text, text, odd)),
    fc.array(card)
  )
  .map(([number, members, cards]) => ({
    ...(number === undefined ? {} : { IDClient: number }),
    ...members,
    ...(cards.length === 0 ? {} : { Cartes: cards })
  }))

const escape = (value: string) =>
  value
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\0\ud800]/g, "?")

/** As an element; lists of cards are elements of one name in their own. */
const xmlOf = (name: string, value: unknown): string => {
  if (value === null) return `<${name} i:nil="true"/>`
  if (Array.isArray(value))
    return `<${name}>${value.map((item) => xmlOf("InfoCarte", item)).join("")}</${name}>`
  if (typeof value !== "object") return `<${name}>${escape(String(value))}</${name}>`
  const members = Object.entries(value).map(([key, part]) => xmlOf(key, part))
  return `<${name}>${members.join("")}</${name}>`
}

interface Read {
  readonly changes: ReadonlyArray<CustomerChange>
  readonly unreadable: ReadonlyArray<UnreadableRecord>
}

const inOneStep = (slice: string): Read => {
  const changes: Array<CustomerChange> = []
  const unreadable: Array<UnreadableRecord> = []
  new RecordDecoder(context, new Set(["Telephone", "Critere2"])).readAll(
    recordsOf(slice),
    changes,
    unreadable
  )
  return { changes, unreadable: unreadable.map(whoseOnly) }
}

/** Of a record in which several things are wrong, either may be told. */
const whoseOnly = ({ source }: UnreadableRecord): UnreadableRecord => ({ source, reason: "", payload: "" })

const recordsOf = (slice: string) => {
  const opened = Result.getOrThrow(openReply(new TextEncoder().encode(slice), { names, secrets: [] }))
  return Result.getOrThrow(openSlice(opened, names)).records
}

const notFields = new Set(["IDClient", "Cle", "DateModification", "Cartes"])
const fields = Object.keys(names.client).filter((name) => !notFields.has(name))

const inTwoSteps = (slice: string): Read => {
  const changes: Array<CustomerChange> = []
  const unreadable: Array<UnreadableRecord> = []
  const known = new Set(["Telephone", "Critere2"])
  const values = recordsOf(slice).map(plainOf)
  for (const value of values) {
    for (const name of Object.keys(value as object)) {
      const found = fields.find((field) => field.toLowerCase() === name.toLowerCase())
      if (found !== undefined || name === "Mail") known.add(found ?? "Email")
    }
  }
  for (const value of values) {
    const wire = readRecord(value, names)
    if (Result.isFailure(wire)) {
      unreadable.push(unreadableRecord(unreadableClient(value, wire.failure, names), "polaris"))
      continue
    }
    const change = readChange(wire.success, context, known)
    if (Result.isSuccess(change)) changes.push(change.success)
    else unreadable.push(change.failure)
  }
  return { changes, unreadable: unreadable.map(whoseOnly) }
}

describe("records of a slice", () => {
  const seed = seedOf()

  it(`say the same in one step as in two, in both forms (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), fc.boolean(), (records, isXml) => {
        const slice = isXml
          ? `<FragmentedInfoClient xmlns:i="urn:i"><hasMoreResults>false</hasMoreResults><clients>${records
              .map((one) => xmlOf("InfoClient", one))
              .join("")}</clients></FragmentedInfoClient>`
          : JSON.stringify({ hasMoreResults: false, clients: records })
        assert.deepStrictEqual(inOneStep(slice), inTwoSteps(slice))
      }),
      { seed, numRuns: 400 }
    )
  })
})
