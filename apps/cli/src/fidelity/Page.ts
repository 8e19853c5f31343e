/** The page that tells what each dialect carries, made of what the dialects do. */
import type { DialectCodec } from "@tillbridge/domain"
import { answerCells, callCells, cardFields, type Cell, type Cells, customerFields, KEPT } from "./Trial.ts"

/** What one dialect carries in both directions. */
export interface Fidelity {
  readonly dialect: string
  readonly answers: Cells
  readonly calls: Cells | null
}

const sameCell = (a: Cell | undefined, b: Cell | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** One cell for all forms of an answer; where they differ each is told. */
const joinForms = (forms: ReadonlyArray<readonly [format: string, cells: Cells]>): Cells => {
  const [first, ...others] = forms
  const joined: Record<string, Cell> = {}
  for (const field in first![1]) {
    joined[field] = others.every(([, cells]) => sameCell(cells[field], first![1][field]))
      ? first![1][field]!
      : { mark: "part", how: forms.map(([format, cells]) => `${format}: ${shown(cells[field])}`).join("; ") }
  }
  return joined
}

export const fidelityOf = async (codec: DialectCodec): Promise<Fidelity> => ({
  dialect: codec.dialect,
  answers: joinForms(await answerCells(codec)),
  calls: await callCells(codec)
})

const shown = (cell: Cell | undefined): string => {
  if (cell === undefined) return ""
  return cell.mark === "whole" ? "yes" : cell.mark === "none" ? "–" : `~ ${cell.how}`
}

const heading = (field: string): string =>
  field === KEPT
    ? "`extensions` of the dialect"
    : field === "cards"
      ? "`cards`: number and owner"
      : `\`${field}\``

const table = (
  fields: ReadonlyArray<string>,
  columns: ReadonlyArray<readonly [title: string, cells: Cells | null]>
): string => {
  const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |\n`
  return (
    row(["field", ...columns.map(([title]) => title)]) +
    row(["---", ...columns.map(() => "---")]) +
    fields
      .map((field) => row([heading(field), ...columns.map(([, cells]) => shown(cells?.[field]))]))
      .join("")
  )
}

/** The page as it stands in docs/fidelity.md. */
export const page = (dialects: ReadonlyArray<Fidelity>): string => {
  const answers = dialects.map(({ answers, dialect }) => [dialect, answers] as const)
  const takers = dialects.filter(({ calls }) => calls !== null)
  const others = dialects.filter(({ calls }) => calls === null).map(({ dialect }) => dialect)
  return `<!-- Made by \`npm run fidelity\` from what the dialects do. Do not edit: a test compares the two. -->

# What each dialect carries

Each field of a customer and of a card is written in each dialect, alone and together with all the others, and read
back. Fields have the domain's names; a group and a card type count as the same when the name is.

| mark | meaning |
|---|---|
| yes | comes back exactly |
| ~ | comes back with a loss, or under a condition: it is said which |
| – | the dialect has no place for it |

What a dialect does not carry is lost only on its way: over a store, a write through one dialect leaves alone what
that dialect cannot say, and the others go on telling it. \`tillbridge convert\`, which has no store, counts what it
loses. What a vendor tells and the domain has no word for is kept under the dialect's id in \`extensions\` and goes
back to that vendor, and to no other. Of external ids a dialect tells the vendor's own key and the key in the one
system that the merchant's external keys belong to.

Times have milliseconds in the store; "whole seconds" cuts them.

## Customers in answers

From the store to whoever asks: the drop-in server writes, a client reads.

${table(customerFields, answers)}
## Customers in calls

From a caller to the vendor: a client writes, the drop-in server reads.${
    others.length === 0 ? "" : ` No calls are taken by ${others.join(", ")}.`
  }

${table(
  customerFields,
  takers.map(({ calls, dialect }) => [dialect, calls] as const)
)}
## Cards in answers

${table(cardFields, answers)}`
}
