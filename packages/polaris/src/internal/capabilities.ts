import type { Capabilities } from "@tillbridge/domain"

/**
 * What the API can do. Changes come oldest first behind a resume point (DOCUMENTED). No function removes a client, and
 * cards are only read: all of them come with their client, as one shop sees them (INFERRED).
 */
export const capabilities: Capabilities = {
  feed: "cursor",
  canUpsertCustomer: true,
  canDeleteCustomer: false,
  carriesCards: true,
  carriesAllCards: true,
  canUpsertCard: false,
  credentials: "login",
  formats: ["xml", "json"]
}
