/**
 * The schema, as numbered steps. Each step runs in the transaction that also records it, so a process killed half-way
 * leaves the old schema. A database with a step this program does not know is refused: it belongs to a newer one.
 *
 * Instants are milliseconds since 1970 UTC, money and JSON are text, booleans 0 or 1: the same on every database.
 */
import { StorageError, UnitOfWork } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { makeStoring } from "./StorageFailures.ts"

const audit = `
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  updated_at BIGINT NOT NULL,
  updated_by BIGINT`

const first = [
  `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
  `CREATE TABLE merchants (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  external_key_prefix TEXT,
  next_position BIGINT NOT NULL DEFAULT 1,
  next_customer_id BIGINT NOT NULL DEFAULT 1,
  next_card_id BIGINT NOT NULL DEFAULT 1,
  customers_revision BIGINT NOT NULL DEFAULT 1
)`,
  `CREATE TABLE stores (
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (merchant_id, id)
)`,
  `CREATE TABLE store_lists (
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  store_ids TEXT NOT NULL,
  PRIMARY KEY (merchant_id, id)
)`,
  `CREATE TABLE directory_entries (
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  directory TEXT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (merchant_id, directory, id),
  UNIQUE (merchant_id, directory, name)
)`,
  `CREATE TABLE customers (
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  phone_key TEXT,
  mobile_phone_key TEXT,
  email_key TEXT,
  external_ids TEXT NOT NULL,
  title TEXT,
  first_name TEXT,
  middle_name TEXT,
  last_name TEXT,
  gender TEXT,
  birth_day INTEGER,
  birth_month INTEGER,
  birth_year INTEGER,
  email TEXT,
  phone TEXT,
  mobile_phone TEXT,
  address TEXT,
  company_name TEXT,
  vat_number TEXT,
  language TEXT,
  consents INTEGER NOT NULL,
  notes TEXT,
  discount_percent TEXT,
  accumulated_sales TEXT NOT NULL,
  registered_at BIGINT,
  registered_in BIGINT,
  extensions TEXT,
  group_id BIGINT,
  group_name TEXT,${audit},
  PRIMARY KEY (merchant_id, id)
)`,
  `CREATE UNIQUE INDEX customers_by_version ON customers (merchant_id, version)`,
  `CREATE INDEX customers_by_phone ON customers (merchant_id, phone_key) WHERE phone_key IS NOT NULL`,
  `CREATE INDEX customers_by_mobile ON customers (merchant_id, mobile_phone_key) WHERE mobile_phone_key IS NOT NULL`,
  `CREATE INDEX customers_by_email ON customers (merchant_id, email_key) WHERE email_key IS NOT NULL`,
  `CREATE TABLE customer_external_ids (
  merchant_id BIGINT NOT NULL,
  system TEXT NOT NULL,
  key TEXT NOT NULL,
  customer_id BIGINT NOT NULL,
  PRIMARY KEY (merchant_id, system, key)
)`,
  `CREATE TABLE cards (
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  external_ids TEXT NOT NULL,
  number TEXT NOT NULL,
  ean13 TEXT,
  barcode TEXT,
  medium TEXT,
  status TEXT NOT NULL,
  activated_at BIGINT,
  blocked_at BIGINT,
  customer_id BIGINT,
  registered_at BIGINT,
  registered_in BIGINT,
  extensions TEXT,
  type_id BIGINT,
  type_name TEXT,${audit},
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, number)
)`,
  `CREATE UNIQUE INDEX cards_by_version ON cards (merchant_id, version)`,
  `CREATE INDEX cards_by_barcode ON cards (merchant_id, barcode) WHERE barcode IS NOT NULL`,
  `CREATE INDEX cards_by_ean13 ON cards (merchant_id, ean13) WHERE ean13 IS NOT NULL`,
  `CREATE INDEX cards_by_customer ON cards (merchant_id, customer_id) WHERE customer_id IS NOT NULL`,
  `CREATE INDEX cards_by_registration ON cards (merchant_id, registered_at, id)`,
  `CREATE TABLE card_external_ids (
  merchant_id BIGINT NOT NULL,
  system TEXT NOT NULL,
  key TEXT NOT NULL,
  card_id BIGINT NOT NULL,
  PRIMARY KEY (merchant_id, system, key)
)`,
  `CREATE TABLE removals (
  merchant_id BIGINT NOT NULL,
  position BIGINT NOT NULL,
  entity TEXT NOT NULL,
  entity_id BIGINT NOT NULL,
  removed_at BIGINT NOT NULL,
  PRIMARY KEY (merchant_id, position),
  UNIQUE (merchant_id, entity, entity_id)
)`,
  `CREATE TABLE credentials (
  id BIGINT PRIMARY KEY,
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  digest TEXT NOT NULL UNIQUE,
  dialect TEXT NOT NULL,
  login TEXT,
  label TEXT,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
)`
]

/**
 * For customers changed since a time: the position and time of the newest change of each customer or of one of its
 * cards. Which customers lost a card before is not known, as cards that are gone or moved do not tell.
 */
const touched = [
  `ALTER TABLE customers ADD COLUMN touched BIGINT NOT NULL DEFAULT 0`,
  `ALTER TABLE customers ADD COLUMN touched_at BIGINT NOT NULL DEFAULT 0`,
  `UPDATE customers SET touched = version, touched_at = updated_at`,
  `UPDATE customers SET touched = cards.version, touched_at = cards.updated_at
FROM (SELECT merchant_id, customer_id, max(version) AS version FROM cards
  WHERE customer_id IS NOT NULL GROUP BY merchant_id, customer_id) AS newest
JOIN cards ON cards.merchant_id = newest.merchant_id AND cards.version = newest.version
WHERE customers.merchant_id = newest.merchant_id AND customers.id = newest.customer_id
  AND customers.version < newest.version`,
  // The time stands in it, so that looking for the first change since then reads no rows before that one.
  `CREATE INDEX customers_by_touch ON customers (merchant_id, touched, touched_at)`
]

/** Rows in the order of their key and nothing beside them: a third less to write. PostgreSQL has no such tables. */
const keyed = " WITHOUT ROWID"

/** What synchronising remembers; `a` is the system of a pair that comes first by name. */
const sync = [
  `CREATE TABLE sync_pairs (
  id BIGINT PRIMARY KEY,
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  a TEXT NOT NULL,
  b TEXT NOT NULL,
  UNIQUE (merchant_id, a, b)
)`,
  `CREATE TABLE sync_records (
  pair_id BIGINT NOT NULL,
  a_key TEXT NOT NULL,
  b_key TEXT NOT NULL,
  a_mark TEXT,
  b_mark TEXT,
  sent TEXT,
  a_seen BIGINT NOT NULL,
  b_seen BIGINT NOT NULL,
  PRIMARY KEY (pair_id, a_key)
)${keyed}`,
  `CREATE UNIQUE INDEX sync_records_by_b ON sync_records (pair_id, b_key)`,
  `CREATE TABLE sync_links (
  id BIGINT PRIMARY KEY,
  merchant_id BIGINT NOT NULL REFERENCES merchants (id),
  from_system TEXT NOT NULL,
  to_system TEXT NOT NULL,
  checkpoint TEXT,
  sweep BIGINT NOT NULL DEFAULT 1,
  sweeping INTEGER NOT NULL DEFAULT 0,
  paused TEXT,
  epoch BIGINT NOT NULL DEFAULT 0,
  owner TEXT,
  lease_until BIGINT,
  UNIQUE (merchant_id, from_system, to_system)
)`,
  `CREATE TABLE sync_dead_letters (
  merchant_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  link_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  key TEXT,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  payload TEXT,
  created_at BIGINT NOT NULL,
  failed_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (link_id, name)
)`,
  `CREATE INDEX sync_dead_letters_by_link ON sync_dead_letters (link_id, id)`,
  `CREATE TABLE sync_runs (
  merchant_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  link_id BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  outcome TEXT NOT NULL,
  error TEXT,
  counts TEXT NOT NULL,
  PRIMARY KEY (merchant_id, id)
)`,
  `CREATE INDEX sync_runs_by_link ON sync_runs (link_id, id)`,
  `ALTER TABLE merchants ADD COLUMN next_sync_id BIGINT NOT NULL DEFAULT 1`,
  // Who follows the customers that are gone does not walk over the cards that are.
  `CREATE INDEX removals_of_customers ON removals (merchant_id, position) WHERE entity = 'customer'`
]

interface Migration {
  readonly id: number
  readonly name: string
  readonly statements: ReadonlyArray<string>
}

export const migrations: ReadonlyArray<Migration> = [
  { id: 1, name: "first_till", statements: first },
  { id: 2, name: "customers_touched", statements: touched },
  { id: 3, name: "sync", statements: sync }
]

/** Brings the database to the newest schema, or refuses one from a newer program and leaves it untouched. */
export const migrate: Effect.Effect<void, StorageError, SqlClient.SqlClient | UnitOfWork> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const { atomically } = yield* UnitOfWork
    const storing = yield* makeStoring
    const newest = migrations.reduce((max, { id }) => Math.max(max, id), 0)
    const spoken = (statement: string) =>
      sql.onDialectOrElse({ pg: () => statement.replace(keyed, ""), orElse: () => statement })

    const run: Effect.Effect<void, SqlError.SqlError | StorageError> = Effect.gen(function* () {
      yield* sql`CREATE TABLE IF NOT EXISTS schema_migrations (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at BIGINT NOT NULL
)`
      const rows = yield* sql<{ id: number }>`SELECT id FROM schema_migrations`
      const applied = new Set(rows.map(({ id }) => Number(id)))
      if ([...applied].some((id) => id > newest)) {
        return yield* new StorageError({ operation: "migrate", reason: "newer-schema" })
      }
      for (const { id, name, statements } of migrations) {
        if (applied.has(id)) continue
        for (const statement of statements) yield* sql.unsafe(spoken(statement))
        yield* sql`INSERT INTO schema_migrations ${sql.insert({ id, name, applied_at: Date.now() })}`
      }
    })
    yield* atomically(run).pipe(storing("migrate"))
  }
)

export const layerMigrations = Layer.effectDiscard(migrate)
