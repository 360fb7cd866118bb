import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Digest } from '../../src/model/digest.ts'
import { image } from '../emulator/shapes.ts'
import { recipeFolder } from '../helpers/recipes.ts'
import { jobIn, play, type Runner } from '../helpers/workflow.ts'
import { ago, digestsOf, openScene, type Run } from './retain/runs.ts'

/** The README's quick start as it stands there, and every row of its table of what becomes of which tags. */

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const rows = [...readme.matchAll(/^\| (.+?) \| (\**(?:stays?|deleted)\b.*?) \| (.+?) \|$/gm)].map(
  ([, ...cells]) => cells
)

test('the quick start: dry by hand, for real on schedule, again, as its table says', async () => {
  using folder = recipeFolder()
  await using scene = await openScene()
  const { world } = scene
  const app = world.package('acme/my-app', { repository: 'acme/app' })
  const push = (days: number, ...tags: string[]) =>
    app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), { tags, at: ago(days) })
  const release = push(400, 'v1.0.0', 'sha-0000001')
  const signature = app.sign(release, 'sig', { at: ago(399) })
  const featured = push(300, 'feature-x')
  const old = [push(60, 'sha-0000060'), push(59, 'sha-0000059')]
  const oldSignature = app.sign(old[0]!, 'sig', { at: ago(58) })
  const untagged = app.push(image(), { at: ago(40) })
  const second = push(40, 'v2.0.0', 'latest')
  // The 31st of those with only `sha-…` is young, and behind it nothing but the old ones.
  const young = push(10, 'sha-0000031')
  const newest = Array.from({ length: 30 }, (_, nth) =>
    push(9 - nth / 10, `sha-1${String(nth).padStart(6, '0')}`)
  )

  const job = jobIn('README.md', 'Retention', 'retention')
  const runner: Runner<Run> = {
    token: permissions => world.githubToken('acme/app', permissions),
    folder: folder.path,
    artifacts: new Map(),
    run: (inputs, env) => scene.run(inputs, { repository: 'acme/app', env })
  }
  const before = app.digests()
  const [dry] = await play(job, { inputs: { 'dry-run': true } }, runner)
  expect(dry).toMatchObject({ code: 0, warnings: [], errors: [] })
  expect(app.digests()).toEqual(before)
  expect(scene.github.writes).toEqual([])
  expect(dry?.summary).toMatch(/sha-0000060.*delete-tags/s)
  const [real] = await play(job, {}, runner)
  expect(real).toMatchObject({ code: 0, warnings: [], errors: [] })
  expect(runner.artifacts.has('report')).toBe(true)

  const why = (one: { readonly digest: Digest }) => real?.why(one, 'my-app') ?? ''
  const told = {
    '`v2.0.0` and `latest`, 40 days old': [[second], 'stays', /is kept by rule "keep-tags"/],
    '`v1.0.0` and `sha-0000001`, 400 days old': [[release], 'stays', /is kept by rule "keep-tags"/],
    'untagged: the platforms and signatures of `v1.0.0`': [
      [...release.children, signature],
      'stay',
      /child of v1.0.0|describes v1.0.0/
    ],
    'the newest 30 with only `sha-…`': [newest, 'stay', /newest of rule "delete-tags"/],
    'the 31st, 10 days old': [[young], 'stays', /10 days ago, young enough for rule "delete-tags"/],
    'older ones': [
      [...old, ...old.flatMap(one => one.children), oldSignature],
      'deleted',
      /rule "delete-tags"|child of sha-|describes sha-/
    ],
    'an untagged image, 40 days old': [
      [untagged, ...untagged.children],
      'deleted',
      /untagged, pushed 40 days ago|child of/
    ],
    '`feature-x`, 300 days old': [[featured], 'stays', /no rule asks for its deletion/]
  } as const
  expect(rows.map(([what]) => what)).toEqual(Object.keys(told))
  for (const [what = '', becomes = ''] of rows) {
    const [versions, expected, reason] = told[what as keyof typeof told]
    expect(becomes).toContain(expected)
    for (const version of versions) {
      expect([what, app.digests().has(version.digest)]).toEqual([what, expected !== 'deleted'])
      expect(why(version)).toMatch(reason)
    }
  }
  const gone = digestsOf(...old, oldSignature, untagged)
  expect(app.digests()).toEqual(before.difference(gone))
  const [again] = await play(job, {}, runner)
  expect(again).toMatchObject({ code: 0, outputs: { 'deleted-count': '0' } })
})
