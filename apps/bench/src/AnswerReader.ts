/**
 * Reads HTTP/1.1 answers off one connection without keeping their bodies: the loader must cost much less than
 * the servers it measures. Knows content-length and chunked, which is all that the servers here send.
 */

export interface Answer {
  readonly status: number
  readonly length: number
}

const headEnd = Buffer.from("\r\n\r\n")
const none = Buffer.alloc(0)

export class AnswerReader {
  private held: Buffer = none
  private status = 0
  private length = 0
  /** Bytes of body (or of chunk and its line end) still to come; -1 while a head or a chunk size is read. */
  private left = -1
  private isChunked = false
  private isInBody = false
  private isLastChunk = false
  private readonly onAnswer: (answer: Answer) => void

  constructor(onAnswer: (answer: Answer) => void) {
    this.onAnswer = onAnswer
  }

  push(bytes: Buffer): void {
    let data = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes])
    this.held = none
    while (data.length > 0 || this.left === 0) {
      const used = this.left >= 0 ? this.body(data) : this.isInBody ? this.chunkSize(data) : this.head(data)
      if (used < 0) {
        this.held = data
        return
      }
      data = data.subarray(used)
    }
  }

  private head(data: Buffer): number {
    const end = data.indexOf(headEnd)
    if (end < 0) return -1
    const head = data.toString("latin1", 0, end).toLowerCase()
    this.status = Number(head.slice(9, 12))
    this.length = 0
    this.isInBody = true
    this.isLastChunk = false
    const at = head.indexOf("\r\ncontent-length:")
    this.isChunked = at < 0
    if (at >= 0) this.left = Number.parseInt(head.slice(at + 17))
    else if (!head.includes("\r\ntransfer-encoding: chunked")) throw new Error(`no length in: ${head}`)
    return end + 4
  }

  private chunkSize(data: Buffer): number {
    const end = data.indexOf("\r\n")
    if (end < 0) return -1
    const size = Number.parseInt(data.toString("latin1", 0, end), 16)
    this.isLastChunk = size === 0
    this.length += size
    // The line end after the chunk is drained with it; trailers are not expected.
    this.left = size + 2
    return end + 2
  }

  private body(data: Buffer): number {
    const used = Math.min(this.left, data.length)
    this.left -= used
    if (!this.isChunked) this.length += used
    if (this.left > 0) return used
    this.left = -1
    if (this.isChunked && !this.isLastChunk) return used
    this.isInBody = false
    this.onAnswer({ status: this.status, length: this.length })
    return used
  }
}
