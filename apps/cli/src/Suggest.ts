/** Typo suggestions. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
const distance = (a: string, b: string): number => {
  let previous: Array<number> = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, previous[j - 2]! + 1)
      next.push(best)
    }
    previous = row
    row = next
  }
  return row[b.length]!
}

/** The known words nearest to the given one, when one is near enough to be meant. */
export const nearest = (word: string, known: Iterable<string>): ReadonlyArray<string> => {
  const wanted = word.toLowerCase()
  const limit = Math.max(1, Math.min(3, Math.ceil(wanted.length / 3)))
  let best = limit
  let found: Array<string> = []
  for (const candidate of known) {
    const lower = candidate.toLowerCase()
    const apart =
      wanted.length >= 3 && lower.startsWith(wanted)
        ? Math.min(1, distance(wanted, lower))
        : distance(wanted, lower)
    if (apart < best) found = []
    if (apart <= best) {
      best = apart
      found.push(candidate)
    }
  }
  return found.slice(0, 3)
}

/** ` Did you mean "x"?`, or nothing. */
export const didYouMean = (word: string, known: Iterable<string>, quote = '"'): string => {
  const found = nearest(word, known)
  return found.length === 0
    ? ""
    : ` Did you mean ${found.map((one) => `${quote}${one}${quote}`).join(" or ")}?`
}
