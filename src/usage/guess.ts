import { fitsAround, isTag, tagSpellings } from '../model/tag.ts'
import { parsePatterns } from '../policy/pattern.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { HOLE, OF_THE_RUN } from './variables.ts'

/** What a tag or a name may be where a file does not say it exactly. */
export interface Guess {
  /** True when a variable hides it, so that the user should know; false for a range of versions and their like. */
  readonly isHole: boolean
  /** Those that it may be. */
  readonly among: (texts: readonly string[]) => readonly string[]
}

/** One or more tags that stand somewhere, or a guess at them. */
export type Tags = { readonly tag: string } | { readonly mayBe: Guess }

/** A text with holes: whatever fits around them. */
export function guessAround(text: string): Guess {
  const parts = text.toLowerCase().split(/[\uE000\uE001]+/)
  return { isHole: true, among: texts => texts.filter(one => fitsAround(parts, one.toLowerCase())) }
}

/** A range of versions, as charts name what they need; one that nobody understands is every version. */
function guessInRange(range: string): Guess {
  return {
    isHole: false,
    among: tags => {
      const versions = new Map(tags.map(tag => [tag.replace('_', '+'), tag]))
      const patterns = orUndefined(() => parsePatterns([`semver:${range}`]))
      const inRange = patterns?.scan([...versions.keys()])
      const begun = new Set(range.includes('*') ? guessAround(range.replaceAll('*', HOLE)).among(tags) : [])
      const isMeant = (version: string): boolean =>
        inRange?.has(version) ?? (!range.includes('*') && /^v?\d/.test(version))
      return [...versions].flatMap(([version, tag]) => (isMeant(version) || begun.has(tag) ? [tag] : []))
    }
  }
}

/** What a tag may be, as written with its variables filled in; nothing where only the run that pushes knows. */
export function tagsOf(written: string): Tags[] {
  if (written.includes(OF_THE_RUN)) return []
  if (written.includes(HOLE)) return [{ mayBe: guessAround(written) }]
  if (/[<>=^~*|]|\.x\b/i.test(written)) return [{ mayBe: guessInRange(written) }]
  // A full stop behind a reference ends a sentence, or belongs to the tag.
  const [tag = ''] = written.split('@')
  const tags = [tag, tag.replace(/(?<![.-])[.-]+$/, '')].flatMap(tagSpellings)
  return [...new Set(tags)].filter(isTag).map(tag => ({ tag }))
}
