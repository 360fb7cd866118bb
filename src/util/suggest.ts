/**
 * The known word that `word` is most likely a slip of, for "did you mean": at most one edit in three letters.
 * Case, `_` and spaces count as `-` does. Undefined when nothing is near; of equals one that begins with it, else the
 * first. Where none is so near, the only one that has it as a part (`git-tags` for `tags`).
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const slip = plain(word)
  let best: string | undefined
  let least = Math.ceil(slip.length / 3) + 1
  for (const candidate of known) {
    const edits = distance(slip, plain(candidate))
    const isLonger = edits === least && best !== undefined && !plain(best).startsWith(slip)
    if (edits < least || (isLonger && plain(candidate).startsWith(slip))) {
      best = candidate
      least = edits
    }
  }
  if (best !== undefined) return best
  const holding = known.filter(candidate => plain(candidate).split('-').includes(slip))
  return holding.length === 1 ? holding[0] : undefined
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]+/g, '-')
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const here = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let edits = Math.min(
        at(above, column) + 1,
        at(here, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1)
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) edits = Math.min(edits, at(before, column - 2) + 1)
      here.push(edits)
    }
    before = above
    above = here
  }
  return at(above, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
