import type { Capabilities } from "@tillbridge/domain"

/**
 * What the customer calls can do. There is neither a page nor a date in the list (DOCUMENTED by absence), so that each
 * pass reads everybody. That a customer can be deleted is OBSERVED; cards do not exist here.
 */
export const capabilities: Capabilities = {
  feed: "snapshot",
  canUpsertCustomer: true,
  canDeleteCustomer: true,
  carriesCards: false,
  carriesAllCards: false,
  canUpsertCard: false,
  credentials: "key",
  formats: ["json"]
}
