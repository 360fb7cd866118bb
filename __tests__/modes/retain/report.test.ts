import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { readRecord } from '../../../src/report/read-record.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

it('every output is there in its shape, and the report can be read by a later run', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const [pr1, pr2] = [1, 2].map(n => app.push(image(['linux/amd64']), { tags: [`pr-${n}`], at: ago(80) }))
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/${pr2!.id}$`) },
    { kind: 'answer', answer: { status: 500, body: { message: 'Server Error' } } }
  )
  const { outputs, record, code } = await run(PULLS)
  expect(code).toBe(1)
  expect(outputs).toMatchObject({
    'deleted-count': '2',
    'planned-count': '4',
    'kept-count': '3',
    'failed-count': '1',
    'untagged-count': '0',
    'restored-count': '0',
    missing: '[]',
    'missing-tags': '',
    dispatched: '[]',
    packages: '["app"]',
    incomplete: 'false'
  })
  const child = pr1!.children[0]!
  expect(JSON.parse(outputs['deleted']!)).toEqual([
    {
      package: 'app',
      id: pr1!.id,
      digest: pr1!.digest,
      tags: ['pr-1'],
      reason: expect.stringMatching(/^tag pr-1 matched/)
    },
    { package: 'app', id: child.id, digest: child.digest, tags: [], reason: 'child of pr-1, which goes' }
  ])
  expect(JSON.parse(outputs['failed']!)).toEqual([
    {
      package: 'app',
      id: pr2!.id,
      digest: pr2!.digest,
      tags: ['pr-2'],
      reason: expect.stringMatching('Server Error')
    }
  ])
  const read = readRecord(outputs['report']!)
  expect(read).toEqual(record)
  expect(read.run).toMatchObject({ mode: 'retain', dryRun: false, owner: 'acme' })
  expect(read.finished?.failures).toHaveLength(1)
  const events = read.journal.map(one => ('digest' in one ? `${one.event} ${one.digest}` : ''))
  expect(events.indexOf(`sent ${pr1!.digest}`)).toBeLessThan(events.indexOf(`outcome ${pr1!.digest}`))
  expect(read.finished?.requests.writes).toBe(github.writes.length)
})

it('every version has a verdict with a reason, in the report and grouped in the summary', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  app.push(manifest(), { tags: ['pr-2'] })
  const { record, summary } = await run(PULLS)
  expect(record?.packages[0]?.versions.map(({ phrase }) => phrase)).toEqual(
    Array(7).fill(expect.stringMatching(/^(?:kept|deleted): \S/))
  )
  expect(summary).toMatch(
    /^## 1 image deleted \(3 versions\) in 1 package of acme, 2 images stay \(4 versions\)/
  )
  expect(summary).toMatch('part of a kept image')
  expect(summary).toMatch('within the grace')
  expect(summary).toMatch('43 % of the versions were deleted')
})

it('a report that cannot be written stops the run before anything is deleted', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  const result = await run({ ...PULLS, 'report-file': '/dev/null/report.json' })
  expect(result.errors).toEqual([expect.stringMatching(/cannot be written.*`report-file`/)])
  expect(github.writes).toEqual([])
})

it('nothing that GitHub or a tag says becomes a command of the runner or markup in the summary', async () => {
  await using scene = await openScene({ where: 'bundle' })
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(manifest(), { tags: ['pr-1'], at: ago(80) })
  const evil = app.push(manifest(), { tags: ['pr-2'], at: ago(80) })
  for (const tag of [
    '::error::owned',
    '##[error]owned',
    'pr-<script>alert(1)</script>|`x`',
    'pr-a\n::warning::owned'
  ]) {
    app.lie({ kind: 'tag', id: evil.id, tag })
  }
  const message =
    'no\n::error::owned\n##[error]owned\r::set-output name=report::x <img src=x onerror=alert(1)> | **b** [x](http://x)'
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/${pull.id}$`) },
    { kind: 'answer', answer: { status: 403, body: { message } } }
  )
  const result = await run({ 'delete-tags': '*', 'keep-tags': 'v*' })
  expect(result.errors).toEqual([expect.stringMatching('^app: ')])
  expect(result.warnings).toEqual([])
  for (const line of result.stdout.split(/[\r\n]/)) {
    expect(line).not.toMatch(/^\s*::(?!add-mask::|debug::|error::app: |group::|endgroup::)/)
    if (!line.startsWith('::error::')) expect(line).not.toContain('##[')
  }
  expect(result.summary).not.toMatch(/<script|<img|\]\(http:\/\/x\)|\*\*b\*\*/)
  expect(Object.keys(result.outputs)).not.toContain('name=report')
})

it('a large package makes neither a long log nor a summary beyond the limit of GitHub, and cut outputs say so', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const tagsOf = (n: number) => Array.from('abcdefgh', letter => `pr-${n}-${letter.repeat(110)}`)
  for (let n = 0; n < 1_200; n++) app.push(manifest(), { tags: tagsOf(n), at: ago(80) })
  const result = await run({ ...PULLS, 'dry-run': 'true' })
  expect(result.errors).toEqual([])
  expect(result.outputs['planned-count']).toBe('1200')
  expect(Buffer.byteLength(result.summary)).toBeLessThan(1_024 * 1_024)
  expect(result.summary).toMatch('…and')
  expect(result.stdout.split('\n').length).toBeLessThan(1_100)
  expect(JSON.stringify(result.outputs).length).toBeLessThan(500_000)
  const report = JSON.parse(await readFile(result.outputs['report']!, 'utf8'))
  expect(report.packages[0].versions).toHaveLength(1_201)
})
