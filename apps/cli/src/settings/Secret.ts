/** Secrets are named, never written: `{ env = "NAME" }` or `{ file = "PATH" }`. */
import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import * as Redacted from "effect/Redacted"
import { Failure, misconfigured, systemReason } from "../Failure.ts"

export type SecretSource = { readonly env: string } | { readonly file: string }

/** What a settings file says where a secret belongs; a path in it is meant from the file's folder. */
export const secretSource = (value: unknown, what: string, folder: string): SecretSource => {
  const table = typeof value === "object" && value !== null ? Object.entries(value) : []
  const [name, text] = table.length === 1 ? table[0]! : []
  if (name === "env" && typeof text === "string") return { env: text }
  if (name === "file" && typeof text === "string") return { file: resolve(folder, text) }
  if (typeof value === "string") {
    throw misconfigured(
      `${what} holds a secret, and a secret may not stand in the file: write { env = "NAME" }, the name of an ` +
        'environment variable that holds it, or { file = "PATH" }, a file of its own'
    )
  }
  throw misconfigured(`${what} must be { env = "NAME" } or { file = "PATH" }`)
}

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

export const isThere = (source: SecretSource): boolean => secretFault(source, "") === undefined

const secretFault = (source: SecretSource, what: string): string | undefined => {
  try {
    readSecret(source, what)
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}

/** That a secret is not there, or in a file that others can read. */
export const secretWarning = (source: SecretSource, what: string): string | undefined => {
  const fault = secretFault(source, what)
  if (fault !== undefined || "env" in source || process.platform === "win32") return fault
  return (statSync(source.file).mode & 0o077) === 0
    ? undefined
    : `${what}: others on this machine may read ${source.file}. Close it: chmod 600 ${source.file}`
}
