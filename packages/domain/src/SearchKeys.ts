/**
 * What a free-form search compares. People and tills write one phone as `8 (999) 000-00-01`, `+7 999 000-00-01` or
 * `9990000001`: two phones are the same when their last ten digits are, and shorter ones when all digits are.
 */

/** The digits a phone is searched by, or `null` when it holds none. */
export const phoneKey = (phone: string | null): string | null => {
  if (phone === null) return null
  const digits = phone.replace(/\D/g, "")
  return digits === "" ? null : digits.slice(-10)
}

/** An e-mail address as it is searched by: without surrounding space, letter case ignored. */
export const emailKey = (email: string | null): string | null => {
  const key = email?.trim().toLowerCase()
  return key === undefined || key === "" ? null : key
}
