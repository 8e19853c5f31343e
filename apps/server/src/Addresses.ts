/** Network addresses of callers: how many connections each holds, and who speaks for somebody else. */
import type { Socket } from "node:net"

/** An IPv4 address is the same whether or not it came over an IPv6 socket. */
export const plainAddress = (address: string): string => {
  const lower = address.trim().toLowerCase()
  return lower.startsWith("::ffff:") && lower.includes(".") ? lower.slice(7) : lower
}

export interface ConnectionCount {
  /** `false` when its address holds as many as it may; otherwise it is counted until it closes. */
  readonly take: (socket: Socket) => boolean
}

/** `free` addresses may hold any number. */
export const makeConnectionCount = (most: number, free: ReadonlySet<string>): ConnectionCount => {
  const held = new Map<string, number>()
  return {
    take: (socket) => {
      const { remoteAddress } = socket
      // It is gone already.
      if (remoteAddress === undefined) return true
      const address = plainAddress(remoteAddress)
      if (free.has(address)) return true
      const count = held.get(address) ?? 0
      if (count >= most) return false
      held.set(address, count + 1)
      socket.once("close", () => {
        const left = (held.get(address) ?? 1) - 1
        if (left === 0) held.delete(address)
        else held.set(address, left)
      })
      return true
    }
  }
}

/**
 * The caller behind proxies: the last address of `X-Forwarded-For` that is not a proxy's own. What stands before it was
 * written by the caller, who may write anything. Nothing when the peer is no proxy or does not tell.
 */
export const forwardedFor = (
  peer: string,
  header: string | undefined,
  proxies: ReadonlySet<string>
): string | undefined => {
  if (header === undefined || !proxies.has(plainAddress(peer))) return undefined
  const said = header.split(",").map(plainAddress)
  return said.findLast((address) => !proxies.has(address)) || undefined
}
