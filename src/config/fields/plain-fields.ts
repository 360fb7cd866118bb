import { MODES, type Mode } from '../../model/run.ts'
import { ageAdvice, parseAge } from '../../policy/time.ts'
import { code, unquoted } from '../../util/format.ts'
import { nearest } from '../../util/suggest.ts'
import { list, type Read, refuse, refuseText, setOf, single } from './read.ts'

/** Texts, numbers, flags, ages, words and lists of them: what the text of most inputs may be. */

export const text: Read<string> = given => given

/** Where to write a file, which takes a path and no switch. */
export const filePath =
  (example: string): Read<string> =>
  given =>
    /^(?:true|false|yes|no|on|off)$/i.test(given)
      ? refuseText(given, `is not a path. Write for instance \`${example}\`.`)
      : given

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

/** Other words for a mode. None stands for `purge`, to which nobody may be led by a guess. */
const OTHER_WORDS: readonly (readonly [words: RegExp, mode: Mode])[] = [
  [/^(?:clean(?:[-_]?up)?|delete|gc|keep|prune|remove|retention)$/i, 'retain'],
  [/^(?:audit|list|missing|test|validate|verify)$/i, 'check'],
  [/^(?:recover|roll[-_]?back|undelete|undo)$/i, 'restore']
]

/** The mode; what is none is answered with the one that was meant, and what each of them does. */
export const modeWord = single(
  given => MODES.find(mode => mode === given) ?? refuseText(given, `is not a mode. ${modeAdvice(given)}`)
)

function modeAdvice(given: string): string {
  if (/^(?:dry[-_]?run|plan|preview)$/i.test(given))
    return 'Leave `mode` out, and write `dry-run: true` to delete nothing.'
  const near = OTHER_WORDS.find(([words]) => words.test(given))?.[1] ?? nearest(given, MODES)
  return (
    `${near === undefined ? '' : `Did you mean \`${near}\`? `}The modes are \`retain\` (deletes by policy), \`check\` (finds ` +
    'missing images), `purge` (deletes what the input `purge` names) and `restore` (undoes).'
  )
}

const SECRET = `Write \`\${{ secrets.NAME }}\` with the name of your secret`

/** What shows that a text is no token, and what to do: the first that applies. */
const TOKEN_SLIPS: readonly (readonly [applies: (text: string) => boolean, sentence: string])[] = [
  [text => unquoted(text) !== text, 'has quotation marks around it. Write it without them.'],
  [
    text => /^(?:bearer|basic|token)\s/i.test(text),
    'begins with a word of an HTTP header. Write the token alone.'
  ],
  [
    text => /\s/.test(text),
    'contains a space or a line break, which no token has. Copy the token into the secret again, as one line.'
  ],
  [text => /^\*+$/.test(text), `is only asterisks, which logs show in place of a secret. ${SECRET}.`],
  [
    text =>
      /^\$|^(?:env|github|inputs|secrets|vars)\.|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(text) ||
      /^(?:true|false|null|undefined)$/.test(text),
    `is a name or a word, and not the token itself. ${SECRET}, or leave the input out.`
  ],
  [
    text => !/^[\w.~+/=-]+$/.test(text),
    'contains a character that no token has. Copy the token into the secret again.'
  ]
]

/** The end of a sentence about a text that cannot be a token; it shows nothing of it. Undefined where it may be one. */
function tokenSlip(text: string): string | undefined {
  return TOKEN_SLIPS.find(([applies]) => applies(text))?.[1]
}
