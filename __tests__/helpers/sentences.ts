import type { ActionRun } from './run-action.ts'

/**
 * The sentences that one run says more than once in its log, its annotations among it, or more than once in its summary.
 * Why a run is red stands in both: whoever reads one of them need not read the other.
 */
export function sentencesTwice({ stdout, summary }: Pick<ActionRun, 'stdout' | 'summary'>): string[] {
  const lines = stdout.split('\n').filter(line => !/^::(?:add-mask|debug|group|endgroup)/.test(line))
  // Rows and titles are no sentences: two packages may well lose as many images.
  const prose = summary.split('\n').filter(line => !/^\||^\*\*[^*]*\*\*$/.test(line))
  return [...twiceIn(lines), ...twiceIn(prose)]
}

function twiceIn(lines: readonly string[]): string[] {
  const seen = new Set<string>()
  return lines
    .flatMap(line => sentencesOf(line))
    .filter(sentence => seen.has(sentence) || !seen.add(sentence))
}

/** What is long enough that nobody says it by chance, in plain characters. */
function sentencesOf(line: string): string[] {
  return line
    .replace(/^::\w+[^:]*::/, '')
    .replace(/^[>\s*#-]+/, '')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/<[^>]*>|[*`]/g, '')
    .split(/(?<=[.!?])\s+(?=[A-Z])/)
    .filter(sentence => sentence.length >= 40 && sentence.includes(' ') && !/^See (?:http|\[)/.test(sentence))
}
