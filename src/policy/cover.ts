import { parsePatterns } from './pattern.ts'

/** What a wildcard stands for here: a character that no pattern names, so only a wildcard can match it. */
const ANYTHING = '\u{E000}'

/**
 * True when a list of patterns matches every name that `pattern` matches. False where that is not certain, as for
 * regular expressions.
 */
export function covers(sources: readonly string[], pattern: string): boolean {
  if (isName(pattern)) return parsePatterns(sources).scan([pattern]).size > 0
  if (sources.some(source => source.startsWith('!'))) return false
  if (sources.includes(pattern)) return true
  if (!isPlainGlob(pattern)) return false
  const examples = examplesOf(pattern)
  return sources
    .filter(isPlainGlob)
    .some(source => parsePatterns([source]).scan(examples).size === examples.length)
}

/**
 * True when no name can be what a list of patterns asks for, because it takes out all that it names.
 *
 * @param everything the pattern that a list of nothing but `!patterns` begins with
 */
export function matchesNothing(sources: readonly string[], everything: '*' | '**'): boolean {
  const excluded = sources.filter(source => source.startsWith('!')).map(source => source.slice(1))
  const wanted = sources.filter(source => !source.startsWith('!'))
  return (
    (wanted.length > 0 ? wanted : [everything]).every(pattern => covers(excluded, pattern)) &&
    excluded.length > 0
  )
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
