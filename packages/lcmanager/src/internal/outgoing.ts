/**
 * A request as the vendor's server reads it. In XML the order counts: a member after its place is passed over there, so
 * members stand as the contract has them, those of the base class first (DOCUMENTED by the samples).
 */
import { escapeText } from "@tillbridge/wire"
import { type ClientInfoPeriodRequest, namespaces } from "../LcmanagerSchema.ts"

type Value = string | number | boolean | null | undefined

const nil = `i:nil="true"`

const member = (name: string, value: Value, attributes = ""): string => {
  const open = attributes === "" ? name : `${name} ${attributes}`
  return value === null || value === undefined
    ? `<${name} ${nil}${attributes === "" ? "" : ` ${attributes}`}/>`
    : `<${open}>${typeof value === "string" ? escapeText(value) : value}</${name}>`
}

const ofBase = `xmlns="${namespaces.abstractions}"`

export const requestXml = (request: ClientInfoPeriodRequest): string => {
  const { BegDate, EndDate, Operator, Reg, RegPosList, Registration, SiteCode, Token } = request
  const reg =
    Reg === undefined || Reg === null
      ? `<Reg ${nil}/>`
      : `<Reg>${member("Month", Reg.Month)}${member("Today", Reg.Today)}` +
        `${member("Year", Reg.Year)}${member("Yesterday", Reg.Yesterday)}</Reg>`
  return (
    `<ClientInfoPeriodRequest xmlns:i="${namespaces.instance}" xmlns="${namespaces.request}">` +
    member("Operator", Operator, ofBase) +
    member("SiteCode", SiteCode, ofBase) +
    member("Token", Token, ofBase) +
    member("BegDate", BegDate) +
    member("EndDate", EndDate) +
    reg +
    member("RegPosList", RegPosList) +
    member("Registration", Registration) +
    "</ClientInfoPeriodRequest>"
  )
}

/** In the order of the vendor's sample; what is not given is left out. */
export const requestJson = (request: ClientInfoPeriodRequest): string => {
  const { BegDate, EndDate, Operator, Reg, RegPosList, Registration, SiteCode, Token } = request
  return JSON.stringify({ BegDate, EndDate, Registration, RegPosList, Reg, Operator, Token, SiteCode })
}
