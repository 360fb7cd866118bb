import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, jest } from '@jest/globals'
import type { Clock } from '../../../src/model/clock.ts'
import { manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { checkout } from '../../helpers/workspace.ts'
import { ago, openScene, type Scene } from './runs.ts'

const RULES = 'packages: [{ match: app, rules: [{ action: delete, match: { tags: "pr-*" } }] }]'

/** Work that is the run's own, on patterns and files, is bounded by `time-limit` as requests are. */

it('E-42 a pattern that never ends stops with the time that the run has for matching', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(manifest(), { tags: [`${'a'.repeat(40)}_`], at: ago(90) })
  const result = await run({ 'keep-tags': '/^(a+)+$/', 'delete-tags': '*', 'time-limit': '10s' })
  expect(result.errors).toEqual([
    expect.stringMatching(/^app: Matching patterns took more than 1 s .*`time-limit`.*`\/\^\(a\+\)\+\$\/`/)
  ])
  expect(github.writes).toEqual([])
})

it('E-42 the tests of a policy share one time for matching, too', async () => {
  await using scene = await openScene()
  const versions = '[{ digest: a, tags: [pr-1], created: 2025-01-01T00:00:00Z }]'
  const tests = `[{ name: a, now: 2026-01-01T00:00:00Z, versions: ${versions}, expect: { delete: [a] } }]`
  const policy = `{ version: 1, ${RULES}, tests: ${tests} }`
  let now = 0
  // Whatever is timed takes a minute and more.
  const timer = jest.spyOn(performance, 'now').mockImplementation(() => (now += 61_000))
  const result = await scene.run({ 'policy-tests': 'true', policy }).finally(() => timer.mockRestore())
  expect(result.errors).toEqual([
    expect.stringMatching(
      /^Matching patterns took more than 1 min .*all that `policy-tests` may take.*`pr-\*`/
    )
  ])
})

const clock: Clock = { now: Date.now, sleep: async () => {} }

const runSlowly = ({ github, token }: Scene, inputs: Record<string, string>, root: string) =>
  runInside(
    github,
    { token, packages: 'app', 'delete-tags': 'pr-*', 'time-limit': '1s', ...inputs },
    clock,
    checkoutEnv(root)
  )
const checkoutEnv = (root: string) => ({ env: { GITHUB_WORKSPACE: root } })

it.each([
  ['protect-files', { 'protect-files': '**' }],
  ['protect.files', { policy: `{ version: 1, protect: { files: "**" }, ${RULES} }` }],
  ['protect.list', { policy: `{ version: 1, protect: { list: list.txt }, ${RULES} }` }]
])(
  'E-42 a search of what %s names ends with time-limit: red, with nothing asked or deleted',
  async (_, inputs) => {
    await using scene = await openScene()
    using repository = checkout({ 'list.txt': 'a: ghcr.io/acme/app:$A$A\n'.repeat(500_000) })
    const { 'delete-tags': tags, ...rest } = { 'delete-tags': 'pr-*', ...inputs }
    await using result = await runSlowly(
      scene,
      'policy' in inputs ? rest : { 'delete-tags': tags, ...rest },
      repository.root
    )
    expect(result.stdout).toMatch(
      /::error::Searching the files that .* name took longer than the 1 s of `time-limit`/
    )
    expect(result.code).toBe(1)
    expect(scene.github.requests).toEqual([])
  }
)

it.each(['plan', 'restore'])(
  'E-42 a report in `%s` that is too large, or no file, is refused by its name',
  async input => {
    await using scene = await openScene()
    using folder = checkout({ 'large.json': '{' })
    const large = join(folder.root, 'large.json')
    truncateSync(large, 600 * 1024 * 1024)
    for (const [path, sentence] of [
      [large, /has more than 500 MiB/],
      ['/dev/zero', /it is not a file/]
    ] as const) {
      const result = await scene.run({ [input]: path, ...(input === 'restore' ? { mode: 'restore' } : {}) })
      expect(result.errors).toEqual([expect.stringMatching(sentence)])
      expect(result.errors[0]).toMatch(`Input \`${input}\`: The report ${path}`)
    }
    expect(scene.github.requests).toEqual([])
  }
)
