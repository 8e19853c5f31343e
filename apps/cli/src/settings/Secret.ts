/** Secrets are named, never written: `{ env = "NAME" }` or `{ file = "PATH" }`. */
import { readFileSync } from "node:fs"
import * as Redacted from "effect/Redacted"
import { misconfigured, systemReason } from "../Failure.ts"

export type SecretSource = { readonly env: string } | { readonly file: string }

/** The secret itself; one line end at the end of a file is not part of it. `what` names it in the error. */
export const readSecret = (source: SecretSource, what: string): Redacted.Redacted => {
  if ("env" in source) {
    const value = process.env[source.env]
    if (value === undefined || value === "") {
      throw misconfigured(`${what}: the environment variable ${source.env} is not set`)
    }
    return Redacted.make(value)
  }
  let text: string
  try {
    text = readFileSync(source.file, "utf8")
      .replace(/^\ufeff/, "")
      .replace(/\r?\n$/, "")
  } catch (cause) {
    throw misconfigured(`${what}: cannot read ${source.file}: ${systemReason(cause)}`)
  }
  if (text === "") throw misconfigured(`${what}: ${source.file} is empty`)
  return Redacted.make(text)
}
