import { parsePhoneNumberFromString } from "libphonenumber-js"
import type { CountryCode } from "libphonenumber-js"
import { isSupportedCountry } from "libphonenumber-js"

/** Whether numbers without a country code can be read as this country's (ISO 3166, two letters). */
export const isCountry = (country: string): country is CountryCode => isSupportedCountry(country)

/** A phone in E.164 (`+33612345678`), or `null` when it is none that can be dialled. */
export const e164 = (phone: string | null | undefined, country: string | null): string | null => {
  if (phone == null) return null
  const options = country !== null && isCountry(country) ? { defaultCountry: country } : {}
  const read = parsePhoneNumberFromString(phone, options)
  return read?.isPossible() === true ? read.number : null
}
