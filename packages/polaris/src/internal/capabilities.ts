import type { Capabilities } from "@tillbridge/domain"

/**
 * What the API can do. Changes come oldest first behind a resume point (DOCUMENTED). No function removes a client, and
 * cards are only read: they come with their client, as one shop sees them.
 */
export const capabilities: Capabilities = {
  feed: "cursor",
  canUpsertCustomer: true,
  canDeleteCustomer: false,
  carriesCards: true,
  canUpsertCard: false,
  credentials: "login",
  formats: ["xml", "json"]
}
