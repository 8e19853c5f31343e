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

const signedText = (scope: CheckpointScope, position: number | string): string =>
  JSON.stringify(["c1", scope.merchant, scope.sinceMillis, scope.store, scope.prefix, position])

const signed = (scope: CheckpointScope, position: number): Uint8Array =>
  encoder.encode(signedText(scope, position))

const foreign = () =>
  new BadCall({
    code: "InvalidCheckPoint",
    info: "checkPoint n'est pas une reprise de cet appel : mêmes arguments que l'appel précédent attendus"
  })

const POSITION_BYTES = 8

/** What was last found, by its question. Two generations of at most so many. */
const remembered = <A>(most: number) => {
  let young = new Map<string, A>()
  let old = young
  const set = (question: string, found: A): void => {
    if (young.size >= most) {
      old = young
      young = new Map()
    }
    young.set(question, found)
  }
  return { get: (question: string): A | undefined => young.get(question) ?? old.get(question), set }
}

/**
 * With one key, which the processes of a server may share. Signing leaves the thread, which costs more than the rest of
 * a slice: so what was written or proved lately is remembered, under all that was signed.
 */
export const makeCheckpoints = (mac: Mac.Mac["Service"], key: Mac.Key) => {
  const written = remembered<string>(1_000)
  const proved = remembered<ChangePosition>(1_000)

  const sign = (scope: CheckpointScope, position: ChangePosition): Effect.Effect<string> =>
    mac.sign(key, signed(scope, position)).pipe(
      Effect.map((tag) => {
        const bytes = new Uint8Array(POSITION_BYTES + tag.length)
        new DataView(bytes.buffer).setBigUint64(0, BigInt(position))
        bytes.set(tag, POSITION_BYTES)
        return Base64Url.encode(bytes)
      }),
      Effect.orDie
    )

  const write = (scope: CheckpointScope, position: ChangePosition): Effect.Effect<string> => {
    const question = signedText(scope, position)
    const known = written.get(question)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.tap(sign(scope, position), (text) => Effect.sync(() => written.set(question, text)))
  }

  const prove = Effect.fnUntraced(function* (scope: CheckpointScope, text: string) {
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

  const read = (scope: CheckpointScope, text: string): Effect.Effect<ChangePosition, BadCall> => {
    const question = signedText(scope, text)
    const known = proved.get(question)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.tap(prove(scope, text), (position) => Effect.sync(() => proved.set(question, position)))
  }

  return { write, read }
}

export type Checkpoints = ReturnType<typeof makeCheckpoints>
