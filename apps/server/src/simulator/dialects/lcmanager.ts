import type { DialectWire } from "../Wire.ts"

export const lcmanager: DialectWire = {
  id: "lcmanager",
  operation: (_method, path) => {
    if (/\/managerlogin\/?$/.test(path)) return "login"
    return /\/api\/client\/clientinfoperiod\/?$/.test(path) ? "list" : "other"
  },
  xml: { list: "Clients", record: "ClientInfoPeriodResponse.ClientInfoPeriodClient" },
  json: { list: "Clients" },
  members: { id: "Client", date: "RegDate", text: "Card_Type", notes: "RegPosName" },
  stamps: ["RegDate"]
}
