/** Cards and stores of the baselines' databases, and what is asked of them. */
export const createCardsTables = `
  CREATE TABLE IF NOT EXISTS stores (id INTEGER PRIMARY KEY, merchant_id INTEGER NOT NULL, name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS cards (
    number INTEGER PRIMARY KEY,
    merchant_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL, out_number INTEGER NOT NULL, is_virtual INTEGER NOT NULL,
    type TEXT NOT NULL, status TEXT NOT NULL, store_id INTEGER NOT NULL, registered TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS cards_by_customer ON cards (customer_id);
  CREATE INDEX IF NOT EXISTS cards_by_registration ON cards (merchant_id, registered);
`

/** Only where somebody follows changes: it costs the import and the updates. */
export const createChangesIndex = `
  CREATE INDEX IF NOT EXISTS customers_by_change ON customers (merchant_id, last_update_date, id)`

export const insertCard = `
  INSERT INTO cards (number, merchant_id, customer_id, out_number, is_virtual, type, status, store_id, registered)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const insertStore = "INSERT INTO stores (id, merchant_id, name) VALUES (?, ?, ?)"

/** In the order and under the names of LCManager's JSON, so that a row is a record. */
export const selectRegistered = `
  SELECT c.customer_id AS Client, c.number AS Card, c.out_number AS OutNumber, c.is_virtual AS Virtual,
    c.type AS Card_Type, c.status AS Card_Status, c.store_id AS RegPos, s.name AS RegPosName,
    c.registered AS RegDate
  FROM cards c JOIN stores s ON s.id = c.store_id
  WHERE c.merchant_id = ? AND c.registered >= ? AND c.registered < ?
  ORDER BY c.registered, c.customer_id`

/**
 * Of many customers at once: their ids are a JSON array. CROSS JOIN keeps the planner from reading every card in the
 * order of the numbers, which made a page three times dearer.
 */
export const selectCardsOf = `
  SELECT c.customer_id, c.number, c.type, c.status
  FROM json_each(?) ids CROSS JOIN cards c ON c.customer_id = ids.value
  WHERE c.merchant_id = ? ORDER BY c.customer_id, c.number`
