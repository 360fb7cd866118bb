/** What was looked at, and how it stood. */
export interface Checks {
  /** Counts one check; when it does not hold, `detail` says what was found instead. */
  that(holds: boolean, sentence: string, detail?: string): void
  /** Both as JSON must be the same text. */
  same(found: unknown, expected: unknown, sentence: string): void
  /** The same lines in whatever order. */
  sameLines(found: Iterable<string>, expected: Iterable<string>, sentence: string): void
  readonly passed: number
  readonly failed: number
}

/**
 * Goes on after a failed check, because what else is wrong helps to find out why.
 *
 * @param first whether the first failed check ends the process
 */
export function createChecks(say: (line: string) => void, first: boolean): Checks {
  let passed = 0
  let failed = 0
  const that: Checks['that'] = (holds, sentence, detail = '') => {
    if (holds) passed++
    else {
      failed++
      say(`FAILED: ${sentence}${detail === '' ? '' : `\n  ${detail.trim().replaceAll('\n', '\n  ')}`}`)
      if (first) process.exit(1)
    }
  }
  return {
    that,
    same: (found, expected, sentence) => {
      const [is, should] = [JSON.stringify(found), JSON.stringify(expected)]
      that(is === should, sentence, `expected ${around(should, is)}\nfound    ${around(is, should)}`)
    },
    sameLines: (found, expected, sentence) => {
      const [is, should] = [new Set(found), new Set(expected)]
      const lacking = [...should].filter(line => !is.has(line)).map(line => `lacking:  ${line}`)
      const surplus = [...is].filter(line => !should.has(line)).map(line => `too much: ${line}`)
      that(lacking.length + surplus.length === 0, sentence, [...lacking, ...surplus].join('\n'))
    },
    get passed() {
      return passed
    },
    get failed() {
      return failed
    }
  }
}

/** A text of any length, from shortly before the place where it departs from another one. */
function around(text = 'nothing', other = ''): string {
  let from = 0
  while (from < text.length && text[from] === other[from]) from++
  const start = Math.max(0, from - 100)
  return `${start > 0 ? '…' : ''}${text.slice(start, start + 400)}${start + 400 < text.length ? '…' : ''}`
}
