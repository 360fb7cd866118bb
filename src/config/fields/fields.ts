import { ExpectedError, InputError } from '../../errors.ts'
import { ageAdvice, parseAge } from '../../policy/time.ts'
import { code, quote, unquoted } from '../../util/format.ts'
import { nearest } from '../../util/suggest.ts'
import { splitList } from './list.ts'
import { tokenSlip } from './token-slip.ts'

/**
 * What the text of an input may be: functions from text to value. What they throw are sentences that quote the text and
 * say what to write instead; the input's name is put in front of them by whoever reads the input.
 */
export type Read<T> = (given: string) => T

/** What a text means, or the sentences about what is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly problems: readonly string[] }

/** @throws only what is no ExpectedError: a bug */
export function attempt<T>(read: Read<T>, given: string): Reading<T> {
  try {
    return { value: read(given) }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    return { problems: error instanceof InputError ? error.problems : [error.message] }
  }
}

/** Each entry of a list; all that is wrong with them is told at once. */
export function readEach<T>(entries: readonly string[], item: Read<T>): readonly T[] {
  const readings = entries.map(entry => attempt(item, entry))
  const problems = readings.flatMap(reading => ('problems' in reading ? reading.problems : []))
  if (problems.length > 0) throw new InputError(problems)
  return readings.flatMap(reading => ('value' in reading ? [reading.value] : []))
}

export function refuse(message: string): never {
  throw new ExpectedError(message)
}

/** @param clause the sentence, which begins with the text itself */
export function refuseText(given: string, clause: string): never {
  return refuse(`${quote(given)} ${clause}`)
}

export const text: Read<string> = given => given

/** Blank means undefined. */
export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  given =>
    given === '' ? undefined : read(given)

/** A text of this form; the clause says what is wrong with any other. */
const formed =
  (form: RegExp, clause: string): Read<string> =>
  given =>
    form.test(given) ? given : refuseText(given, clause)

/** Where to write a file, which takes a path and no switch. */
export const filePath = (example: string) =>
  formed(/^(?!(?:true|false|yes|no|on|off)$)/i, `is not a path. Write for instance \`${example}\`.`)

/** What takes one word, number or age: where the spelling leaves no doubt, the message has what is meant. */
export const single =
  <T>(read: Read<T>): Read<T> =>
  given => {
    const reading = attempt(read, given)
    if ('value' in reading) return reading.value
    const near = nearValue(given, value => 'value' in attempt(read, value))
    if (near !== undefined) refuseText(given, `cannot be read. Write \`${near}\`.`)
    throw new InputError(reading.problems)
  }

/** Digits only: `Number` would read a blank as 0, and 0 means something here. */
export const wholeNumber = single(given => {
  if (!/^\d+$/.test(given)) refuseText(given, 'is not a whole number. Write digits only, such as `10`.')
  return Number.isSafeInteger(Number(given)) ? Number(given) : refuseText(given, 'is too large a number.')
})

export const percent = single(given =>
  /^(?:0?\d{1,2}|100)$/.test(given)
    ? Number(given)
    : refuseText(given, 'is not a percentage. Write digits only, from `0` to `100`, without a percent sign.')
)

export const flag = single(given => {
  const word = given.toLowerCase()
  if (word !== 'true' && word !== 'false')
    refuseText(given, 'is neither `true` nor `false`. Write one of the two.')
  return word === 'true'
})

/** Milliseconds. */
export const age = single(given => parseAge(given) ?? refuseText(given, `is not an age. ${ageAdvice(given)}`))

/** How long to wait for something; nobody waits for months, so `5m` is five minutes here. */
export const waitingTime = single(given => {
  const advice = withoutUnit(given) ?? 'Write for instance `5m` or `1h`; `0` means no waiting.'
  const ms = parseAge(given.replace(/^(\d+)\s*m$/i, '$1min'))
  return ms ?? refuseText(given, `is not a length of time. ${advice}`)
})

/** Milliseconds, more than none. */
export const timeSpan = single(given => {
  const ms = parseAge(given)
  if (ms === 0) refuseText(given, 'leaves no time. Write for instance `5h`.')
  const meant = withoutUnit(given)
  if (meant !== undefined) refuseText(given, `is not a length of time. ${meant}`)
  return ms ?? refuseText(given, `is not an age. ${ageAdvice(given)}`)
})

/** What to write for a number alone, or with an `m`, where nobody means days or months. */
function withoutUnit(given: string): string | undefined {
  const [, digits, unit] = /^(\d+)( *m)?$/i.exec(given) ?? []
  if (digits === undefined) return undefined
  return unit === undefined
    ? `Write \`${digits}min\` for minutes or \`${digits}h\` for hours.`
    : `Write \`${digits}min\` for minutes.`
}

/** A secret: whatever is wrong with it, its text is in no message. `kind` is what it should have been. */
export const secret =
  (kind: string): Read<string> =>
  given => {
    const slip = given === '' ? `is empty. Give ${kind}.` : tokenSlip(given)
    return slip === undefined ? given : refuse(slip)
  }

/** One of a few words. */
export const oneOf = <const W extends string>(words: readonly W[]) => single(wordOf(words))

/** One of a few words; `also` is a sentence for those who wrote another. */
const wordOf =
  <const W extends string>(words: readonly W[], also = ''): Read<W> =>
  given => {
    const word = words.find(one => one === given)
    if (word !== undefined) return word
    const near = nearest(given, words)
    const hint = near === undefined ? '' : `Did you mean \`${near}\`? `
    return refuseText(
      given,
      `is not a possible value. ${hint}Possible values are ${words.map(code).join(', ')}.${also}`
    )
  }

/** A list of what `item` takes. */
export const list =
  <T>(item: Read<T>): Read<readonly T[]> =>
  given =>
    readEach(splitList(given), item)

/** A list with each once. */
export const setOf =
  <T>(item: Read<T>): Read<readonly T[]> =>
  given => [...new Set(list(item)(given))]

/** A list of some of a few words, each once. @param also see `wordOf` */
export const someOf = <const W extends string>(words: readonly W[], also = '') => setOf(wordOf(words, also))

export const names = list(text)

export const platforms = setOf(given => {
  if (!/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9._]+)?$/.test(given))
    refuseText(given, 'is not a platform. Write for instance `linux/amd64` or `linux/arm64/v8`.')
  const meant = inGoWords(given)
  return meant === given ? given : refuseText(given, `is not a platform of an image. Write \`${meant}\`.`)
})

/** A platform with the word that images have for an architecture, which is Go's and not that of `uname`. */
function inGoWords(platform: string): string {
  return platform
    .replace(/\/(?:x86_64|x64)$/, '/amd64')
    .replace(/\/aarch64$/, '/arm64')
    .replace(/\/arm(v[5-8])$/, '/arm/$1')
    .replace(/\/(?:i[3-6]86|x86)$/, '/386')
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
