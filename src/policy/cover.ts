import { parsePatterns } from './pattern.ts'

/** What a wildcard stands for here: a character that no pattern names, so only a wildcard can match it. */
const ANYTHING = '\u{E000}'

/**
 * The ones of `patterns` whose every match is also matched by a list of patterns. Without those for which that is not
 * certain, such as regular expressions.
 */
export function coveredBy(sources: readonly string[], patterns: readonly string[]): ReadonlySet<string> {
  const covered = new Set(parsePatterns(sources).scan(patterns.filter(isName)).keys())
  if (sources.some(source => source.startsWith('!'))) return covered
  const same = new Set(sources)
  const globs = sources.filter(isPlainGlob).map(source => parsePatterns([source]))
  for (const pattern of patterns.filter(one => !isName(one))) {
    const examples = isPlainGlob(pattern) ? examplesOf(pattern) : []
    const isCovered =
      same.has(pattern) ||
      (examples.length > 0 && globs.some(glob => glob.scan(examples).size === examples.length))
    if (isCovered) covered.add(pattern)
  }
  return covered
}

/**
 * True when no name can be what a list of patterns asks for, because it takes out all that it names.
 *
 * @param everything the pattern that a list of nothing but `!patterns` begins with
 */
export function matchesNothing(sources: readonly string[], everything: '*' | '**'): boolean {
  const excluded = sources.filter(source => source.startsWith('!')).map(source => source.slice(1))
  if (excluded.length === 0) return false
  const wanted = sources.filter(source => !source.startsWith('!'))
  const all = wanted.length > 0 ? wanted : [everything]
  const covered = coveredBy(excluded, all)
  return all.every(pattern => covered.has(pattern))
}

function isName(pattern: string): boolean {
  return /^[\w./-]+$/.test(pattern) && !pattern.startsWith('/')
}

function isPlainGlob(pattern: string): boolean {
  return /^[\w./*-]+$/.test(pattern) && !pattern.startsWith('/')
}

/** Names that stand for all that a glob of stars matches: `**` may be a part of a name, several, or none. */
function examplesOf(glob: string): string[] {
  const fill = (text: string): string => text.replaceAll(/\*+/g, ANYTHING)
  if (!glob.includes('**')) return [fill(glob)]
  const several = glob.replaceAll('**', `${ANYTHING}/${ANYTHING}`)
  return [...new Set([several, glob, glob.replaceAll('**/', '')].map(fill))]
}
