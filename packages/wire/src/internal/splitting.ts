/** What the machines that take answers apart have in common. */
import type { AnswerPiece } from "../RecordSplitter.ts"

/** A machine over the bytes of one document. Once it has failed it gives nothing more. */
export interface Splitter<E> {
  readonly failure: E | undefined
  /** What became complete with these bytes; also what came before a failure. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<AnswerPiece>
  /** What the end of the bytes completes. */
  readonly end: () => ReadonlyArray<AnswerPiece>
}

export const notUtf8 = "not UTF-8"

export const longRecord = (maxBytes: number): string => `longer than ${maxBytes} bytes`

/** How much of a record that cannot be read goes with it, in bytes. */
export const MAX_BEGINNING = 64 * 1024

/** White space of both JSON and XML. */
export const isBlank = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9
