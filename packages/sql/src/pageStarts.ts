/**
 * Remembers after which id each page of a merchant's whole list begins. A database counts through all skipped rows to
 * find an OFFSET, so that paging through a list costs the square of its length; with the page before known it costs
 * nothing. A revision of the list, counted by every insert and removal, says whether what is remembered still holds.
 */
import type { CustomerId, CustomerRef } from "@tillbridge/domain"

interface Known {
  readonly revision: number
  /** From offset to the id before it. */
  readonly starts: Map<number, CustomerId>
}

interface Found {
  readonly refs: ReadonlyArray<CustomerRef>
  readonly revision: number
}

const mostStarts = 20_000
const mostMerchants = 100

export const makePageStarts = () => {
  const merchants = new Map<number, Known>()

  const find = (merchant: number, offset: number) => {
    const known = merchants.get(merchant)
    const after = known?.starts.get(offset)
    return known === undefined || after === undefined ? undefined : { after, revision: known.revision }
  }

  /** Notes where the page after this one begins, and gives the refs back. */
  const learn = (
    merchant: number,
    window: { readonly offset: number; readonly limit: number },
    { refs, revision }: Found
  ): ReadonlyArray<CustomerRef> => {
    const last = refs.at(-1)
    if (last === undefined || refs.length < window.limit) return refs
    let known = merchants.get(merchant)
    if (known?.revision !== revision || known.starts.size >= mostStarts) {
      if (merchants.size >= mostMerchants) merchants.clear()
      merchants.set(merchant, (known = { revision, starts: new Map() }))
    }
    known.starts.set(window.offset + window.limit, last.id)
    return refs
  }

  return { find, learn }
}
