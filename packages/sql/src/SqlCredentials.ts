import type { CredentialId } from "@tillbridge/domain"
import {
  AlreadyTaken,
  type Credential,
  CredentialRepository,
  type MerchantId,
  type Scope,
  UnitOfWork
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Hex from "effect/encoding/Hex"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { merchantFromRow, type MerchantRow } from "./SqlMerchants.ts"
import { makeStoring } from "./StorageFailures.ts"

interface CredentialRow {
  readonly id: number
  readonly merchant_id: number
  readonly dialect: string
  readonly login: string | null
  readonly label: string | null
  readonly scopes: string
  readonly created_at: number
  readonly revoked_at: number | null
}

const credentialFromRow = (row: CredentialRow): Credential => ({
  id: row.id as CredentialId,
  merchantId: row.merchant_id as MerchantId,
  dialect: row.dialect,
  login: row.login,
  label: row.label,
  scopes: row.scopes.split(" ").filter((scope) => scope !== "") as Array<Scope>,
  createdAt: DateTime.makeUnsafe(row.created_at),
  revokedAt: row.revoked_at === null ? null : DateTime.makeUnsafe(row.revoked_at)
})

const columns = "id, merchant_id, dialect, login, label, scopes, created_at, revoked_at"

/** Credentials by digest; the salt of the digests is made with the database. */
export const layerCredentials = Layer.effect(
  CredentialRepository,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { atomically } = yield* UnitOfWork
    const storing = yield* makeStoring

    yield* atomically(
      sql`INSERT INTO settings (name, value)
VALUES ('credential salt', ${Hex.encode(crypto.getRandomValues(new Uint8Array(16)))})
ON CONFLICT (name) DO NOTHING`
    ).pipe(storing("credentials.salt"))
    const [setting] = yield* sql<{
      value: string
    }>`SELECT value FROM settings WHERE name = 'credential salt'`.pipe(storing("credentials.salt"))
    const salt = new TextEncoder().encode(setting!.value)

    const owned = (condition: Statement.Fragment) =>
      Effect.map(
        sql<CredentialRow & MerchantRow & { readonly credential_id: number }>`SELECT
  c.id AS credential_id, c.merchant_id, c.dialect, c.login, c.label, c.scopes, c.created_at, c.revoked_at,
  m.id, m.name, m.time_zone, m.external_key_prefix
FROM credentials AS c JOIN merchants AS m ON m.id = c.merchant_id
WHERE ${condition}`,
        ([row]) =>
          Option.map(Option.fromUndefinedOr(row), (row) => ({
            credential: credentialFromRow({ ...row, id: row.credential_id }),
            merchant: merchantFromRow(row)
          }))
      )

    return CredentialRepository.of({
      salt: Effect.succeed(salt),
      insert: (credential, digest) =>
        Effect.gen(function* () {
          const rows = yield* sql<CredentialRow>`INSERT INTO credentials
  (id, merchant_id, digest, dialect, login, label, scopes, created_at)
SELECT coalesce(max(id), 0) + 1, ${credential.merchantId}, ${Hex.encode(digest)}, ${credential.dialect},
  ${credential.login}, ${credential.label}, ${credential.scopes.join(" ")}, ${credential.createdAt.epochMilliseconds}
FROM credentials WHERE 1 = 1
ON CONFLICT (digest) DO NOTHING
RETURNING ${sql.literal(columns)}`
          const [made] = rows
          return made === undefined
            ? yield* new AlreadyTaken({ what: "credential" })
            : credentialFromRow(made)
        }).pipe(storing("credentials.insert")),
      byDigest: (digest) =>
        owned(sql`c.digest = ${Hex.encode(digest)}`).pipe(
          Effect.map(Option.map((found) => ({ ...found, digest }))),
          storing("credentials.byDigest")
        ),
      byId: (id) => owned(sql`c.id = ${id}`).pipe(storing("credentials.byId")),
      list: (merchant) =>
        sql<CredentialRow>`SELECT ${sql.literal(columns)} FROM credentials
${merchant === null ? sql.literal("") : sql`WHERE merchant_id = ${merchant}`} ORDER BY id`.pipe(
          Effect.map((rows) => rows.map(credentialFromRow)),
          storing("credentials.list")
        ),
      revoke: (id, at) =>
        sql`UPDATE credentials SET revoked_at = coalesce(revoked_at, ${at.epochMilliseconds})
WHERE id = ${id} RETURNING id`.pipe(
          Effect.map((rows) => rows.length > 0),
          storing("credentials.revoke")
        )
    })
  })
)
