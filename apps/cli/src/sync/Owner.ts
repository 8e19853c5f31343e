import { hostname } from "node:os"

/** Who holds a lease, as others who find the link busy are told. */
export const owner = (command: string): string =>
  `tillbridge ${command} on ${hostname()} (process ${process.pid})`
