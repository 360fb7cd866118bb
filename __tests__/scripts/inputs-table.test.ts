import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { modesOf, withInputs, withOutputs } from '../../scripts/generate/inputs-table.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the tables of inputs and outputs are those of action.yml, inputs by the modes that read each', () => {
  expect(file('README.md')).toBe(withInputs(file('README.md'), file('action.yml'), modesOf))
  expect(file('docs/reference.md')).toBe(withOutputs(file('docs/reference.md'), file('action.yml')))
})

test('only what stands between the markers is replaced, and a pipe does not break a row', () => {
  const yml =
    'inputs:\n  a: {description: x|y, default: ""}\n  c: {description: c., default: 1}\n  d: {description: d., default: ""}\n' +
    'outputs:\n  b: {description: z.}\n'
  const readme = 'A\n<!-- inputs -->\nold\n<!-- /inputs -->\nB\n<!-- outputs --><!-- /outputs -->\nC\n'
  const head = '| Input | Default | Meaning |\n| --- | --- | --- |\n'
  const inputs = withInputs(readme, yml, input => (input === 'c' ? ['retain', 'check'] : undefined))
  expect(withOutputs(inputs, yml)).toBe(
    `A\n<!-- inputs -->\n### Every mode\n\n${head}| \`a\` |  | x\\|y |\n| \`d\` |  | d. |\n\n` +
      `### Mode \`retain\` and \`check\`\n\n${head}| \`c\` | \`1\` | c. |\n<!-- /inputs -->\n` +
      'B\n<!-- outputs -->\n| Output | Meaning |\n| --- | --- |\n| `b` | z. |\n<!-- /outputs -->\nC\n'
  )
})

test('a document without the markers is an error, not a document without tables', () => {
  expect(() => withInputs('# x\n', 'inputs: {}\n', () => undefined)).toThrow(/no place for its inputs/)
  expect(() => withOutputs('# x\n', 'outputs: {}\n')).toThrow(/no place for its outputs/)
})
