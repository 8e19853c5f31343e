import type { Dialect } from "@tillbridge/domain"
import { Lcmanager } from "@tillbridge/lcmanager"
import { Megawin } from "@tillbridge/megawin"
import { Polaris } from "@tillbridge/polaris"
import { Virtpos } from "@tillbridge/virtpos"
import * as Effect from "effect/Effect"
import type { Session } from "../GlobalFlags.ts"
import { write } from "../Output.ts"
import { table } from "../Table.ts"

export const knownDialects: ReadonlyArray<Dialect> = [Virtpos, Polaris, Lcmanager, Megawin]

const plain = ({ capabilities, id, paths, title, vendor }: Dialect): Dialect => ({
  id,
  title,
  vendor,
  paths,
  capabilities
})

const abilities = ({ capabilities: can }: Dialect): string =>
  [
    `feed ${can.feed}`,
    ...(can.canUpsertCustomer ? ["put customer"] : []),
    ...(can.canDeleteCustomer ? ["delete customer"] : []),
    ...(can.carriesCards ? ["cards"] : []),
    ...(can.canUpsertCard ? ["put card"] : [])
  ].join(", ")

export const list = (_: object, session: Session) =>
  Effect.suspend(() => {
    if (session.json) return write(knownDialects.map((one) => `${JSON.stringify(plain(one))}\n`).join(""))
    const blocks = knownDialects.map((one) =>
      [
        one.id,
        `  paths         ${one.paths.join(" ")}`,
        `  formats       ${one.capabilities.formats.join(", ")}`,
        `  credentials   ${one.capabilities.credentials}`,
        `  capabilities  ${abilities(one)}`,
        ""
      ].join("\n")
    )
    const rows = knownDialects.map((one) => [
      one.id,
      one.title,
      one.vendor,
      one.capabilities.formats.join(", ")
    ])
    return write(`${table(["ID", "TITLE", "VENDOR", "FORMATS"], rows)}\n${blocks.join("\n")}`)
  })
