import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'

const words = resolve(import.meta.dirname, '../../src/util/last-words.ts')

/** How a process ends that begins with the last words and goes on with this. */
function end(program: string) {
  const code = `import ${JSON.stringify(words)}\n${program}`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8'
  })
  return { status, stdout }
}

test.each([
  ['waits for something that nobody does any more', 'await new Promise(() => {})'],
  ['is waited for by nobody', 'void new Promise(() => {})']
])('E-42 a run that %s is red and says so', (_, program) => {
  const { status, stdout } = end(program)
  expect(status).toBe(1)
  expect(stdout).toMatch(/^::error::.*waited for an answer that nobody was left to give/m)
})

test.each([0, 1])('a run that ends with %i says nothing more', code => {
  expect(end(`process.exitCode = ${code}`)).toEqual({ status: code, stdout: '' })
})

test('what nobody catches is red', () => {
  const { status, stdout } = end("setImmediate(() => { throw new Error('lost') })")
  expect(status).toBe(1)
  expect(stdout).toMatch(/^::error::ghcr-steward has a bug: lost/m)
})
