import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'

/** Keeps a third of what it makes, as deciding on a giant does; prints the most that the heap had over what was in use. */
const CHURN = `
const kept = []
let most = 0
for (let round = 0; round < 40; round++) {
  for (let row = 0; row < 30_000; row++) {
    const made = [{ row, round }, { row, round }, { row, round }]
    if (row % 3 === 0) kept.push(made)
  }
  most = Math.max(most, process.memoryUsage().heapTotal)
}
globalThis.gc()
console.log(most / process.memoryUsage().heapUsed, kept.length)
`

/** @param begin what is run first */
function churn(begin: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--eval', begin + CHURN], {
    encoding: 'utf8'
  })
  if (stdout === '') throw new Error(stderr)
  return Number.parseFloat(stdout)
}

const bundle = resolve(import.meta.dirname, '../dist/index.js')

test.each([
  [
    'a proxy of another kind',
    { https_proxy: 'socks5://user:secret@127.0.0.1:1' },
    'cannot go on: Invalid URL'
  ],
  ['an event that is no JSON', { GITHUB_EVENT_PATH: import.meta.filename }, 'cannot go on: Unexpected token'],
  [
    'a file of outputs that is missing',
    { GITHUB_OUTPUT: '/nowhere' },
    "The step's outputs (GITHUB_OUTPUT) cannot be"
  ]
])('%s ends the bundle in one sentence', (_, env, sentence) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle], { encoding: 'utf8', env })
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).toMatch(/^::error::[^\n]+\n$/)
  expect(stdout).toContain(sentence)
  expect(stdout).not.toContain('secret')
})

test('under an older Node the bundle says so in one sentence', () => {
  const older =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(older)}`, bundle],
    { encoding: 'utf8' }
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '::error::ghcr-steward needs Node 24, this is 20.20.2.\n',
    stderr: ''
  })
})

test('garbage of a giant does not pile up over what is in use', () => {
  const source = readFileSync(resolve(import.meta.dirname, '../src/index.ts'), 'utf8')
  const [flags] = /(?:^setFlagsFromString\(.+\)\n)+/m.exec(source) ?? []
  expect(churn(`const { setFlagsFromString } = require('node:v8')\n${flags}`)).toBeLessThan(1.35)
  // Node left to itself: 2.5.
  expect(churn('')).toBeGreaterThan(1.5)
})
