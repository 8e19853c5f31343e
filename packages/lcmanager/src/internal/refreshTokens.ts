/**
 * Refresh tokens, in this process as at the vendor's (OBSERVED): a restart ends them. Each is good once; the next one
 * belongs to the same login. Who presents a used one may have stolen it, or been stolen from: the login it belongs to is
 * over, with every token that came of it.
 */
import type { CredentialId } from "@tillbridge/domain"

/** One login and what came of it. */
export interface Login {
  readonly id: string
  readonly credential: CredentialId
  readonly user: string
}

interface Kept {
  readonly login: Login
  readonly endsAt: number
  isUsed: boolean
}

export interface RefreshLimits {
  readonly lifetimeMillis: number
  /** Of all credentials, used ones included. */
  readonly most: number
  /** Of one credential: who logs in and never refreshes pushes out his own. */
  readonly mostOfOne: number
}

export const makeRefreshTokens = (limits: RefreshLimits) => {
  // Oldest first, which is also the order in which they end.
  const tokens = new Map<string, Kept>()
  const byCredential = new Map<CredentialId, Set<string>>()
  /**
   * Logins that are over before their time, until the last access token of theirs has ended. Each credential has a
   * limit of its own: nobody's replays bring a login of somebody else's back.
   */
  const over = new Map<CredentialId, Map<string, number>>()

  const forget = (token: string): void => {
    const kept = tokens.get(token)
    if (kept === undefined) return
    tokens.delete(token)
    const own = byCredential.get(kept.login.credential)
    own?.delete(token)
    if (own?.size === 0) byCredential.delete(kept.login.credential)
  }

  /** A new token of a login. */
  const issue = (login: Login, now: number): string => {
    for (const [token, { endsAt }] of tokens) {
      if (endsAt > now && tokens.size < limits.most) break
      forget(token)
    }
    const own = byCredential.get(login.credential) ?? new Set()
    if (own.size >= limits.mostOfOne) forget(own.values().next().value!)
    const token = crypto.randomUUID()
    tokens.set(token, { login, endsAt: now + limits.lifetimeMillis, isUsed: false })
    own.add(token)
    byCredential.set(login.credential, own)
    return token
  }

  const end = ({ credential, id }: Login, until: number, now: number): void => {
    const ended = over.get(credential) ?? new Map<string, number>()
    over.set(credential, ended)
    for (const [login, endsAt] of ended) if (endsAt <= now) ended.delete(login)
    if (ended.size >= limits.mostOfOne) ended.delete(ended.keys().next().value!)
    ended.set(id, until)
    for (const token of byCredential.get(credential) ?? []) {
      if (tokens.get(token)?.login.id === id) forget(token)
    }
  }

  const isOver = ({ credential, id }: Pick<Login, "credential" | "id">, now: number): boolean =>
    (over.get(credential)?.get(id) ?? 0) > now

  /**
   * Whose token it is, when it is good; it stays so until `use`. One that was used before ends its login; `until`: when
   * the last access token of the login ends by itself.
   */
  const look = (token: string, now: number, until: number): Login | undefined => {
    const kept = tokens.get(token)
    if (kept === undefined || kept.endsAt <= now || isOver(kept.login, now)) return undefined
    if (!kept.isUsed) return kept.login
    end(kept.login, until, now)
    return undefined
  }

  return {
    issue,
    look,
    /** The token has been exchanged. */
    use: (token: string): void => {
      const kept = tokens.get(token)
      if (kept !== undefined) kept.isUsed = true
    },
    /** Whether a login was ended before its time. */
    isOver,
    get size() {
      return tokens.size
    }
  }
}
