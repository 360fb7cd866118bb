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
