/** The flags of `customers put` as a document in the shape of an import. */
import { usage } from "../Failure.ts"
import { externalIdOf } from "../settings/Settings.ts"

export interface CustomerFlags {
  readonly id: number | undefined
  readonly externalId: string | undefined
  readonly title: string | undefined
  readonly firstName: string | undefined
  readonly middleName: string | undefined
  readonly lastName: string | undefined
  readonly gender: string | undefined
  readonly birthDate: string | undefined
  readonly email: string | undefined
  readonly phone: string | undefined
  readonly mobilePhone: string | undefined
  readonly line1: string | undefined
  readonly line2: string | undefined
  readonly line3: string | undefined
  readonly postalCode: string | undefined
  readonly city: string | undefined
  readonly country: string | undefined
  readonly company: string | undefined
  readonly vatNumber: string | undefined
  readonly language: string | undefined
  readonly consentPush: boolean | undefined
  readonly consentEmail: boolean | undefined
  readonly consentSms: boolean | undefined
  readonly notes: string | undefined
  readonly discountPercent: string | undefined
  readonly accumulatedSales: string | undefined
  readonly group: string | undefined
  readonly registeredIn: number | undefined
}

const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** `YYYY-MM-DD`, `--MM-DD` or nothing, which clears the date. */
const birthDateOf = (text: string) => {
  if (text === "") return { day: null, month: null, year: null }
  const match = /^(?:(\d{4})-|--)?(\d{2})-(\d{2})$/.exec(text)
  if (match === null)
    throw usage(`--birth-date must be YYYY-MM-DD, or --MM-DD without the year, not "${text}"`)
  return {
    day: Number(match[3]),
    month: Number(match[2]),
    year: match[1] === undefined ? null : Number(match[1])
  }
}

export const documentOf = (
  flags: CustomerFlags
): { readonly id: number | undefined; readonly json: Record<string, unknown> } => {
  const address = given({
    line1: flags.line1,
    line2: flags.line2,
    line3: flags.line3,
    postalCode: flags.postalCode,
    city: flags.city,
    country: flags.country
  })
  const company = given({ name: flags.company, vatNumber: flags.vatNumber })
  const consents = given({ push: flags.consentPush, email: flags.consentEmail, sms: flags.consentSms })
  const json = given({
    externalIds: flags.externalId === undefined ? undefined : [externalIdOf(flags.externalId)],
    title: flags.title,
    firstName: flags.firstName,
    middleName: flags.middleName,
    lastName: flags.lastName,
    gender: flags.gender,
    birthDate: flags.birthDate === undefined ? undefined : birthDateOf(flags.birthDate),
    email: flags.email,
    phone: flags.phone,
    mobilePhone: flags.mobilePhone,
    address: Object.keys(address).length === 0 ? undefined : address,
    company: Object.keys(company).length === 0 ? undefined : company,
    language: flags.language,
    consents: Object.keys(consents).length === 0 ? undefined : consents,
    notes: flags.notes,
    discountPercent: flags.discountPercent === "" ? null : flags.discountPercent,
    accumulatedSales: flags.accumulatedSales,
    group: flags.group === undefined ? undefined : flags.group === "" ? null : { name: flags.group },
    registeredIn: flags.registeredIn
  })
  return { id: flags.id, json }
}
