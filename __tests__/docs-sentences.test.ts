import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { blocksOf, isWorkflow } from '../scripts/lint/blocks.ts'
import { saidIn } from './helpers/document.ts'

/**
 * Every sentence of the README, of SECURITY.md and of docs/ stands in docs-sentences.txt under the tests that hold it: `@ file: how its title
 * begins`, or `@ --` and why nobody can test it. Whoever changes a sentence looks whether the tests above it still
 * hold it, changes them first if not, and then the line.
 */

const root = resolve(import.meta.dirname, '..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
// docs/live.md is written by a script, from what it measured.
const documents = globSync(['README.md', 'SECURITY.md', 'docs/*.md'], {
  cwd: root,
  exclude: ['docs/live.md']
})

const held = new Map(
  read('__tests__/docs-sentences.txt')
    .split(/^=== /m)
    .slice(1)
    .map(part => {
      const [name = '', ...lines] = part.split('\n').filter(line => line !== '')
      return [name, lines] as const
    })
)

test('every document is here', () => {
  expect([...held.keys()].toSorted()).toEqual(documents.toSorted())
})

describe.each(documents)('%s', name => {
  const lines = held.get(name) ?? []
  const sentences = lines.filter(line => !line.startsWith('@ '))

  test('each of its sentences stands in docs-sentences.txt, and nothing else', () => {
    const said = [...new Set(saidIn(name))]
    expect(sentences.filter(sentence => !said.includes(sentence))).toEqual([])
    expect(said.filter(sentence => !sentences.includes(sentence))).toEqual([])
    expect(sentences.filter((sentence, at) => sentences.indexOf(sentence) < at)).toEqual([])
    expect(lines[0]).toMatch(/^@ /)
  })

  test('each test that is named is there', () => {
    const named = lines.filter(line => line.startsWith('@ ') && !line.startsWith('@ -- '))
    expect(named.filter(line => !isThere(line))).toEqual([])
  })
})

/** True when the file has a text that begins as the title does; a path with a slash in front starts at the top. */
function isThere(line: string): boolean {
  const [, file = '', title = ''] = /^@ (\S+): (.+)$/.exec(line) ?? []
  const text = read(file.startsWith('/') ? file.slice(1) : `__tests__/${file}`)
  return title !== '' && ["'", '"', '`'].some(quote => text.includes(quote + title))
}

test('every workflow of the documents is run whole by a test, which has its name', () => {
  const workflows = documents.flatMap(name =>
    blocksOf(read(name))
      .filter(isWorkflow)
      .map(({ text }) => (parse(text) as { name: string }).name)
  )
  const tests = globSync('__tests__/modes/**/*.test.ts', { cwd: root }).map(read)
  expect(workflows.length).toBeGreaterThan(9)
  // The build is the reader's own; the only workflow of large-organizations.md is taken by its place.
  const others = ['Build', 'Retention of all packages']
  const played = (name: string) => tests.some(text => text.includes(`'${name}'`))
  expect(workflows.filter(name => !others.includes(name) && !played(name))).toEqual([])
})
