import { expect, it } from '@jest/globals'
import { brief, formatBytes } from '../../src/util/format.ts'

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1 KB'],
  [1_234, '1.2 KB'],
  [9_960, '10 KB'],
  [999_400, '999 KB'],
  [999_600, '1 MB'],
  [34_567_890_123, '35 GB'],
  [1.5e15, '1,500 TB']
])('%d bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

it('a sentence that quotes a file is cut where it quotes much, and nowhere else', () => {
  const ours =
    'words of our own that go on for longer than what is quoted may, because they explain what to write'
  expect(brief(`The pattern \`a\`: ${ours}. Write \`b\`.`)).toBe(`The pattern \`a\`: ${ours}. Write \`b\`.`)
  expect(brief(`\`${'x '.repeat(60)}\`: ${ours} \`b\``)).toBe(`\`${'x '.repeat(40)}…\`: ${ours} \`b\``)
})
