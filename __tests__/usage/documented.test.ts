import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { runPolicyTests } from '../../src/config/policy-tests.ts'
import { gitNames } from '../../src/model/tag.ts'
import { findReferences, referencesTo } from '../../src/usage/references.ts'
import { recipe } from '../helpers/recipes.ts'

/** The examples of docs/policies.md on what is in use, as they are written. */

const text = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')

const rows = [...text.matchAll(/^\| (`.+) \| (`[\w.]+`|everything) of `([\w/]+)` \|$/gm)].map(
  ([, lines = '', what = '', name = '']) => {
    const file = [...lines.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line).join('\n')
    return { file, what: what.replaceAll('`', ''), name }
  }
)

test('there are examples in all the ways', () => {
  expect(rows.length).toBeGreaterThan(10)
})

test.each(rows)('in use: $file holds $what of $name', ({ file, what, name }) => {
  const tags = ['1.4.0', '1.4.0_b5', 'v1.4.0', 'other']
  const { found, unresolved } = findReferences([{ path: 'file', text: file }], 'acme', 'acme/app')
  const inUse = referencesTo(found, name, tags)
  const held = inUse.some(({ anyDigest }) => anyDigest)
    ? tags
    : tags.filter(one => inUse.some(({ tag }) => tag === one))
  if (what === 'everything') {
    expect(held).toEqual(tags)
    expect(unresolved).toEqual(['file:1'])
  } else {
    expect(held).toContain(what)
    expect(held).not.toContain('other')
    expect(unresolved).toEqual([])
  }
})

test('every spelling of a git name that is shown is found', () => {
  const [sentence = ''] =
    /A name is recognized in every spelling[^;]*?\./s.exec(
      text.replaceAll(/(?<=`[^`\n]*)\.(?=[^`\n]*`)/g, '\u2024')
    ) ?? []
  const pairs = [...sentence.replaceAll('\u2024', '.').matchAll(/`([^`]+)` is\s+`([^`]+)`/g)]
  expect(pairs).toHaveLength(3)
  for (const [, name = '', tag = ''] of pairs) expect(gitNames([name, 'other']).find(tag)).toEqual([name])
})

test('what a reference keeps, and what counts, is decided as the example says', () => {
  const policy = parsePolicyFile(recipe('docs/policies.md', 'What a reference keeps'), 'policies.md')
  expect(runPolicyTests(policy)).toHaveLength(2)
})
