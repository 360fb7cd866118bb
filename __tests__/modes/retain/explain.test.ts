import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

const POLICY = `
version: 1
packages:
  - match: app
    rules:
      - { name: channels, action: keep, match: { tags: [latest] } }
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 2, keep-within: 20d }
      - { name: old, action: delete, match: { tags: '*', older-than: 60d } }
      - { name: untagged, action: delete, match: { untagged: true } }
`

/** What the log says of the version that was asked about. */
const toldIn = (stdout: string): string[] =>
  stdout
    .slice(0, stdout.indexOf('::endgroup::'))
    .split('\n')
    .filter(line => /^(?: {2}|\S+ \(sha256:|sha256:)/.test(line))

it('explains one tag in full: every rule, its reasons, and what it has to do with others', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['sha-3'], at: ago(30) })
  const pushed = app.push(image(['linux/amd64', 'linux/arm64']), { tags: ['sha-2'], at: ago(31) })
  const signature = app.sign(pushed, 'sig', { at: ago(31) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(32) })
  app.push(manifest(), { tags: ['latest'], at: ago(1) })
  const result = await run({ policy: POLICY, 'dry-run': 'true', explain: 'sha-2' })
  const short = (digest: string): string => digest.slice(0, 19)
  expect(toldIn(result.stdout)).toEqual([
    `sha-2 (${short(pushed.digest)}): kept: 2nd newest of rule "builds"`,
    '  rule "channels" (keep): does not match it: none of its tags match',
    '  rule "builds" (delete): keeps it: 2nd newest of rule "builds"; ' +
      'would delete it: tag sha-2 matched by rule "builds", pushed 31 days ago',
    '  rule "old" (delete): does not match it: its age is different',
    '  rule "untagged" (delete): does not match it: it has a tag',
    `  it needs ${pushed.children.map(child => short(child.digest)).join(', ')}`,
    `  it is described by ${short(signature.digest)}`
  ])
  expect(result.summary).toContain('What each rule says of it')
  expect(scene.github.writes).toEqual([])
})

it('explains a platform by its digest, and what it is needed by', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const pushed = app.push(image(['linux/amd64']), { tags: ['latest'], at: ago(90) })
  const [child] = pushed.children
  const result = await run({ policy: POLICY, 'dry-run': 'true', explain: child?.digest ?? '' })
  const [title, ...lines] = toldIn(result.stdout)
  expect(title).toMatch(/^sha256:\w{12}: kept: child of latest$/)
  expect(lines).toEqual([
    ...['channels', 'builds', 'old', 'untagged'].map(rule =>
      expect.stringMatching(`rule "${rule}" .*part of another image`)
    ),
    '  it is needed by latest'
  ])
})

it('explains only in dry runs, and says when there is nothing of that name', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['latest'], at: ago(90) })
  const real = await scene.run({ policy: POLICY, explain: 'latest' })
  expect(real.errors).toEqual(['Input `explain` is for dry runs: set `dry-run: true`.'])
  const none = await scene.run({ policy: POLICY, 'dry-run': 'true', explain: 'lastest' })
  expect(none.warnings).toContain(
    'There is nothing to explain: no version in the packages of this run has the tag or digest lastest.'
  )
  const bad = await scene.run({ policy: POLICY, 'dry-run': 'true', explain: 'app:latest' })
  expect(bad.errors).toEqual([
    expect.stringMatching(/Input `explain`: "app:latest" is neither a tag nor a full digest/)
  ])
})
