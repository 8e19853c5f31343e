/**
 * How often guessing is answered. A proof that failed counts against the network address it came from and, where
 * there is a login, against the login; each has so many tries that come back one by one. Nothing here knows who
 * proved itself: that a caller who did is never asked is the rule of `Credentials`.
 */
import * as Result from "effect/Result"
import * as NetAddress from "effect/net/NetAddress"

/** Failures that may come at once, and the time after which all of them are forgotten. */
interface Allowance {
  readonly failures: number
  readonly millis: number
}

const ofAddress: Allowance = { failures: 10, millis: 60_000 }
const ofLogin: Allowance = { failures: 20, millis: 15 * 60_000 }

/** Addresses, and as many logins, that are remembered; the least recently used are forgotten first. */
const mostSubjects = 10_000
/** Nobody has a longer login (see `Text`), and none is kept here. */
const longestLogin = 1_000

/** Who tries: the address counts for every dialect together, a login for its own. */
export interface Attempt {
  readonly dialect: string
  readonly login: string | null
  /** `null` where it is not known: then only the login counts. */
  readonly from: string | null
}

/** An IPv4 address in either of its forms, the /64 network of an IPv6 address: one caller has all of that. */
export const networkOf = (address: string): string => {
  const [text = ""] = address.split("%", 1)
  const parsed = NetAddress.ipFromString(text)
  if (Result.isFailure(parsed)) return address.slice(0, 64)
  const ip = parsed.success
  if (NetAddress.isIpv4Address(ip)) return NetAddress.formatIp(ip)
  const segments = NetAddress.ipv6ToSegments(ip)
  if (NetAddress.isIpv4Mapped(ip)) {
    const [high, low] = [segments[6], segments[7]]
    return [high >> 8, high & 255, low >> 8, low & 255].join(".")
  }
  return segments
    .slice(0, 4)
    .map((segment) => segment.toString(16))
    .join(":")
}

/** Token buckets by name. A bucket is one number: when it will be full again. */
const makeBuckets = ({ failures, millis }: Allowance) => {
  const interval = millis / failures
  const fullAt = new Map<string, number>()

  /** Milliseconds until all tokens are back; also a clock that was set back keeps nobody out for longer. */
  const emptied = (name: string, now: number) =>
    Math.min(millis, Math.max(0, (fullAt.get(name) ?? now) - now))

  const touch = (name: string, at: number) => {
    fullAt.delete(name)
    if (fullAt.size >= mostSubjects) fullAt.delete(fullAt.keys().next().value!)
    fullAt.set(name, at)
  }

  return {
    /** Milliseconds until there is a token, 0 when there is one. */
    wait: (name: string, now: number): number => {
      const known = fullAt.get(name)
      if (known === undefined) return 0
      touch(name, known)
      return Math.max(0, emptied(name, now) - (millis - interval))
    },
    take: (name: string, now: number): void =>
      touch(name, now + Math.min(millis, emptied(name, now) + interval)),
    size: () => fullAt.size
  }
}

/** Counts of one process; all times are milliseconds of its clock. */
export const makeAttempts = () => {
  const addresses = makeBuckets(ofAddress)
  const logins = makeBuckets(ofLogin)

  const loginOf = ({ dialect, login }: Attempt) =>
    login === null || login.length > longestLogin ? null : `${dialect}\u0000${login}`

  return {
    /** Milliseconds until another try is answered, 0 when it is now. */
    wait: (attempt: Attempt, now: number): number => {
      const login = loginOf(attempt)
      return Math.max(
        attempt.from === null ? 0 : addresses.wait(networkOf(attempt.from), now),
        login === null ? 0 : logins.wait(login, now)
      )
    },
    failed: (attempt: Attempt, now: number): void => {
      const login = loginOf(attempt)
      if (attempt.from !== null) addresses.take(networkOf(attempt.from), now)
      if (login !== null) logins.take(login, now)
    },
    /** How many addresses and logins are remembered. */
    size: (): number => addresses.size() + logins.size()
  }
}
