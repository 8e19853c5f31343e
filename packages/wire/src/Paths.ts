/**
 * Splits a request target into the path routes are matched on and the raw query. Only the origin
 * form (`/path?query`) is taken; percent escapes and dot segments in the path are left as they
 * are, so an escaped path matches no route. Effect's Node server has already rewritten an
 * absolute-form target in `request.url`: to refuse those, give the platform's own target.
 */

/** A request target: path in lower case without a trailing slash, query without its `?`. */
export interface NormalizedPath {
  readonly path: string
  readonly query: string
}

/** The path and query of an origin-form target; undefined for any other form (`http://…`, `*`). */
export const normalizePath = (url: string): NormalizedPath | undefined => {
  if (url.charCodeAt(0) !== 47) return undefined
  const mark = url.indexOf("?")
  let end = mark === -1 ? url.length : mark
  while (end > 1 && url.charCodeAt(end - 1) === 47) end--
  return { path: url.slice(0, end).toLowerCase(), query: mark === -1 ? "" : url.slice(mark + 1) }
}
