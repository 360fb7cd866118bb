import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { safe } from '../../src/report/markdown.ts'
import { plain, visible } from '../../src/util/format.ts'

/** Text that nobody sees, or that stands in another order than it is written, is shown as what it is. */

const MARKS = [
  ...[0x61c, 0x200b, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067],
  ...[0x2068, 0x2069, 0x2028, 0x2029, 0xad, 0x34f, 0x115f, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xe0041, 0xe0100]
].map(point => String.fromCodePoint(point))

test.each(MARKS.map(mark => [mark.codePointAt(0)?.toString(16), mark] as const))(
  'U+%s is shown by its number in log lines and in the summary',
  (point, mark) => {
    expect(plain(`v1${mark}gnp`)).toBe(`v1\\u{${point}}gnp`)
    expect(safe(`v1${mark}gnp`)).toBe(`v1&#92;u&#123;${point}&#125;gnp`)
  }
)

test('many of them take the room of one, and what is seen stays', () => {
  expect(visible(`a${'\u202e'.repeat(500)}b`)).toBe('a\\u{202e}…b')
  expect(visible('\ud800x')).toBe('\\u{d800}x')
  for (const text of ['München', '東京', 'v1.0-β', '🎉', 'שלום']) expect(plain(text)).toBe(text)
  expect(plain('a\r\nb\u001b[31m')).toBe('a b [31m')
})

test('the page does the same', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../src/report/page/client.js'), 'utf8')
  const [, body = ''] = /function visible\(text\) \{\n([\s\S]*?)\n\}/.exec(page) ?? []
  const inPage = new Function('text', body) as (text: string) => string
  for (const text of [...MARKS, 'a\nb', 'a\u202e\u202db', 'plain']) expect(inPage(text)).toBe(visible(text))
})

test('a line has a length that can be read, whatever is put into it', () => {
  expect(plain('a'.repeat(1_000_000)).length).toBeLessThan(10_000)
})
