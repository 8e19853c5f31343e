/**
 * Small facts about HTTP methods: the text of an `Allow` header, and whether a request is a
 * prefetch, which must not change anything. A prefetch that does not say so cannot be told apart.
 */

/** The `Allow` header for these methods: upper case, each once, in the order given. */
export const allow = (methods: ReadonlyArray<string>): string =>
  [...new Set(methods.map((method) => method.toUpperCase()))].join(", ")

const PREFETCH_HEADERS = ["purpose", "sec-purpose", "x-moz"]

/** Whether a browser or proxy announces the request as a prefetch. Header names are lower case. */
export const isPrefetch = (headers: Readonly<Record<string, string | undefined>>): boolean =>
  PREFETCH_HEADERS.some((name) => /(?:^|[\s,;])prefetch(?:$|[\s,;])/i.test(headers[name] ?? ""))
