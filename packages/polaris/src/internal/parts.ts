/** The members of records as a reader of many needs them: looked up once for each spelling that a site has. */
import type { PolarisNames } from "../PolarisNames.ts"
import { clientColumns, type Column } from "./fields.ts"
import { isPasswordName } from "./passwords.ts"
import { indexesOf, type NameIndex } from "./wireTree.ts"

export interface Part {
  /** This package's name; a site's own for a member that is not known. */
  readonly member: string
  /** As the site spells it. */
  readonly spelling: string
  /** One bit for each member that is known, 0 for others. */
  readonly bit: number
  /** Whether it is spelled as a member is; a member's other name and unknown ones count only after those. */
  readonly isMember: boolean
  readonly isPassword: boolean
  readonly read: Column["read"]
}

export interface Parts {
  readonly index: NameIndex
  readonly members: ReadonlyArray<Part>
  readonly byMember: ReadonlyMap<string, Part>
  /** By the names that a site spelled. */
  readonly spelled: Map<string, Part>
}

const columns: ReadonlyMap<string, Column> = new Map(Object.entries(clientColumns))

const makeParts = (index: NameIndex, reads: boolean): Parts => {
  const members = [...index.member.values()].map((member, at): Part => ({
    member,
    spelling: member,
    bit: 1 << at,
    isMember: true,
    isPassword: false,
    read: reads ? columns.get(member)?.read : undefined
  }))
  return {
    index,
    members,
    byMember: new Map(members.map((part) => [part.member, part])),
    spelled: new Map()
  }
}

const made = new WeakMap<PolarisNames, { readonly client: Parts; readonly card: Parts }>()

/** The parts of a table of names, made once. */
export const partsOf = (names: PolarisNames) => {
  let parts = made.get(names)
  if (parts === undefined) {
    const { card, client } = indexesOf(names)
    made.set(names, (parts = { client: makeParts(client, true), card: makeParts(card, false) }))
  }
  return parts
}

/** More spellings than any site has; whoever invents more of them pays for it in time, not in memory. */
const MOST_SPELLINGS = 1_000

/** What a name of a record says. */
export const partOf = ({ byMember, index, spelled }: Parts, name: string): Part => {
  const known = spelled.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  const member = byMember.get(index.member.get(lower) ?? "")
  const other = byMember.get(index.alias.get(lower) ?? name)
  // A name cut out of a document would hold all of it in memory.
  const spelling = Object.keys({ [name]: 0 })[0]!
  const unknown = { member: spelling, bit: 0, isPassword: isPasswordName(name), read: undefined }
  const part: Part = { ...(member ?? other ?? unknown), spelling, isMember: member !== undefined }
  if (spelled.size < MOST_SPELLINGS) spelled.set(spelling, part)
  return part
}
