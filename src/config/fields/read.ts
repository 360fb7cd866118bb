import { ExpectedError, InputError } from '../../errors.ts'
import { quote, unquoted } from '../../util/format.ts'
import { splitList } from './list.ts'

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

/** Blank means undefined. */
export const optional =
  <T>(read: Read<T>): Read<T | undefined> =>
  given =>
    given === '' ? undefined : read(given)

/** A list of what `item` takes. */
export const list =
  <T>(item: Read<T>): Read<readonly T[]> =>
  given =>
    readEach(splitList(given), item)

/** A list with each once. */
export const setOf =
  <T>(item: Read<T>): Read<readonly T[]> =>
  given => [...new Set(list(item)(given))]

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
