/** The vendor's examples, with what is there before each: see fixtures/index.ts for where they come from. */
import type { WireExample } from "@tillbridge/conformance"
import { type CustomerRecord, CustomerId, moneyFromText } from "@tillbridge/domain"
import { DateTime, Option } from "effect"
import { answers, exchanges, textOf } from "./fixtures/index.ts"
import { declaration, empty, form, refused, written } from "./server.ts"

const xml = { "content-type": "application/xml; charset=UTF-8" }
const json = { "content-type": "application/json; charset=UTF-8" }

const at = (text: string) => DateTime.makeUnsafe(text)

/** The request of an example without its key, which the kit adds. */
const request = (example: number, change: (target: string) => string = (target) => target) => {
  const found = exchanges.find((exchange) => exchange.example === example)!
  const target = change(found.target.replace(/apikey=[^&]*&?/, ""))
  return found.body === undefined
    ? { method: found.method, target }
    : { method: found.method, target, headers: form, body: found.body }
}

const whereabouts = (example: number) => {
  const { mark, source } = exchanges.find((exchange) => exchange.example === example)!
  return { mark, source }
}

const anna: CustomerRecord = {
  id: CustomerId.make(7),
  firstName: "Anna",
  lastName: "Orlova",
  phone: "+79990000001",
  gender: "female",
  birthDate: { day: 5, month: 3, year: 1994 },
  consents: { push: true, email: false, sms: true },
  createdAt: at("2024-01-02T02:04:05Z"),
  registeredAt: at("2024-01-02T02:04:05Z"),
  createdBy: 2
}

const sergey: CustomerRecord = {
  id: CustomerId.make(1),
  firstName: "Сергей",
  lastName: "Иванов",
  middleName: "Степанович",
  gender: "female",
  notes: "очень требовательный",
  birthDate: { day: 24, month: 10, year: 1992 },
  accumulatedSales: Option.getOrThrow(moneyFromText("15200")),
  consents: { push: true, email: true, sms: true },
  registeredAt: at("2016-07-18T11:54:37Z"),
  createdAt: at("2016-07-18T11:54:37Z"),
  createdBy: 2
}

/** What a fixture shows of a customer as it is told today: changed by the kit, with the member INFERRED at its end. */
const asOfNow = (text: string) =>
  text
    .replace("</customer>", "<external_id/></customer>")
    .replace(/<last_update_date>[^<]*/, "<last_update_date>2024-06-15 12:00:00")

const olds = (count: number): ReadonlyArray<CustomerRecord> =>
  Array.from({ length: count }, () => ({ firstName: "old" }))

const phone = "+7 999 000-00-01"
const email = "a@b.ru"

export const examples: ReadonlyArray<WireExample> = [
  {
    title: "all customers as XML, in the documented order, empties as self-closed elements",
    ...whereabouts(1),
    customers: [anna],
    actor: 2,
    exchanges: [
      { request: request(1), status: 200, headers: xml, body: asOfNow(textOf(answers.oneCustomer)) }
    ]
  },
  {
    title: "the customer that the vendor's page shows",
    mark: answers.seedList.mark,
    source: answers.seedList.source,
    customers: [sergey],
    actor: 2,
    exchanges: [
      {
        request: request(1),
        status: 200,
        headers: xml,
        // The page is indented, leaves out a customer that it counts, and its age was right in 2016.
        body: asOfNow(textOf(answers.seedList))
          .replace(/[\t\n]/g, "")
          .replace("<count>2<", "<count>1<")
          .replace("<age>24<", "<age>31<")
      }
    ]
  },
  {
    title: "one customer as JSON, numbers as text and empties as null",
    ...whereabouts(2),
    customers: [anna],
    actor: 2,
    exchanges: [
      {
        request: request(2),
        status: 200,
        headers: json,
        body:
          `{"success":1,"type":"customer","count":1,"customers":[{"id":"7","fname":"Anna","lname":"Orlova",` +
          `"mname":null,"age":"30","email":null,"phone":"+79990000001","gender":"F","custom_information":null,` +
          `"birth_day":"5","birth_month":"3","birth_year":"1994","register_date":"2024-01-02 03:04:05",` +
          `"accumulated_sales":"0","send_push":"1","send_email":"0","send_sms":"1","group_id":null,` +
          `"group_name":null,"created_date":"2024-01-02 03:04:05","created_by":"2",` +
          `"last_update_date":"2024-06-15 12:00:00","last_update_by":"2","external_id":null}]}`
      }
    ]
  },
  {
    title: "a filter that matches nobody is an empty list",
    ...whereabouts(3),
    exchanges: [
      { request: request(3), status: 200, headers: xml, body: declaration + textOf(answers.nobody) },
      {
        request: request(3, (target) => target.replace("xml", "json")),
        status: 200,
        headers: json,
        body: `{"success":1,"type":"customer","count":0,"customers":[]}`
      }
    ]
  },
  {
    title: "a wrong key is success 0 and info, in either format",
    ...whereabouts(4),
    exchanges: [
      {
        as: "nobody",
        request: request(4, (target) => `${target}&apikey=BAD`),
        status: 200,
        headers: xml,
        body: declaration + textOf(answers.refusedXml).replace("...", "invalid apikey")
      },
      {
        as: "nobody",
        request: request(4, () => "/api/customer?format=json&apikey=BAD"),
        status: 200,
        headers: json,
        body: textOf(answers.refusedJson).replace("...", "invalid apikey")
      }
    ]
  },
  {
    title: "the second page of two over three customers has one, the third none",
    ...whereabouts(5),
    customers: olds(3),
    exchanges: [
      { request: request(5), status: 200, body: /<count>1<\/count><customers><customer><id>3<\/id>/ },
      { request: request(5, (target) => target.replace("page=2", "page=3")), status: 200, body: empty }
    ]
  },
  {
    title: "with_phone and with_email choose who has one and lacks the other",
    ...whereabouts(6),
    customers: [{ phone, email }, { phone }, { email }, { firstName: "neither" }, { mobilePhone: "1" }],
    exchanges: [
      { request: request(6), status: 200, body: /<count>2<\/count>.*<id>2<\/id>.*<id>5<\/id>/ },
      {
        request: request(6, () => "/api/customer?with_phone=false&with_email=true"),
        status: 200,
        body: /<count>1<\/count>.*<id>3<\/id>/
      }
    ]
  },
  {
    title: "a form creates a customer and the group that it names",
    ...whereabouts(7),
    customers: olds(10),
    exchanges: [
      { request: request(7), status: 200, body: declaration + textOf(answers.created) },
      {
        request: request(3, (target) => target.replace("999999", "11")),
        status: 200,
        body: /<fname>Petr<\/fname>.*<group_id>1<\/group_id><group_name>VIP<\/group_name>/
      }
    ]
  },
  {
    title: "group_id wins over group_name, which is not created",
    ...whereabouts(8),
    customers: olds(11),
    groups: ["One", "Two", "Three"],
    exchanges: [
      { request: request(8), status: 200, body: written(11, 0) },
      {
        request: request(3, (target) => target.replace("999999", "11")),
        status: 200,
        body: /<group_id>3<\/group_id><group_name>Three<\/group_name>/
      },
      {
        request: request(8, (target) => `${target}&format=json&group_name=Fourth`),
        status: 200,
        body: `{"success":1,"id":11,"isnew":0}`
      }
    ]
  },
  {
    title: "a card is created by GET with its type and its EAN-13, for a customer named by external id",
    ...whereabouts(9),
    customers: [{ externalIds: [{ system: "SHOP", key: "ext-9" }] }],
    exchanges: [
      { request: request(9), status: 200, body: declaration + textOf(answers.cardCreated) },
      {
        request: request(1, (target) => `${target}&cards=true`),
        status: 200,
        body: new RegExp(
          "<cards><card><card_id>1</card_id><uid>12345</uid><external_id/><uid_ean13>0000000123457</uid_ean13>" +
            "<barcode>0000000123457</barcode><medium>PLASTIC</medium><status>ACTIVE</status><block_date/>" +
            "<activate_date>2024-06-15 12:00:00</activate_date><type_id>1</type_id><type_name>Gold</type_name>" +
            "<customer_id>1</customer_id></card></cards>"
        )
      }
    ]
  },
  {
    title: "a card is deleted once; a uid that stands only in the body selects none",
    ...whereabouts(10),
    cards: [{ number: "12345" }],
    exchanges: [
      {
        request: { method: "POST", target: "/api/customer/deleteCard", headers: form, body: "uid=12345" },
        status: 200,
        body: refused.xml("card_id, uid, external_id or card_barcode is required in the query")
      },
      {
        request: request(10),
        status: 200,
        body: `${declaration}<root><success>1</success><id>1</id></root>`
      },
      { request: request(10), status: 200, body: refused.xml("card not found") }
    ]
  }
]
