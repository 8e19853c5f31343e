/** Phones as people and tills write them, read with the country of the shop. */
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js"

/** Whether numbers without a country code can be read as this country's (ISO 3166, two letters). */
export const isCountry = (country: string): country is CountryCode => isSupportedCountry(country)

const read = (phone: string | null | undefined, country: string | null) => {
  if (phone == null) return undefined
  const options = country !== null && isCountry(country) ? { defaultCountry: country } : {}
  const number = parsePhoneNumberFromString(phone, options)
  return number?.isPossible() === true ? number : undefined
}

/** A phone in E.164 (`+33612345678`), or `null` when it is none that can be dialled. */
export const e164 = (phone: string | null | undefined, country: string | null): string | null =>
  read(phone, country)?.number ?? null

/** The ways in which the same phone may stand elsewhere: international, national (`06 12…`), without a prefix. */
export const spellings = (phone: string, country: string | null): ReadonlyArray<string> => {
  const number = read(phone, country)
  return number === undefined
    ? []
    : [...new Set([phone, number.number, number.formatNational(), String(number.nationalNumber)])]
}
