/**
 * Where a pass over numbered pages stands, and how that is written into a checkpoint: the page to read next, its size,
 * and the borders of the pages just before it.
 */
import { Checkpoint } from "@tillbridge/domain"

/** A row near the end of a page: its id, and how many rows of the page follow it. `null`: no row of it has an id. */
export type Border = { readonly id: string; readonly back: number } | null

/** The page to read next, and the borders of the pages just before it, newest last. */
export interface Place {
  readonly page: number
  readonly borders: ReadonlyArray<Border>
}

/** How many borders are kept: more customers than fill this many pages are hardly deleted within one pass. */
const KEPT = 8

export const beginning: Place = { page: 1, borders: [] }

/** The place behind a page whose rows have these ids. */
export const placeAfter = ({ borders, page }: Place, keys: ReadonlyArray<string | null>): Place => {
  let at = keys.length - 1
  while (at >= 0 && keys[at] === null) at--
  const id = keys[at] ?? null
  const border = id === null ? null : { id, back: keys.length - 1 - at }
  return { page: page + 1, borders: [...borders, border].slice(-KEPT) }
}

export const checkpointOf = ({ borders, page }: Place, pageSize: number): Checkpoint => {
  const words = borders.map((border) =>
    border === null ? "x" : border.back === 0 ? border.id : `${border.id}~${border.back}`
  )
  return Checkpoint.make(`p1.${page}.${pageSize}.${words.join("-")}`)
}

const form =
  /^p1\.([1-9]\d{0,8})\.(\d{1,5})\.((?:x|\d{1,19}(?:~\d{1,4})?)(?:-(?:x|\d{1,19}(?:~\d{1,4})?))*)?$/

/** A checkpoint of another page size or form counts pages differently: the pass begins anew, which loses nothing. */
export const placeOf = (checkpoint: Checkpoint | null, pageSize: number): Place => {
  const [, page, size, words = ""] = form.exec(checkpoint ?? "") ?? []
  if (page === undefined || Number(size) !== pageSize) return beginning
  const borders = words.split("-").flatMap((word): ReadonlyArray<Border> => {
    const [id = "", back = "0"] = word.split("~")
    return id === "" ? [] : [id === "x" ? null : { id, back: Number(back) }]
  })
  return { page: Number(page), borders }
}
