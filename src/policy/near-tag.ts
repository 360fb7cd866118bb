import { beginningOf, type Digest } from '../model/digest.ts'
import { nearest } from '../util/suggest.ts'
import type { Node } from './node.ts'
import { parsePatterns } from './pattern.ts'

/** Comparing each pattern with each of a great many tags would take long, and is for people who write few patterns. */
const MOST_TAGS = 10_000

/**
 * The tag that was meant by a pattern that matches none: the nearest to a name, with the same digits, as another number is no
 * slip; of a glob one that differs by capital letters only.
 */
export function nearTag(pattern: string, tags: readonly string[]): string | undefined {
  const text = pattern.replace(/^!/, '')
  if (tags.length > MOST_TAGS || /^(?:\/|semver:|sha256:)/.test(text)) return undefined
  if (/^[\w.-]+$/.test(text)) {
    const digits = digitsOf(text)
    return nearest(
      text,
      tags.filter(tag => digitsOf(tag) === digits)
    )
  }
  const small = new Map(tags.map(tag => [tag.toLowerCase(), tag]))
  const [found] = parsePatterns([text.toLowerCase()])
    .scan([...small.keys()])
    .keys()
  return found === undefined ? undefined : small.get(found)
}

/** The whole digest where a pattern is the beginning of one, in digits alone, and so was taken for a tag. */
export function wholeDigest(pattern: string, nodes: readonly Node[]): Digest | undefined {
  const beginning = pattern.includes(':') ? undefined : beginningOf(pattern)
  if (beginning === undefined) return undefined
  return nodes.find(({ version, digest }) => version !== undefined && digest.startsWith(beginning))?.digest
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D+/g, ' ').trim()
}
