import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { INPUT_DEFAULTS } from '../src/config/input-table.ts'
import { EMPTY_OUTPUTS } from '../src/report/outputs.ts'

interface Entry {
  readonly description: string
  readonly default?: unknown
}

const action: {
  readonly name: string
  readonly description: string
  readonly inputs: Readonly<Record<string, Entry>>
  readonly outputs: Readonly<Record<string, Entry>>
  readonly runs: unknown
} = parse(readFileSync(new URL('../action.yml', import.meta.url), 'utf8'))

test('action.yml declares exactly the inputs that are read, with the same defaults, in the same order', () => {
  const declared = Object.entries(action.inputs).map(([name, input]) => [name, input.default])
  const expected = [...INPUT_DEFAULTS].map(([name, value]) => [
    name,
    name === 'token' ? expect.stringMatching(/^\$\{\{ github\.token \}\}$/) : value
  ])
  expect(declared).toEqual(expected)
})

test('action.yml declares exactly the outputs that are set', () => {
  expect(Object.keys(action.outputs)).toEqual(Object.keys(EMPTY_OUTPUTS))
})

test('every description is one to three sentences that end as such', () => {
  // An output may have the name of an input.
  for (const [name, { description }] of [action.inputs, action.outputs].flatMap(Object.entries<Entry>)) {
    expect(`${name}: ${description}`).toMatch(/^[\w-]+: .{15,240}[.]$/)
  }
})

test('action.yml runs the bundle on Node 24, and its description fits the Marketplace', () => {
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' })
  expect(action.description.length).toBeLessThanOrEqual(125)
})
