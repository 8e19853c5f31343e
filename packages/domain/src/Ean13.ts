/**
 * EAN-13 of a card number: zeros in front up to 12 digits, then the check digit of GS1 General Specifications 7.9
 * (weights 1 and 3 alternating from the left of the 12 digits).
 */

/** The check digit of 12 digits. */
const checkDigit = (digits: string): number => {
  let sum = 0
  for (let i = 0; i < 12; i++) sum += (digits.charCodeAt(i) - 48) * (i % 2 === 0 ? 1 : 3)
  return (10 - (sum % 10)) % 10
}

/** The EAN-13 of a card number, or `null` when the number is not 1 to 12 digits. */
export const ean13Of = (number: string): string | null => {
  if (!/^[0-9]{1,12}$/.test(number)) return null
  const digits = number.padStart(12, "0")
  return digits + checkDigit(digits)
}

/** Whether the text is 13 digits that end in the right check digit. */
export const isEan13 = (text: string): boolean =>
  /^[0-9]{13}$/.test(text) && checkDigit(text.slice(0, 12)) === text.charCodeAt(12) - 48
