import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { beginningOf, parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'
import { parsePatterns } from '../policy/pattern.ts'
import { quote } from '../util/format.ts'
import { field, refuse, setOf } from './fields.ts'
import { splitList } from './list.ts'
import { refuseMetadata } from './metadata-lines.ts'
import { emptyVariable, refuseSlip, type Subject } from './pattern-slip.ts'
import { refuseWords } from './word-slip.ts'

/** What the text of an input about tags may be: patterns, tags and digests, as schemas from text to value. */

/** A list of patterns, none of which is a word of a sentence. */
function patterns<T>(item: z.ZodType<T, string>): z.ZodType<readonly T[], string> {
  return field(given => {
    refuseMetadata(given, 'patterns')
    const entries = splitList(given)
    refuseWords(entries)
    return entries
  }).pipe(z.array(item))
}

/** Patterns of git tags as they were written, each known to be one. */
export const gitTagPatterns = patterns(field(given => checkPattern(given, 'git tag')))

/** Patterns of image tags and full digests as they were written. */
export const patternsAndDigests = patterns(
  field(given => {
    if (parseDigest(given) !== undefined) return given
    const advice = /^!?sha(?:256|512):/i.test(given)
      ? digestAdvice(given.replace(/^!/, ''))
      : bareDigest(given)
    return advice === undefined ? checkPattern(given, 'image tag') : refuse(`${quote(given)} ${advice}`)
  })
)

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
export const tagNames = unlessMetadata(
  'tags',
  setOf(
    field(given => {
      if (isTag(given)) return given
      throw new ExpectedError(
        `${quote(given)} cannot be an image tag. ${/^-[\w.-]+$/.test(given) ? emptyVariable(given) : (slashAdvice(given) ?? 'Write tags in full, without wildcards.')}`
      )
    })
  )
)

/** A list that is refused as a whole where it holds lines for another tool, see `refuseMetadata`. */
export function unlessMetadata<T>(
  kind: Parameters<typeof refuseMetadata>[1],
  schema: z.ZodType<T, string>
): z.ZodType<T, string> {
  return field(given => {
    refuseMetadata(given, kind)
    return given
  }).pipe(schema)
}

/** A version by a tag, a digest, also a short one, or its id. */
export const tagOrDigest = field(given => {
  if (parseDigest(given) !== undefined || beginningOf(given) !== undefined || isTag(given)) return given
  throw new ExpectedError(
    `${quote(given)} is neither a tag nor a digest. ${slashAdvice(given) ?? "Write one of them, without the package's name."}`
  )
})

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
