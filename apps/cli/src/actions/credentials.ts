import { Credential, Credentials, CredentialId, type Scope } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { notFound, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { readSecret } from "../settings/Secret.ts"
import { attempt } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { didYouMean } from "../Suggest.ts"
import { table } from "../Table.ts"
import { confirm, requireYes } from "./ask.ts"
import { knownDialects } from "./dialects.ts"

const encode = Schema.encodeSync(Credential)
const scopes: ReadonlyArray<Scope> = ["read", "write", "balance"]

interface Create {
  readonly dialect: string
  readonly login: string | undefined
  readonly secretEnv: string | undefined
  readonly secretFile: string | undefined
  readonly label: string | undefined
  readonly scope: string | undefined
  readonly merchant: string | undefined
}

const scopesOf = (given: string): ReadonlyArray<Scope> => {
  const wanted = new Set<Scope>()
  for (const word of given.split(",").map((one) => one.trim())) {
    const scope = scopes.find((one) => one === word)
    if (scope === undefined)
      throw usage(`--scope has no "${word}": it is ${scopes.join(", ")}.${didYouMean(word, scopes)}`)
    wanted.add(scope)
  }
  return [...wanted]
}

const dialectOf = (id: string) => {
  const found = knownDialects.find((one) => one.id === id)
  if (found !== undefined) return found
  const ids = knownDialects.map((one) => one.id)
  throw usage(`there is no dialect "${id}".${didYouMean(id, ids) || ` Known: ${ids.join(", ")}`}`)
}

const requestOf = (input: Create) => {
  const dialect = dialectOf(input.dialect)
  const byLogin = dialect.capabilities.credentials === "login"
  if (byLogin && input.login === undefined)
    throw usage(`${dialect.title} proves its callers by a login: add --login NAME`)
  if (!byLogin && input.login !== undefined)
    throw usage(`${dialect.title} proves its callers by a key alone: leave out --login`)
  if (input.secretEnv !== undefined && input.secretFile !== undefined)
    throw usage("give --secret-env or --secret-file, not both")
  return {
    dialect: dialect.id,
    login: input.login ?? null,
    secret:
      input.secretEnv !== undefined
        ? readSecret({ env: input.secretEnv }, "--secret-env")
        : input.secretFile !== undefined
          ? readSecret({ file: input.secretFile }, "--secret-file")
          : null,
    label: input.label ?? null,
    scopes: scopesOf(input.scope ?? "read,write")
  }
}

export const create = (input: Create, session: Session) =>
  Effect.gen(function* () {
    const request = yield* attempt(() => requestOf(input))
    yield* withStore(session, (settings) =>
      Effect.gen(function* () {
        const merchant = yield* chooseMerchant(input.merchant, settings)
        const { credential, secret } = yield* (yield* Credentials).create({
          ...request,
          merchantId: merchant.id
        })
        const isNewKey = request.secret === null
        if (session.json) {
          return yield* writeJson({
            ...encode(credential),
            ...(isNewKey ? { secret: Redacted.value(secret) } : {})
          })
        }
        yield* writeLine(
          `Credential ${credential.id} opens ${credential.dialect} of "${merchant.name}" (${credential.scopes.join(", ")})`
        )
        if (!isNewKey) return
        yield* writeLine(`Key: ${Redacted.value(secret)}`)
        yield* say("Keep it now: it is not shown again.")
      })
    )
  })

export const list = (input: { readonly merchant: string | undefined }, session: Session) =>
  withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const found = yield* (yield* Credentials).list(merchant.id)
      if (session.json) return yield* write(found.map((one) => `${JSON.stringify(encode(one))}\n`).join(""))
      if (found.length === 0)
        return yield* say("No credential yet. Make one: tillbridge credentials create --dialect ID")
      const rows = found.map((one) => {
        const { createdAt, revokedAt } = encode(one)
        return [
          one.id,
          one.dialect,
          one.login,
          one.scopes.join(","),
          one.label,
          createdAt.slice(0, 10),
          revokedAt?.slice(0, 10)
        ]
      })
      yield* write(table(["ID", "DIALECT", "LOGIN", "SCOPES", "LABEL", "CREATED", "REVOKED"], rows))
    })
  )

interface Revoke {
  readonly id: number
  readonly merchant: string | undefined
  readonly yes: boolean
}

export const revoke = Effect.fnUntraced(function* (input: Revoke, session: Session) {
  yield* requireYes(input.yes)
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const credentials = yield* Credentials
      const found = (yield* credentials.list(merchant.id)).find(({ id }) => id === input.id)
      if (found === undefined) return yield* notFound(`"${merchant.name}" has no credential ${input.id}`)
      yield* confirm(
        `Revoke credential ${found.id} (${found.dialect}${found.label === null ? "" : `, ${found.label}`})?`,
        input.yes
      )
      yield* credentials.revoke(CredentialId.make(input.id))
      yield* session.json
        ? writeJson({ id: input.id, revoked: true })
        : writeLine(`Credential ${input.id} is revoked`)
    })
  )
})
