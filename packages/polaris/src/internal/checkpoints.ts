/**
 * The resume point of a slice: the position of its last change, signed together with the merchant and the arguments
 * that must stay the same, so that a changed, foreign or misapplied one is refused. Callers treat it as opaque text.
 */
import type { ChangePosition, MerchantId } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Mac from "effect/crypto/Mac"
import * as Base64Url from "effect/encoding/Base64Url"
import { BadCall } from "./errors.ts"

/** What a checkpoint is good for. `limit` may change on the way. */
export interface CheckpointScope {
  readonly merchant: MerchantId
  readonly sinceMillis: number
  readonly store: number
  readonly prefix: string | null
}

const encoder = new TextEncoder()

const signed = (scope: CheckpointScope, position: number): Uint8Array =>
  encoder.encode(
    JSON.stringify(["c1", scope.merchant, scope.sinceMillis, scope.store, scope.prefix, position])
  )

const foreign = () =>
  new BadCall({
    code: "InvalidCheckPoint",
    info: "checkPoint n'est pas une reprise de cet appel : mêmes arguments que l'appel précédent attendus"
  })

const POSITION_BYTES = 8

/** With one key, which the processes of a server may share. */
export const makeCheckpoints = (mac: Mac.Mac["Service"], key: Mac.Key) => ({
  write: (scope: CheckpointScope, position: ChangePosition): Effect.Effect<string> =>
    mac.sign(key, signed(scope, position)).pipe(
      Effect.map((tag) => {
        const bytes = new Uint8Array(POSITION_BYTES + tag.length)
        new DataView(bytes.buffer).setBigUint64(0, BigInt(position))
        bytes.set(tag, POSITION_BYTES)
        return Base64Url.encode(bytes)
      }),
      Effect.orDie
    ),
  read: Effect.fnUntraced(function* (scope: CheckpointScope, text: string) {
    const decoded = text.length <= 100 ? Base64Url.decode(text) : undefined
    if (decoded === undefined || Result.isFailure(decoded) || decoded.success.length <= POSITION_BYTES) {
      return yield* foreign()
    }
    const bytes = decoded.success
    // A last character has spare bits: only one spelling is taken.
    if (Base64Url.encode(bytes) !== text) return yield* foreign()
    const position = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
    if (!Number.isSafeInteger(position)) return yield* foreign()
    const tag = bytes.slice(POSITION_BYTES)
    const good = yield* mac.verify(key, tag, signed(scope, position)).pipe(Effect.orElseSucceed(() => false))
    return good ? (position as ChangePosition) : yield* foreign()
  })
})

export type Checkpoints = ReturnType<typeof makeCheckpoints>
