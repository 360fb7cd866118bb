import { beginningOf, parseDigest } from '../../model/digest.ts'
import { isTag } from '../../model/tag.ts'
import { parsePatterns } from '../../policy/pattern.ts'
import { splitList } from './list.ts'
import { refuseMetadata } from './metadata-lines.ts'
import { emptyVariable, refuseSlip, type Subject } from './pattern-slip.ts'
import { type Read, readEach, refuse, refuseText, setOf } from './read.ts'

/** What the text of an input about tags may be: patterns, tags and digests, as schemas from text to value. */

/** A list of patterns, none of which is a word of a sentence. */
const patterns =
  (item: Read<string>): Read<readonly string[]> =>
  given => {
    refuseMetadata(given, 'patterns')
    const entries = splitList(given)
    refuseWords(entries)
    return readEach(entries, item)
  }

/** Patterns of git tags as they were written, each known to be one. */
export const gitTagPatterns = patterns(given => checkPattern(given, 'git tag'))

/** Patterns of image tags and full digests as they were written. */
export const patternsAndDigests = patterns(given => {
  if (parseDigest(given) !== undefined) return given
  const advice = /^!?sha(?:256|512):/i.test(given) ? digestAdvice(given.replace(/^!/, '')) : bareDigest(given)
  return advice === undefined ? checkPattern(given, 'image tag') : refuseText(given, advice)
})

/** What is wrong with a digest of which only the beginning is given, or which is none: the end of a sentence. */
export function digestAdvice(given: string): string {
  return beginningOf(given) === undefined
    ? 'is not a full digest. Write `sha256:` and all 64 digits, in lower case; patterns are for tags only.'
    : `is a short digest, and here a whole one is needed. A dry run with \`explain: ${given}\` shows it.`
}

/** What to write for the 64 digits of a digest alone, which may be a tag as well: the end of a sentence. */
export function bareDigest(given: string): string | undefined {
  const [, not = '', digits] = /^(!?)([0-9a-f]{64})$/.exec(given) ?? []
  return digits === undefined
    ? undefined
    : `has the digits of a digest alone. For a digest write \`${not}sha256:${digits}\`, for a tag of that name \`${not}/^${digits}$/\`.`
}

/** How many digits a short digest needs: the end of a sentence. */
export const TOO_SHORT = 'is too short for a digest. Write at least 7 digits behind `sha256:`.'

/** True for the beginning of a digest that is too short to mean one. */
export const isTooShort = (given: string): boolean => /^sha256:[0-9a-f]{0,6}\??$/i.test(given)

/** Image tags by their own names. */
export const tagNames: Read<readonly string[]> = given => {
  refuseMetadata(given, 'tags')
  return setOf(tagName)(given)
}

function tagName(given: string): string {
  if (isTag(given)) return given
  const advice = /^-[\w.-]+$/.test(given) ? emptyVariable(given) : slashAdvice(given)
  return refuseText(given, `cannot be an image tag. ${advice ?? 'Write tags in full, without wildcards.'}`)
}

/** A version by a tag, a digest, also a short one, or its id. */
export const tagOrDigest: Read<string> = given => {
  if (parseDigest(given) !== undefined || beginningOf(given) !== undefined || isTag(given)) return given
  const advice = slashAdvice(given) ?? "Write one of them, without the package's name."
  return refuseText(given, `is neither a tag nor a digest. ${advice}`)
}

/** What to write for the name of a branch, in which build tools replace the slash. */
export function slashAdvice(given: string): string | undefined {
  const tag = given.replaceAll('/', '-')
  return given.includes('/') && !/[:@]/.test(given) && isTag(tag)
    ? `A tag has no slash: build tools write \`${tag}\` for a branch of that name.`
    : undefined
}

/** A pattern that something of the kind can match. @throws ExpectedError for any other */
export function checkPattern(given: string, subject: Subject): string {
  refuseSlip(given, subject)
  parsePatterns([given])
  return given
}

const LEFT_OUT = /^(?:not|except|excluding|without|but)$/i
const JOINED = /^(?:and|or|&+|\|\|)$/i

/**
 * Refuses a list of patterns in which words of a sentence stand as entries (`sha-* except latest` names `latest` as
 * well), or which is what an expression leaves behind.
 *
 * @throws ExpectedError that says what to write; a regular expression such as `/^not$/` is never meant
 */
function refuseWords(entries: readonly string[]): void {
  const [only] = entries.length === 1 ? entries : []
  if (only !== undefined && /^(?:true|null|undefined)$/i.test(only))
    refuse(`\`${only}\` is no pattern. Write \`*\` for all tags, or leave the input empty.`)
  entries.forEach((entry, place) => {
    const next = entries[place + 1]
    if (next === undefined) return
    if (LEFT_OUT.test(entry))
      refuse(
        `\`${entry}\` is a word here and no tag. To leave something out, write \`!\` in front of it, such as \`!${next.replace(/^!/, '')}\`.`
      )
    if (JOINED.test(entry))
      refuse(
        `\`${entry}\` is a word here and no tag. Leave it out: a space, a comma or a new line separates entries.`
      )
  })
}
