/** The text of one CSV record (RFC 4180), and the guard that keeps a spreadsheet from running a cell. */

const formula = /^'*(?:[\t\r\n]|[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20])/
const mayBeFormula = /^['\s\u00a0=+\-@\uff1d\uff0b\uff0d\uff20]/

/**
 * The cell with a leading `'` where a spreadsheet could take it for a formula. A cell that looks guarded already gets
 * one more, so that taking one away always gives the original back.
 */
export const guard = (cell: string): string =>
  mayBeFormula.test(cell) && formula.test(cell) ? `'${cell}` : cell

export const unguard = (cell: string): string =>
  cell.charCodeAt(0) === 39 && formula.test(cell.slice(1)) ? cell.slice(1) : cell

const special = /[",\r\n]/

/** One record with its line end. */
export const formatRecord = (cells: ReadonlyArray<string>): string => {
  let text = ""
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!
    if (i > 0) text += ","
    text += special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
  }
  return `${text}\r\n`
}

/** The cells of one record, or what is wrong with it. */
export const parseRecord = (
  text: string,
  delimiter: string
): ReadonlyArray<string> | { readonly problem: string } => {
  if (!text.includes('"')) return text.split(delimiter)
  const cells: Array<string> = []
  let at = 0
  while (true) {
    if (text[at] !== '"') {
      const found = text.indexOf(delimiter, at)
      const end = found === -1 ? text.length : found
      const cell = text.slice(at, end)
      if (cell.includes('"'))
        return { problem: `has a quote inside cell ${cells.length + 1}, which does not begin with one` }
      cells.push(cell)
      if (found === -1) return cells
      at = end + 1
      continue
    }
    let cell = ""
    at++
    while (true) {
      const close = text.indexOf('"', at)
      if (close === -1) return { problem: `has a quoted cell ${cells.length + 1} that does not end` }
      cell += text.slice(at, close)
      at = close + 1
      if (text[at] !== '"') break
      cell += '"'
      at++
    }
    cells.push(cell)
    if (at === text.length) return cells
    if (text[at] !== delimiter) return { problem: `has text after the closing quote of cell ${cells.length}` }
    at++
  }
}

/** The delimiter that a first line uses: a comma, or what programs write where the comma is a decimal point. */
export const delimiterOf = (firstLine: string): "," | ";" | "\t" =>
  firstLine.includes(",") ? "," : firstLine.includes(";") ? ";" : firstLine.includes("\t") ? "\t" : ","
