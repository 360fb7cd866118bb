import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { withTables } from '../../scripts/generate/inputs-table.ts'
import { modesOf } from '../../src/config/input-table.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the tables in README.md are those of action.yml, by the modes that read each input', () => {
  expect(file('README.md')).toBe(withTables(file('README.md'), file('action.yml'), modesOf))
})

test('only what stands between the markers is replaced, and a pipe does not break a row', () => {
  const yml =
    'inputs:\n  a: {description: x|y, default: ""}\n  c: {description: c., default: 1}\n  d: {description: d., default: ""}\n' +
    'outputs:\n  b: {description: z.}\n'
  const readme = 'A\n<!-- inputs -->\nold\n<!-- /inputs -->\nB\n<!-- outputs --><!-- /outputs -->\nC\n'
  const head = '| Input | Default | Meaning |\n| --- | --- | --- |\n'
  expect(withTables(readme, yml, input => (input === 'c' ? ['retain', 'check'] : undefined))).toBe(
    `A\n<!-- inputs -->\n### Every mode\n\n${head}| \`a\` |  | x\\|y |\n| \`d\` |  | d. |\n\n` +
      `### Mode \`retain\` and \`check\`\n\n${head}| \`c\` | \`1\` | c. |\n<!-- /inputs -->\n` +
      'B\n<!-- outputs -->\n| Output | Meaning |\n| --- | --- |\n| `b` | z. |\n<!-- /outputs -->\nC\n'
  )
})

test('a README without the markers is an error, not a README without tables', () => {
  expect(() => withTables('# x\n', 'inputs: {}\noutputs: {}\n', () => undefined)).toThrow(
    /no place for its inputs/
  )
})
