/** Bytes collected piece by piece in memory that is used again, up to a limit past which they are only counted. */

import { MAX_BEGINNING } from "./splitting.ts"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder("utf-8", { ignoreBOM: true })

export class ByteBuffer {
  readonly limit: number
  #bytes = new Uint8Array(4 * 1024)
  #length = 0
  #overflowed = false

  constructor(limit: number) {
    this.limit = limit
  }

  get length(): number {
    return this.#length
  }

  /** More was added than the limit allows: only the beginning is there. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  add(source: Uint8Array, from: number, to: number): void {
    if (this.#overflowed) return
    if (this.#length + to - from > this.limit) {
      this.#overflowed = true
      const room = Math.min(this.limit, MAX_BEGINNING) - this.#length
      if (room > 0) this.#append(source, from, Math.min(to, from + room))
    } else {
      this.#append(source, from, to)
    }
  }

  #append(source: Uint8Array, from: number, to: number): void {
    const length = this.#length + to - from
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.limit, Math.max(length, 2 * this.#bytes.length)))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    // A view of a few bytes costs more than the bytes.
    if (to - from < 16) for (let i = from, at = this.#length; i < to; i++) this.#bytes[at++] = source[i]!
    else this.#bytes.set(source.subarray(from, to), this.#length)
    this.#length = length
  }

  addAll(other: ByteBuffer): void {
    if (other.#overflowed) this.#overflowed = true
    else this.add(other.#bytes, 0, other.#length)
  }

  clear(): void {
    this.#length = 0
    this.#overflowed = false
  }

  /** From one position to another as text; `undefined` when that is not UTF-8. */
  text(from = 0, to = this.#length): string | undefined {
    try {
      return decoder.decode(this.#bytes.subarray(from, to))
    } catch {
      return undefined
    }
  }

  /** The beginning, at most `MAX_BEGINNING` bytes of it; what is not UTF-8 is replaced. */
  beginning(): string {
    return lenient.decode(this.#bytes.subarray(0, Math.min(this.#length, MAX_BEGINNING)))
  }
}
