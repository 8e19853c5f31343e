/** What the rows of Polaris ask, within the session of a login. */
import { ask, type Call, form } from "./Calls.ts"
import { storeId } from "./Cards.ts"
import { merchantPrefix } from "./Customers.ts"
import type { Server } from "./Fleet.ts"
import { login } from "./Participant.ts"
import { type Format, type Listed, type Place, walk, type WireRecord } from "./Records.ts"

export const polarisRecords: Place = {
  json: ["clients"],
  xml: ["FragmentedInfoClient", "clients", "InfoClient"]
}

const limit = 200

const session = async (server: Server): Promise<Listed["access"]> => {
  const body = new URLSearchParams({ user: login, password: server.apikey }).toString()
  const { headers } = await ask(server, { path: "/core/api/ACL.Login", headers: form, body })
  return { Cookie: headers.getSetCookie()[0]?.split(";")[0] ?? "" }
}

interface Fragment {
  readonly hasMoreResults?: unknown
  readonly checkPoint?: unknown
}

/** Every slice by the checkpoint of the one before. Servers may order changes of one time in their own ways. */
export const listModified = async (server: Server, format: Format): Promise<Listed> => {
  const headers = await session(server)
  const first = `/core/api/Client.GetClientsModified?lastChanged=2000-01-01T00:00:00&codeMagasin=${storeId}&prefixCle=${merchantPrefix}&limit=${limit}&output=${format}`
  const listed = await walk(server, format, polarisRecords, headers, (index, answer): Call | null => {
    if (index === 0) return { path: first, headers }
    const fragment = (
      format === "json" ? answer : (answer as { FragmentedInfoClient?: unknown }).FragmentedInfoClient
    ) as Fragment
    return String(fragment.hasMoreResults) === "true"
      ? { path: `${first}&checkPoint=${encodeURIComponent(String(fragment.checkPoint))}`, headers }
      : null
  })
  return {
    ...listed,
    records: listed.records.toSorted((a, b) => Number(a["IDClient"]) - Number(b["IDClient"]))
  }
}

export const clientById = (_server: Server, { access }: Listed, { IDClient }: WireRecord): Call => ({
  path: `/core/api/Client.GetClient?CodeMagasin=${storeId}&IDClient=${String(IDClient)}&prefixCle=${merchantPrefix}&output=json`,
  headers: access
})
