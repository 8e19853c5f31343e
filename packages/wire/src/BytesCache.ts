/**
 * A byte-bounded cache of bytes by text, such as whole answers by what they are made of. Least recently used go first,
 * roughly: as in `RecordCache`, there is a young generation and an old one. The text of a key counts like its bytes.
 */

/** The bytes are shared: nobody may write to them. */
export interface BytesCache {
  readonly get: (key: string) => Uint8Array | undefined
  /** Bytes larger than half of the budget are not stored. */
  readonly set: (key: string, bytes: Uint8Array) => void
}

/** An empty cache that holds at most `maxBytes` bytes. */
export const makeBytesCache = (options: { readonly maxBytes: number }): BytesCache => {
  const half = options.maxBytes / 2
  let young = new Map<string, Uint8Array>()
  let old = new Map<string, Uint8Array>()
  let youngBytes = 0

  const set = (key: string, bytes: Uint8Array) => {
    const size = bytes.length + key.length
    if (size > half || young.has(key)) return
    if (youngBytes + size > half) {
      old = young
      young = new Map()
      youngBytes = 0
    }
    young.set(key, bytes)
    youngBytes += size
  }

  return {
    set,
    get: (key) => {
      const bytes = young.get(key)
      if (bytes !== undefined) return bytes
      const aged = old.get(key)
      if (aged !== undefined) {
        old.delete(key)
        set(key, aged)
      }
      return aged
    }
  }
}
