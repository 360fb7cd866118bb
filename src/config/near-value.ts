import { unquoted } from '../util/format.ts'

/**
 * What somebody means by a value that cannot be read, where its spelling leaves no doubt: quotation marks of its own,
 * separators between digits, a percent sign, other words for true and false, or an ISO 8601 duration.
 *
 * @param isValid whether a value can be read
 * @returns undefined where nothing of that kind makes it one
 */
export function nearValue(given: string, isValid: (value: string) => boolean): string | undefined {
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
