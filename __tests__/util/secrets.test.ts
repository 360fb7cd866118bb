import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { createSecrets } from '../../src/util/secrets.ts'
import { inBounds } from '../helpers/in-bounds.ts'

const SECRET = 'ghp_abc/def+0123456789-ghij=klm'
const { scrub } = createSecrets(SECRET, `AAAA${'A'.repeat(40)}`)

const SIZE = 400_000

test.each(['\\', '\\\\u', 'g\\', 'A', 'A\\', '%25', '%', '&amp;', '&#0', '&', 'Z2hw', '=', 'ghp_\\'])(
  'E-42 an answer that is nothing but %j is scrubbed in bounds',
  unit => {
    const text = unit.repeat(SIZE / unit.length)
    expect(inBounds(() => scrub(text))).toEqual(expect.any(String))
  }
)

test.each([
  ['a backslash before each character', [...SECRET].map(one => `\\${one}`).join('')],
  ['many backslashes before each character', [...SECRET].map(one => `${'\\'.repeat(7)}${one}`).join('')],
  ['escapes with one backslash', [...SECRET].map(one => `\\x${hex(one)}`).join('')],
  ['escapes with many backslashes', [...SECRET].map(one => `\\\\\\\\u00${hex(one)}`).join('')],
  [
    'base64 with a backslash before each character',
    [...Buffer.from(SECRET).toString('base64')].map(one => `\\${one}`).join('')
  ]
])('E-40 %s is scrubbed, and nothing of the secret is left', (_, text) => {
  // The last character of base64 has too few bits to tell anything.
  expect(scrub(`before ${text} after`)).toMatch(/^before \\*\*{3}(?:\\Q\\=\\=)? after$/)
})

const TOKEN = 'ghp_q7Zt3LmK9sVb2XcR8nWd4YfJ6hGp1QaTuE5o'
const github = createSecrets(TOKEN)
const encoded = Buffer.from(`x-access-token:${TOKEN}`).toString('base64')
const between = (text: string, separator: string): string => [...text].join(separator)
const folded = (text: string, every: number, end: string): string =>
  (text.match(new RegExp(`.{1,${every}}`, 'g')) ?? []).join(end)

test.each([
  [
    'base64 in lines of 76 characters',
    folded(Buffer.from(`${'x'.repeat(31)}${TOKEN}`).toString('base64'), 76, '\r\n')
  ],
  ['base64 in short lines', folded(encoded, 16, '\r\n')],
  ['base64 in indented lines', folded(encoded, 20, '\n    ')],
  ['base64 in lines, as JSON has it', JSON.stringify(folded(encoded, 16, '\r\n'))],
  ['base64 in lines, as JSON in JSON has it', JSON.stringify(JSON.stringify(folded(encoded, 16, '\n')))],
  ['base64 in lines, as a URL has it', encodeURIComponent(folded(encoded, 16, '\r\n'))],
  ['base64 in lines, as HTML has it', folded(encoded, 16, '&#13;&#10;')],
  ['capital letters', TOKEN.toUpperCase()],
  ['small letters in JSON', JSON.stringify({ token: TOKEN.toLowerCase() })],
  ['the base64 of a request', Buffer.from(`authorization: Basic ${encoded}`).toString('base64')],
  ['quoted-printable', folded(TOKEN, 9, '=\r\n')],
  ['a zero-width space between its letters', between(TOKEN, '\u200b')],
  ['the same in bytes', Buffer.from(between(TOKEN, '\u200b')).toString('latin1')],
  ['the same in JSON', between(TOKEN, '\\u200b')],
  ['the same in HTML', between(TOKEN, '&ZeroWidthSpace;')],
  ['the same in a URL', between(TOKEN, '%E2%80%8B')],
  ['soft hyphens', between(TOKEN, '\u00ad')],
  ['named soft hyphens', between(TOKEN, '&shy;')],
  ['NUL', between(TOKEN, '\0')],
  ['NUL in JSON', JSON.stringify(between(TOKEN, '\0'))],
  ['blanks', between(TOKEN, ' ')],
  ['the ends of lines', between(TOKEN, '\n')],
  ['combining characters', between(TOKEN, '\u0301')],
  ['no last letter', TOKEN.slice(0, -1)],
  ['no first letters', TOKEN.slice(5)],
  ['an end after a dozen letters', TOKEN.slice(0, 13)],
  ['a dozen letters from its midst', TOKEN.slice(11, 23)],
  [
    'base64 of a piece',
    Buffer.from(`a${TOKEN.slice(6, 20)}`)
      .toString('base64')
      .slice(2, -3)
  ]
])('E-40 a token is known by %s', (_, text) => {
  const left = github.scrub(`{"message":"12345 ${text} 67890"}`)
  expect(left).toContain('***')
  expect(left).toMatch(/^\{"message":"12345 .*67890"\}$/s)
  for (const piece of [TOKEN, encoded.slice(20)]) {
    const letters = left.replaceAll(/[^A-Za-z0-9*]/g, '')
    const pieces = Array.from({ length: piece.length - 6 }, (__, at) =>
      piece.slice(at, at + 6).replaceAll(/\W|_/g, '')
    )
    expect(pieces.filter(one => letters.includes(one))).toEqual([])
  }
})

test('E-40 the beginning that all long tokens of GitHub have is no secret', () => {
  const header = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')
  const signature = createHash('sha512').update('1').digest('hex').repeat(3)
  const long = createSecrets(`ghs_123456_${header}.${'eyJpc3MiOiJnaXRodWIifQ'}.${signature}`)
  const text = `an annotation with ${header}.e30.c2ln`
  expect(long.scrub(text)).toBe(text)
  expect(long.scrub(`<${signature}>`)).toBe('<***>')
})

test('what is no secret stays as it is', () => {
  const texts = [
    'ghp_ is how a token begins',
    'ghp_q7Zt3L',
    `sha256:${'0123456789abcdef'.repeat(4)}`,
    '',
    '100%&amp;\\n'
  ]
  expect(texts.map(github.scrub)).toEqual(texts)
})

test.each([50, 129, 300, 2_000, 8_000])(
  'E-40 a secret of %i characters is scrubbed whole, in base64 too',
  length => {
    const blocks = Array.from({ length: 200 }, (_, at) =>
      createHash('sha256').update(String(at)).digest('hex')
    )
    const secret = blocks.join('').slice(0, length)
    const long = createSecrets(secret)
    for (const before of ['', 'a', 'ab']) {
      const text = `${before}${secret}`
      for (const spelled of [
        text,
        Buffer.from(text).toString('base64'),
        Buffer.from(`${text}z`).toString('base64url')
      ]) {
        const left = long.scrub(`<${spelled}>`)
        expect(left).toMatch(/^<[\w-]{0,4}\*[\w*-]*={0,2}>$/)
        expect(left.replaceAll('*', '').length).toBeLessThan(10)
      }
    }
  }
)

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0')
}
