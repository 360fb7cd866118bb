import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, index } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** A placeholder that stays may have a tag on it that the policy keeps: each run that knows of it names it, and is red. */

const UNTAG = { 'delete-tags': 'nightly', 'keep-tags': 'v2 prod', untag: 'true' }

/** A release with a tag to strip, and a build that stays. */
function layDown({ app }: Scene): Pushed {
  app.push(image(), { tags: ['v1', 'nightly'], at: ago(90) })
  return app.push(image(), { tags: ['v2', 'prod'], at: ago(80) })
}

/** Somebody copies the tag while it is on the placeholder. */
const copyOnto = (app: Scene['app'], tag: string) => (): void => {
  const placeholder = app.row.byTag.get('nightly')
  if (placeholder !== undefined) app.tag(placeholder, tag)
}

/** Runs something at each request of a kind, once the placeholder is there. */
function behindPut({ github }: Scene, then: () => void): void {
  github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: then })
}

const DELETE = { host: 'api', method: 'DELETE', path: /\/versions\/\d+$/ } as const
const LISTED = { host: 'api', method: 'GET', path: /\/versions$/ } as const

const REASONS: readonly [string, (scene: Scene, copy: () => void) => void][] = [
  [
    'its deletion is confirmed in vain',
    ({ github }, copy) => {
      github.faults.on(DELETE, { kind: 'first', run: copy })
      github.faults.on(DELETE, { kind: 'answer', answer: { status: 204 } })
    }
  ],
  [
    'GitHub refuses to delete it',
    ({ github }, copy) => {
      github.faults.on(DELETE, { kind: 'first', run: copy })
      const body = { message: 'You cannot delete the last tagged version of a package.' }
      github.faults.on(DELETE, { kind: 'answer', answer: { status: 400, body } })
    }
  ],
  [
    'GitHub does not find it by its id',
    (scene, copy) => {
      const single = { host: 'api', method: 'GET', path: /\/versions\/\d+$/ } as const
      behindPut(scene, () => {
        scene.github.faults.on(single, { kind: 'first', run: copy })
        scene.github.faults.on(single, { kind: 'answer', answer: { status: 404, body: {} } })
      })
    }
  ],
  [
    'GitHub never lists it, and only the registry has the tag on it',
    (scene, copy) => {
      scene.app.lie({ kind: 'lag', changes: 2 })
      behindPut(scene, copy)
    }
  ],
  [
    "GitHub's list fails from then on",
    (scene, copy) => {
      behindPut(scene, () => {
        copy()
        scene.github.faults.on({ ...LISTED, times: 4 }, { kind: 'answer', answer: { status: 500, body: {} } })
      })
    }
  ],
  [
    'it gets another tag while the first goes back',
    ({ app, github }, copy) => {
      const put = { host: 'registry', method: 'PUT', times: 1 } as const
      github.faults.on(put, { kind: 'then', run: copyOnto(app, 'v2') })
      github.faults.on({ ...put, after: 1 }, { kind: 'then', run: copy })
    }
  ]
]

it.concurrent.each(REASONS)(
  'law 3: names the kept tag on a placeholder that stays because %s',
  async (_, arrange) => {
    await using scene = await openScene()
    const { app, run } = scene
    const build = layDown(scene)
    arrange(scene, copyOnto(app, 'prod'))
    const { code, errors } = await run(UNTAG)
    expect(app.tags()['prod']).not.toBe(build.digest)
    expect(code).toBe(1)
    expect(errors.join('\n')).toMatch(
      new RegExp(
        'The tag prod is on a placeholder that `untag` left \\(.*sha256:.*imagetools create -t <image>:prod <image>@' +
          `${build.digest}\`\\. No run removes the placeholder before`
      )
    )
  }
)

it.concurrent('law 3: names no tag on a placeholder that stays with the tag alone that it took', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  github.faults.on(DELETE, { kind: 'answer', answer: { status: 204 } })
  const { errors } = await run(UNTAG)
  expect(errors.join()).toMatch(/the placeholder sha256:\w+ stays/)
  expect(errors.join()).not.toMatch(/is on a placeholder that/)
})

it.concurrent.each(['answered', 'lost-502'] as const)(
  'law 3: says how a push gets its tag back where nobody could look behind the PUT (%s)',
  async how => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    behindPut(scene, () =>
      github.faults.on({ ...LISTED, times: 4 }, { kind: 'answer', answer: { status: 500, body: {} } })
    )
    if (how !== 'answered') {
      github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: how })
      const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
      behindPut(scene, () => {
        for (const method of ['HEAD', 'GET'])
          github.faults.on({ host: 'registry', method, path: /nightly$/ }, { kind: 'answer', answer })
      })
    }
    const { code, errors } = await run(UNTAG)
    expect(code).toBe(1)
    expect(errors.join()).toMatch(
      new RegExp(
        `${app.row.byTag.get('nightly')?.digest}.*imagetools create -t <image>:nightly <image>@<digest>`
      )
    )
  }
)

/** A placeholder that an earlier job left with such tags, beside a release. */
function leftWith({ app }: Scene, tags: readonly string[], at = ago(20)): { left: Pushed; release: Pushed } {
  const release = app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['v2'], at: ago(80) })
  const left = app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'nightly' } }), {
    tags,
    at
  })
  return { left, release }
}

it.concurrent.each(['false', 'true'])(
  'law 3: each later run is red that finds a kept tag on a placeholder, until it is on an image again (dry run: %s)',
  async dry => {
    await using scene = await openScene()
    const { app, run } = scene
    const { left, release } = leftWith(scene, ['nightly', 'prod'])
    for (const _ of [1, 2]) {
      const { code, errors, warnings } = await run({ ...UNTAG, 'dry-run': dry })
      expect([code, warnings, app.tags()['prod']]).toEqual([1, [], left.digest])
      expect(errors.join()).toMatch(
        /The tag prod is on a placeholder that `untag` left \(version \d+, sha256:\w{12}\).*imagetools create -t <image>:prod <image>@<digest>/
      )
    }
    app.tag(release, 'prod')
    const { code, errors } = await run({ ...UNTAG, 'dry-run': dry })
    expect({ code, errors, left: app.digests().has(left.digest) }).toEqual({
      code: 0,
      errors: [],
      left: dry === 'true'
    })
  }
)

it.concurrent.each<[string, readonly string[], Readonly<Record<string, string>>]>([
  ['goes with the placeholder', ['nightly', 'rc-2'], { 'delete-tags': 'nightly rc-*' }],
  ['goes when the grace is over', ['nightly', 'rc-2'], { 'delete-tags': 'nightly rc-*', grace: '60d' }],
  [
    'is to be stripped from it',
    ['nightly', 'rc-2', 'prod'],
    { 'delete-tags': 'nightly rc-*', 'keep-tags': 'prod' }
  ]
])(
  'law 11: only warns of a tag on a placeholder that the policy deletes: one that %s',
  async (_, tags, inputs) => {
    await using scene = await openScene()
    const { run } = scene
    leftWith(scene, tags)
    const { errors, warnings } = await run({ ...inputs, untag: 'true', 'dry-run': 'true' })
    expect(warnings.join()).toMatch(/The tag rc-2 is on a placeholder/)
    expect(errors.join()).not.toMatch(/rc-2/)
    expect(errors.length).toBe(tags.includes('prod') ? 1 : 0)
  }
)

it.concurrent.each<[string, Readonly<Record<string, string>>]>([
  ['no rule names', { 'delete-tags': 'nightly' }],
  ['is too new for the rule that deletes it', { 'delete-tags': 'nightly prod', 'older-than': '30d' }],
  ['a keep rule names besides', { 'delete-tags': '*', 'keep-tags': 'prod v*' }]
])('law 3: a tag on a placeholder that %s makes the run red', async (_, inputs) => {
  await using scene = await openScene()
  const { run } = scene
  leftWith(scene, ['nightly', 'prod'])
  const { code, errors } = await run({ ...inputs, untag: 'true' })
  expect(code).toBe(1)
  expect(errors.join()).toMatch(/The tag prod is on a placeholder/)
})

it.concurrent('law 3: a plan that was approved is applied in a red run where a kept tag is on a placeholder', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  app.push(image(), { tags: ['sha-1'], at: ago(70) })
  const inputs = { 'delete-tags': 'nightly sha-*', 'keep-tags': 'v* prod' }
  const plan = await run({ ...inputs, 'dry-run': 'true' })
  const left = app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'nightly' } }))
  app.tag(left, 'prod')
  const { code, errors, outputs } = await run({ ...inputs, plan: reportOf(plan) })
  expect([code, outputs['deleted-count']]).toEqual([1, '3'])
  expect(errors.join()).toMatch(/The tag prod is on a placeholder/)
})
