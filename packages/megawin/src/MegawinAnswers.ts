/**
 * Saved answers and calls of this dialect, without an account at the other end. A list is read and written while it
 * comes. There is no store to ask here: a customer without a key at the vendor goes by its own id.
 * Source: API Documentation - Customer List, Update.
 */
import {
  type CodecContext,
  type CustomerRecord,
  type CustomerWithCards,
  type DialectCodec,
  externalKey,
  InvalidField,
  MerchantId
} from "@tillbridge/domain"
import { parseJson } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { joinRecords, listHead, listTail } from "./internal/answers.ts"
import { KEY_SYSTEM } from "./internal/keys.ts"
import { makeLockedValues } from "./internal/lockedValues.ts"
import { readUpdate, valuesOfJson } from "./internal/parameters.ts"
import { asFailure, readCustomers } from "./internal/reply.ts"
import { customerChange, DIALECT, encodeKey, encodeRest, updateParameters } from "./MegawinCodec.ts"

const encoder = new TextEncoder()

const readAnswer = <E>(bytes: Stream.Stream<Uint8Array, E>, { timeZone }: CodecContext) =>
  readCustomers(bytes).pipe(
    Stream.map((member) =>
      Result.mapBoth(member, {
        onSuccess: (record) => customerChange(record, { timeZone, system: DIALECT }),
        onFailure: asFailure
      })
    )
  )

/** The values of a saved answer belong to no merchant; they are of a secret of their own. */
const nobodys = MerchantId.make(1)

const writeAnswer = <E>(
  customers: Stream.Stream<CustomerWithCards, E>,
  _format: "xml" | "json",
  { timeZone }: CodecContext
): Stream.Stream<Uint8Array, E> =>
  Stream.unwrap(
    Effect.map(makeLockedValues, (values) => {
      let begun = false
      const records = Stream.mapArrayEffect(customers, (some) =>
        Effect.map(
          values.of(
            nobodys,
            some.map(({ customer }) => customer.id)
          ),
          (locked) => {
            const bytes = some.map(({ customer }) => {
              const key = externalKey(customer.externalIds, KEY_SYSTEM) ?? String(customer.id)
              const rest = encodeRest(customer, { timeZone, locked: locked(customer.id) })
              return [encoder.encode(encodeKey(key) + rest)]
            })
            const joined = joinRecords(bytes, begun)
            begun = true
            return [joined] as const
          }
        )
      )
      return Stream.make(listHead).pipe(Stream.concat(records), Stream.concat(Stream.make(listTail)))
    })
  )

/** The body of an update; `id_client` where the customer has a key at the vendor. */
const writeCall = (record: CustomerRecord): string => {
  const key = externalKey(record.externalIds ?? [], KEY_SYSTEM)
  return JSON.stringify({ ...(key === null ? {} : { id_client: key }), ...updateParameters(record) })
}

const wrong = (reason: string) => Result.fail(new InvalidField({ field: "body", reason }))

const readCall = (text: string): Result.Result<CustomerRecord, InvalidField> => {
  const parsed = parseJson(text, { refuseDuplicateKeys: true })
  if (Result.isFailure(parsed)) return wrong(`is no JSON: ${parsed.failure.reason}`)
  const body = parsed.success
  if (typeof body !== "object" || body === null || Array.isArray(body)) return wrong("must be a JSON object")
  return valuesOfJson(body as Readonly<Record<string, unknown>>).pipe(
    Result.flatMap((values) => {
      const key = values.get("id_client")?.trim() ?? ""
      const said = { get: (name: string) => values.get(name)?.trim(), hasPassword: false }
      return Result.map(readUpdate(said), (patch) =>
        key === "" ? patch : { ...patch, externalIds: [{ system: KEY_SYSTEM, key }] }
      )
    })
  )
}

/** Answers and calls of Megawin as text. */
export const megawinCodec: DialectCodec = {
  dialect: DIALECT,
  formats: ["json"],
  readAnswer,
  writeAnswer,
  writeCall,
  readCall
}
