import * as z from 'zod'
import { ExpectedError, InputError } from '../errors.ts'
import { ageAdvice, parseAge } from '../policy/time.ts'
import { code, quote, unquoted } from '../util/format.ts'
import { nearest } from '../util/suggest.ts'
import { splitList } from './list.ts'
import { tokenSlip } from './token-slip.ts'

/**
 * What an input's text may be, as zod schemas from text to value. Their messages are sentences that quote the
 * text and say what to write instead; the input's name is put in front of them by whoever reads the input.
 */

/** What zod says about a text: a sentence that begins with the text itself. */
export const says = (sentence: string | ((given: string) => string)) => ({
  abort: true,
  error: ({ input }: { readonly input?: unknown }) => {
    const given = String(input)
    return `${quote(given)} ${typeof sentence === 'string' ? sentence : sentence(given)}`
  }
})

/** Blank means undefined. */
export const optional = <T>(schema: z.ZodType<T, string>): z.ZodType<T | undefined, string> =>
  z
    .string()
    .transform(given => (given === '' ? undefined : given))
    .pipe(schema.optional())

export const text = z.string()

/** A text of this form; the sentence says what is wrong with any other. */
const formed = (form: RegExp, sentence: string) => z.string().regex(form, says(sentence))

/** Where to write a file, which takes a path and no switch. */
export const filePath = (example: string) =>
  formed(/^(?!(?:true|false|yes|no|on|off)$)/i, `is not a path. Write for instance \`${example}\`.`)

/** Digits only: `z.coerce.number` would read a blank as 0, and 0 means something here. */
export const wholeNumber = single(
  formed(/^\d+$/, 'is not a whole number. Write digits only, such as `10`.')
    .refine(given => Number.isSafeInteger(Number(given)), says('is too large a number.'))
    .transform(Number)
)

export const percent = single(
  formed(
    /^(?:0?\d{1,2}|100)$/,
    'is not a percentage. Write digits only, from `0` to `100`, without a percent sign.'
  ).transform(Number)
)

export const flag = single(
  formed(/^(?:true|false)$/i, 'is neither `true` nor `false`. Write one of the two.').transform(
    given => given.toLowerCase() === 'true'
  )
)

/** Milliseconds. */
export const age = single(
  field(given => parseAge(given) ?? refuse(`${quote(given)} is not an age. ${ageAdvice(given)}`))
)

/** How long to wait for something; nobody waits for months, so `5m` is five minutes here. */
export const waitingTime = single(
  field(given => {
    const advice = withoutUnit(given) ?? 'Write for instance `5m` or `1h`; `0` means no waiting.'
    const ms = parseAge(given.replace(/^(\d+)\s*m$/i, '$1min'))
    return ms ?? refuse(`${quote(given)} is not a length of time. ${advice}`)
  })
)

/** What to write for a number alone, or with an `m`, where nobody means days or months. */
function withoutUnit(given: string): string | undefined {
  const [, digits, unit] = /^(\d+)( *m)?$/i.exec(given) ?? []
  if (digits === undefined) return undefined
  return unit === undefined
    ? `Write \`${digits}min\` for minutes or \`${digits}h\` for hours.`
    : `Write \`${digits}min\` for minutes.`
}

/** Milliseconds, more than none. */
export const timeSpan = single(
  field(given => {
    const ms = parseAge(given)
    if (ms === 0) refuse(`${quote(given)} leaves no time. Write for instance \`5h\`.`)
    const meant = withoutUnit(given)
    if (meant !== undefined) refuse(`${quote(given)} is not a length of time. ${meant}`)
    return ms ?? refuse(`${quote(given)} is not an age. ${ageAdvice(given)}`)
  })
)

/** A secret: whatever is wrong with it, its text is in no message. `kind` is what it should have been. */
export const secret = (kind: string) =>
  field(given => {
    const slip = given === '' ? `is empty. Give ${kind}.` : tokenSlip(given)
    return slip === undefined ? given : refuse(slip)
  })

/** One of a few words. */
export const oneOf = <const W extends string>(words: readonly W[]) => single(wordOf(words))

/** One of a few words; `also` is a sentence for those who wrote another. */
const wordOf = <const W extends string>(words: readonly W[], also = '') =>
  z.enum(
    words,
    says(given => {
      const near = nearest(given, words)
      const hint = near === undefined ? '' : `Did you mean \`${near}\`? `
      return `is not a possible value. ${hint}Possible values are ${words.map(code).join(', ')}.${also}`
    })
  ) as z.ZodType<W, string>

/** A list of what `item` takes; all that it refuses is told at once. */
export const list = <T>(item: z.ZodType<T, string>): z.ZodType<readonly T[], string> =>
  field(splitList).pipe(z.array(item))

/** A list with each once. */
export const setOf = <T>(item: z.ZodType<T, string>): z.ZodType<readonly T[], string> =>
  list(item).transform(values => [...new Set(values)])

/** A list of some of a few words, each once. @param also see `wordOf` */
export const someOf = <const W extends string>(words: readonly W[], also = '') => setOf(wordOf(words, also))

export const names = list(z.string())

export const platforms = setOf(
  formed(
    /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9._]+)?$/,
    'is not a platform. Write for instance `linux/amd64` or `linux/arm64/v8`.'
  ).refine(
    given => inGoWords(given) === given,
    says(given => `is not a platform of an image. Write \`${inGoWords(given)}\`.`)
  )
)

/** A platform with the word that images have for an architecture, which is Go's and not that of `uname`. */
function inGoWords(platform: string): string {
  return platform
    .replace(/\/(?:x86_64|x64)$/, '/amd64')
    .replace(/\/aarch64$/, '/arm64')
    .replace(/\/arm(v[5-8])$/, '/arm/$1')
    .replace(/\/(?:i[3-6]86|x86)$/, '/386')
}

/** A schema from a function that throws an ExpectedError for what it does not take. */
export function field<T>(parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((given, context) => {
    try {
      return parse(given)
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      const messages = error instanceof InputError ? error.problems : [error.message]
      for (const message of messages) context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
  })
}

/** What takes one word, number or age: where the spelling leaves no doubt, the message has what is meant. */
export function single<T>(schema: z.ZodType<T, string>): z.ZodType<T, string> {
  return field(given => {
    const parsed = schema.safeParse(given)
    if (parsed.success) return parsed.data
    const near = nearValue(given, value => schema.safeParse(value).success)
    if (near !== undefined) refuse(`${quote(given)} cannot be read. Write \`${near}\`.`)
    throw new InputError(parsed.error.issues.map(({ message }) => message))
  })
}

/**
 * What somebody means by a value that cannot be read, where its spelling leaves no doubt: quotation marks of its own,
 * separators between digits, a percent sign, other words for true and false, or an ISO 8601 duration.
 *
 * @param isValid whether a value can be read
 * @returns undefined where nothing of that kind makes it one
 */
function nearValue(given: string, isValid: (value: string) => boolean): string | undefined {
  const plain = unquoted(given.normalize('NFKC'))
  const candidates = [
    plain,
    plain.replaceAll(/(?<=\d)[_,.' ](?=\d{3}(?!\d))/g, ''),
    plain.replace(/^(\d+)\.0+$/, '$1'),
    plain.replace(/^(\d+) *%$/, '$1'),
    plain.toLowerCase(),
    TRUE.test(plain) ? 'true' : '',
    FALSE.test(plain) ? 'false' : '',
    isoDuration(plain)
  ]
  return candidates.find(value => value !== '' && value !== given && isValid(value))
}

const TRUE = /^(?:yes|y|on|1|t|enabled?)$/i
const FALSE = /^(?:no|n|off|0|f|disabled?)$/i

/** `P1DT12H` as `1d12h`, where `M` is a month before the `T` and a minute behind it. */
function isoDuration(text: string): string {
  const [, date, time = ''] = /^P((?:\d+[YMWD])*)(?:T((?:\d+[HMS])+))?$/i.exec(text) ?? []
  if (date === undefined) return ''
  return `${date.replace(/m/i, 'month')}${time.replace(/m/i, 'min')}`.toLowerCase()
}

/** Ends the reading of a value with a sentence, or the end of one, about it. @throws ExpectedError */
export function refuse(message: string): never {
  throw new ExpectedError(message)
}
