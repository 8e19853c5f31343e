/**
 * Logins that are open, in this process. How a real site keeps a session is not known: a cookie is INFERRED. A session
 * is 256 random bits; it ends when it was not used for the idle time, at logout, when its credential is revoked, or
 * when its credential has opened too many others. Who opens many sessions pushes out his own, nobody else's, until the
 * process as a whole is full.
 */
import type { CredentialId } from "@tillbridge/domain"
import * as Base64Url from "effect/encoding/Base64Url"

export interface SessionLimits {
  readonly idleMillis: number
  readonly most: number
  readonly mostOfOne: number
}

interface Session {
  readonly credential: CredentialId
  usedAt: number
}

export const makeSessions = (limits: SessionLimits, randomBytes: (size: number) => Uint8Array) => {
  // Both in the order of last use, the longest unused first.
  const sessions = new Map<string, Session>()
  const byCredential = new Map<CredentialId, Set<string>>()

  const end = (token: string): void => {
    const session = sessions.get(token)
    if (session === undefined) return
    sessions.delete(token)
    const own = byCredential.get(session.credential)
    own?.delete(token)
    if (own?.size === 0) byCredential.delete(session.credential)
  }

  const touch = (token: string, session: Session): void => {
    sessions.delete(token)
    sessions.set(token, session)
    const own = byCredential.get(session.credential) ?? new Set()
    own.delete(token)
    own.add(token)
    byCredential.set(session.credential, own)
  }

  const isOver = (session: Session, now: number) => now - session.usedAt >= limits.idleMillis

  /** Opens a session and tells its token. */
  const open = (credential: CredentialId, now: number): string => {
    for (const [token, session] of sessions) {
      if (!isOver(session, now) && sessions.size < limits.most) break
      end(token)
    }
    const own = byCredential.get(credential)
    if (own !== undefined && own.size >= limits.mostOfOne) end(own.values().next().value!)
    const token = Base64Url.encode(randomBytes(32))
    touch(token, { credential, usedAt: now })
    return token
  }

  /** Whose session it is, when it is still open; using it prolongs it. */
  const use = (token: string, now: number): CredentialId | undefined => {
    const session = sessions.get(token)
    if (session === undefined) return undefined
    if (isOver(session, now)) {
      end(token)
      return undefined
    }
    session.usedAt = now
    touch(token, session)
    return session.credential
  }

  return {
    open,
    use,
    end,
    get size() {
      return sessions.size
    }
  }
}

export type Sessions = ReturnType<typeof makeSessions>
