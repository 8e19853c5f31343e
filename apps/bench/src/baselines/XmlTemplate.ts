/**
 * XML through a hand-written template: the fastest form a careful engineer would write without caching.
 * Escaping is complete (the five characters, and the control characters XML 1.0 forbids are left out), with
 * one test before the replacement because most values need none.
 */
import type { CustomerRow } from "./CustomerQueries.ts"
import type { Encoding } from "./Encoding.ts"

const special = /[&<>"'\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/
const specials = new RegExp(special, "gu")
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;"
}

/**
 * With the `u` flag a surrogate pair is one character, so that only a lone surrogate is matched and left
 * out.
 */
export const escapeXml = (text: string): string =>
  special.test(text) ? text.replace(specials, (character) => entities[character] ?? "") : text

const text = (name: string, value: unknown): string =>
  value === null || value === "" ? `<${name}/>` : `<${name}>${escapeXml(value as string)}</${name}>`

const number = (name: string, value: unknown): string =>
  value === null ? `<${name}/>` : `<${name}>${value as number}</${name}>`

/** One literal a customer, and a join, measured a third faster than adding element to element in a loop. */
const customer = (r: CustomerRow): string => `<customer>\
<id>${r["id"]}</id>\
${text("fname", r["fname"])}\
${text("lname", r["lname"])}\
${text("mname", r["mname"])}\
${number("age", r["age"])}\
${text("email", r["email"])}\
${text("phone", r["phone"])}\
${text("gender", r["gender"])}\
${text("custom_information", r["custom_information"])}\
${number("birth_day", r["birth_day"])}\
${number("birth_month", r["birth_month"])}\
${number("birth_year", r["birth_year"])}\
${text("register_date", r["register_date"])}\
${number("accumulated_sales", r["accumulated_sales"])}\
${number("send_push", r["send_push"])}\
${number("send_email", r["send_email"])}\
${number("send_sms", r["send_sms"])}\
${number("group_id", r["group_id"])}\
${text("group_name", r["group_name"])}\
${text("created_date", r["created_date"])}\
${number("created_by", r["created_by"])}\
${text("last_update_date", r["last_update_date"])}\
${number("last_update_by", r["last_update_by"])}\
${text("external_id", r["external_id"])}\
</customer>`

export const declaration = '<?xml version="1.0" encoding="UTF-8"?>'

export const xmlTemplate: Encoding = {
  contentType: "application/xml; charset=UTF-8",
  list: (rows) => {
    const head = `${declaration}<root><success>1</success><type>customer</type><count>${rows.length}</count>`
    if (rows.length === 0) return Buffer.from(`${head}<customers/></root>`)
    return Buffer.from(`${head}<customers>${rows.map(customer).join("")}</customers></root>`)
  },
  saved: (id) => Buffer.from(`${declaration}<root><success>1</success><id>${id}</id><isnew>0</isnew></root>`),
  failed: (info) => Buffer.from(`${declaration}<root><success>0</success>${text("info", info)}</root>`)
}
