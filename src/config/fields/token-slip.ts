import { unquoted } from '../../util/format.ts'

const SECRET = `Write \`\${{ secrets.NAME }}\` with the name of your secret`

/** What shows that a text is no token, and what to do: the first that applies. */
const SLIPS: readonly (readonly [applies: (text: string) => boolean, sentence: string])[] = [
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
export function tokenSlip(text: string): string | undefined {
  return SLIPS.find(([applies]) => applies(text))?.[1]
}
