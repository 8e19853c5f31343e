import type { Capabilities } from "@tillbridge/domain"

/**
 * What the customer API can do. There is no call that removes a customer and none that lists changes; cards come with
 * customers since 2020 (`cards=true`), all of them (INFERRED, as is the form of the reply).
 */
export const capabilities: Capabilities = {
  feed: "pages",
  canUpsertCustomer: true,
  canDeleteCustomer: false,
  carriesCards: true,
  carriesAllCards: true,
  canUpsertCard: true,
  credentials: "key",
  formats: ["xml", "json"]
}
