/** What a killed program was told to do, and what the shop's own tills write meanwhile: the same words for both sides. */

/** Moments in a run at which the program can be held, to be killed there. */
export const stages = [
  "lease taken",
  "run begun",
  "request made",
  "page told",
  "rows written",
  "checkpoint written",
  "page committed",
  "dead letters written",
  "dead letters committed",
  "deletes written",
  "deletes committed",
  "customer sent",
  "customer taken",
  "card taken",
  "lease renewed",
  "run ended",
  "local write begun",
  "local write committed"
] as const
export type Stage = (typeof stages)[number]

/** Faults planted into the program, each of which must be found. */
export const bugs = [
  "checkpoint before data",
  "transactions in pieces",
  "acknowledged before written",
  "records forgotten",
  "made anew each time",
  "lease for ever"
] as const
export type Bug = (typeof bugs)[number]

/** The two shops: one is mirrored into the store from a feed of changes, one out of it to a system with a list in pages. */
export const shops = ["hub", "till"] as const
export type Shop = (typeof shops)[number]

export interface Plan {
  readonly file: string
  readonly urls: Readonly<Record<Shop, string>>
  readonly merchants: Readonly<Record<Shop, number>>
  /** Number of the next local write in each shop. */
  readonly next: Readonly<Record<Shop, number>>
  /** Where to stand still and wait for the end; `null`: it comes at any moment. */
  readonly stop: { readonly stage: Stage; readonly nth: number } | null
  readonly full: boolean
  /** Whether what is mirrored out of the store is mirrored back as well. */
  readonly bothWays: boolean
  readonly leaseMillis: number
  readonly pageSize: number
  readonly bug: Bug | null
}

/** External ids that the shop's own tills give. */
export const DESK = "desk"

export type Write =
  | { readonly kind: "save"; readonly slot: number }
  | { readonly kind: "card"; readonly slot: number; readonly owner: number }
  | { readonly kind: "remove"; readonly slot: number }

export const SLOTS = 20

/** Local write number `n`, the same for the program that does it and the one that looks for it. From 0 on. */
export const writeOf = (shop: Shop, n: number): Write => {
  const slot = (n * 7) % SLOTS
  const round = Math.floor(n / SLOTS)
  // The first round makes everybody.
  if (round === 0) return { kind: "save", slot }
  if (slot >= 14 && slot < 17) return { kind: "card", slot, owner: 14 + ((slot + Math.floor(round / 3)) % 3) }
  if (slot >= 17 && shop === "hub" && round % 2 === 1) return { kind: "remove", slot }
  return { kind: "save", slot }
}

export const notesOf = (n: number) => `note ${n} `.repeat(20).trim()
export const cardOf = (shop: Shop, slot: number) => `99${shop === "hub" ? 1 : 2}00${slot}`
