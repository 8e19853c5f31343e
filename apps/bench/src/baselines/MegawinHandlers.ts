/** Megawin: the whole shop, or one customer of it. */
import type Database from "better-sqlite3"
import type { CustomerRow } from "./CustomerQueries.ts"
import { merchantId, selectAfter, selectById } from "./CustomersTable.ts"
import { type Handlers, jsonType, send } from "./Exchange.ts"

/** As long as what Tillbridge says where the vendor tells a password. */
const locked = "locked-000000000000000000000000"

export const megawinCustomer = (r: CustomerRow): object => ({
  clcleunik: String(r["id"]),
  customerNumber: "",
  groupePrice: r["group_name"] ?? "01",
  login: "",
  password: locked,
  lastName: r["lname"] ?? "",
  firstName: r["fname"] ?? "",
  address: "",
  zipcode: "",
  city: "",
  country: "",
  phone: r["phone"] ?? "",
  cellphone: "",
  email: r["email"] ?? "",
  denomination: "",
  tvaNumber: "",
  addedDate: (r["register_date"] as string).slice(0, 10),
  addHour: (r["register_date"] as string).slice(11),
  language: "",
  showPrice: true,
  webRemise: 0,
  megawinapp_login: ""
})

export const megawinHandlers = (database: Database, apikey: string): Handlers => {
  const everybody = database.prepare(selectAfter)
  const byId = database.prepare(selectById)
  return {
    "/customer/list/": ({ query, response }) => {
      if (query["apikey"] !== apikey)
        return send(response, jsonType, `{"success":"false","message":"bad apikey"}`)
      const id = query["id_client"]
      const rows =
        id === undefined
          ? everybody.all(merchantId, 0, -1)
          : [byId.get(Number(id), merchantId)].filter((row) => row !== undefined)
      const customer = rows.map(megawinCustomer)
      send(
        response,
        jsonType,
        JSON.stringify({ success: "true", message: "Customers list", result: { customer } })
      )
    }
  }
}
