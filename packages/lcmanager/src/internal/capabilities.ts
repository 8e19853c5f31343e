import type { Capabilities } from "@tillbridge/domain"

/**
 * What the API can do here: it tells registrations of a period, and nothing of it writes. A card changed later is not
 * told again, and a client comes with the cards of the period alone.
 */
export const capabilities: Capabilities = {
  feed: "window",
  canUpsertCustomer: false,
  canDeleteCustomer: false,
  carriesCards: true,
  carriesAllCards: false,
  canUpsertCard: false,
  credentials: "login",
  formats: ["json", "xml"]
}
