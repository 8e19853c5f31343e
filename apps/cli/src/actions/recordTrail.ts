import type { Customer, LoyaltyCard } from "@tillbridge/domain"

type Trail = Pick<
  (typeof Customer | typeof LoyaltyCard)["Encoded"],
  "registeredAt" | "registeredIn" | "createdAt" | "updatedAt" | "extensions"
>

/** What ends the page of a customer and of a card alike: where it comes from, when it changed, what dialects left. */
export const recordTrail = (one: Trail): ReadonlyArray<readonly [label: string, value: string]> => [
  [
    "registered",
    [one.registeredAt, one.registeredIn === null ? null : `store ${one.registeredIn}`]
      .filter(Boolean)
      .join(", ")
  ],
  ["created", one.createdAt],
  ["updated", one.updatedAt],
  ...Object.entries(one.extensions).map(([dialect, fields]) => [dialect, JSON.stringify(fields)] as const)
]
