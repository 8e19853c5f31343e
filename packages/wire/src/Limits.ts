/**
 * The sizes past which input is refused rather than read. They are defaults: every reader that
 * uses one takes another as an argument. Counts are exact, byte limits count UTF-8 bytes.
 */

/** Largest request body read, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024

/** Largest number of parameters in one query or form body. */
export const MAX_PARAMETERS = 500

/** Deepest nesting of XML elements; the root is depth 1. */
export const MAX_XML_DEPTH = 32

/** Largest number of elements in an XML request. */
export const MAX_REQUEST_XML_ELEMENTS = 2_000

/** Largest number of elements in an XML reply of a remote system. */
export const MAX_REPLY_XML_ELEMENTS = 200_000

/** Largest reply of a remote system, in bytes. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024

/** Largest record of a saved list answer, in bytes. */
export const MAX_RECORD_BYTES = 256 * 1024

/** Deepest nesting of JSON arrays and objects; the outermost is depth 1. */
export const MAX_JSON_DEPTH = 64

/** Longest integer literal in JSON, in digits; turning a longer one into a bigint costs too much. */
export const MAX_JSON_DIGITS = 1_000
