import { expect, it } from '@jest/globals'
import type { Target } from '../../emulator/faults.ts'
import { image } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

/** Answers that nobody would give by mistake: the run is red in a sentence, and nothing is written. */

const nested = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
const json = { 'content-type': 'application/json' }
const LIST: Target = { host: 'api', path: /\/app\/versions$/ }
const ALL: Target = { host: 'api', path: /\/packages$/ }
const TOKEN: Target = { host: 'registry', path: /^\/token/ }
const row = { id: 7, name: `sha256:${'1'.repeat(64)}`, metadata: { container: { tags: ['pr-7'] } } }
const named = (name: string) => ({ name, visibility: 'private', html_url: '' })
const link = (last: string) => ({ ...json, link: `<${last}>; rel="last"` })

it.each<[string, Target, unknown, Record<string, string>, RegExp]>([
  [
    'of another package',
    { host: 'api', path: /\/app$/ },
    named('prod'),
    json,
    /asked for package app and answered with package prod/
  ],
  [
    'of another owner',
    { host: 'api', path: /^\/users\// },
    { login: 'evil', type: 'Organization' },
    json,
    /asked for the owner "acme" and answered with "evil"/
  ],
  [
    'of no owner',
    { host: 'api', path: /^\/users\// },
    [],
    json,
    /answer about the owner acme is not what its API promises/
  ],
  ['of a package `..`', ALL, [named('..')], json, /0\.name: is not the name of a package/],
  [
    'of a package with half a character',
    ALL,
    [named('a\ud800')],
    json,
    /0\.name: is not the name of a package/
  ],
  [
    'of a package with a line end',
    ALL,
    [named('a\n::error::b')],
    json,
    /0\.name: is not the name of a package/
  ],
  ['nested beyond measure', LIST, nested, json, /gave no answer \(the answer cannot be read\)/],
  [
    'with an id beyond all numbers',
    LIST,
    '[{"id":123456789012345678901234567890}]',
    json,
    /gave no answer \(the answer cannot be read\)/
  ],
  [
    'whose next page is nowhere',
    LIST,
    [row],
    link('http://[::bad'),
    /leads to "http:\/\/\[::bad", which is no address/
  ],
  ['of a billion pages', LIST, [row], link('/x?page=1000000000'), /says that the last page is 1000000000/],
  [
    'of a token of a few letters, which would mask half the log',
    TOKEN,
    { token: 'version' },
    json,
    /without a token/
  ],
  [
    'of a token of a million characters',
    TOKEN,
    { token: 'a'.repeat(1_000_000) },
    json,
    /an answer without a token in it/
  ],
  [
    'of a token that ends its header',
    TOKEN,
    { token: 'a\r\nx-other: b' },
    json,
    /an answer without a token in it/
  ]
])(
  'E-42 an answer %s ends in a sentence, and nothing is deleted',
  async (_, target, body, headers, sentence) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    app.push(image(), { tags: ['pr-1'], at: ago(80) })
    github.faults.on(target, { kind: 'answer', answer: { status: 200, lie: true, body, headers } })
    const packages = target === ALL ? { packages: '*' } : {}
    const result = await run({ 'delete-tags': 'pr-*', ...packages })
    expect(result.errors).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]))
    expect(result.stdout).not.toContain('has a bug')
    expect(github.writes).toEqual([])
  }
)

it('E-42 a date beyond all calendars is none: the report can be read again', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  const body = [
    { ...row, created_at: '+275760-09-13T00:00:00.000Z', updated_at: '+275760-09-13T00:00:00.000Z' }
  ]
  github.faults.on(LIST, { kind: 'answer', answer: { status: 200, lie: true, body } })
  expect((await run({ 'delete-tags': 'pr-*' })).record?.packages).toHaveLength(1)
})

it('E-42 a run whose registry switches protocols in the middle of deleting ends red, with its report', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(80) })
  for (let n = 0; n < 6; n++) app.push(image(), { tags: [`pr-${n}`], at: ago(80) })
  const change = (): void => github.faults.on({ host: 'registry' }, { kind: 'switch' })
  github.faults.on({ host: 'api', method: 'DELETE', after: 2, times: 1 }, { kind: 'then', run: change })
  const { code, outputs, record, summary } = await run({ 'delete-tags': 'pr-*' })
  expect(code).toBe(1)
  expect(Number(outputs['deleted-count'])).toBeGreaterThan(2)
  expect(record?.packages).toHaveLength(1)
  expect(summary).not.toBe('')
})
