import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { withTables } from '../../scripts/generate/inputs-table.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the tables in README.md are those of action.yml', () => {
  expect(file('README.md')).toBe(withTables(file('README.md'), file('action.yml')))
})

test('only what stands between the markers is replaced, and a pipe does not break a row', () => {
  const yml = 'inputs:\n  a: {description: x|y, default: ""}\noutputs:\n  b: {description: z.}\n'
  const readme = 'A\n<!-- inputs -->\nold\n<!-- /inputs -->\nB\n<!-- outputs --><!-- /outputs -->\nC\n'
  expect(withTables(readme, yml)).toBe(
    'A\n<!-- inputs -->\n| Input | Default | Meaning |\n| --- | --- | --- |\n| `a` |  | x\\|y |\n<!-- /inputs -->\n' +
      'B\n<!-- outputs -->\n| Output | Meaning |\n| --- | --- |\n| `b` | z. |\n<!-- /outputs -->\nC\n'
  )
})

test('a README without the markers is an error, not a README without tables', () => {
  expect(() => withTables('# x\n', 'inputs: {}\noutputs: {}\n')).toThrow(/no place for its inputs/)
})
