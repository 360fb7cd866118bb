import { describe, expect, test } from '@jest/globals'
import { image, index } from '../../emulator/shapes.ts'
import {
  buildWorkflow,
  errorsOf,
  missingOf,
  type Scene,
  scene,
  startedFor,
  warningsOf
} from '../../helpers/check-run.ts'

/** Whole runs of the action in `mode: check`, against the emulated GitHub. */

const DISPATCH = { 'dispatch-workflow': 'build.yml' }

/** Nothing but dispatches was written, GitHub's limits held, and the emulator kept to GitHub's schemas. */
function expectClean({ github }: Scene): void {
  const strange = github.writes.filter(({ path }) => !path.endsWith('/dispatches'))
  expect({
    strange,
    violations: github.violations,
    contract: github.contractViolations
  }).toEqual({ strange: [], violations: [], contract: [] })
}

describe('states', () => {
  test.concurrent('every git tag without an image is told, newest first, and nothing is started unasked', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v1.1.0', 'v1.10.0', 'v1.9.0', 'nightly')
    acme.app.push(image(), { tags: ['1.1.0', 'latest'] })
    await using run = await acme.run()
    expect(run.outputs['missing-tags']).toBe('v1.10.0\nv1.9.0\nv1.0.0')
    expect(missingOf(run)).toEqual({
      'app:v1.10.0': 'absent',
      'app:v1.9.0': 'absent',
      'app:v1.0.0': 'absent'
    })
    expect(run.outputs['dispatched']).toBe('[]')
    expect(run.summary).toContain('4 expected tags, 3 missing in 1 package of acme')
    expect(run.code).toBe(0)
    expect(acme.github.writes).toEqual([])
    expectClean(acme)
  })

  test.concurrent('a classic token that may only read is enough to look', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    await using run = await acme.run({}, acme.world.classic('olivia', ['read:packages']))
    expect(run.code).toBe(0)
    expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'absent' })
  })

  test.concurrent('fail-on-missing makes the run red, and names the tags', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    await using run = await acme.run({ 'fail-on-missing': 'true' })
    expect(run.code).toBe(1)
    expect(errorsOf(run)).toEqual(['1 tag lacks its image: v1.0.0.'])
  })

  test.concurrent('R-08: an image with a platform gone, or never built, is missing', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v2.0.0', 'v3.0.0')
    const broken = acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.delete(broken.children[1]!)
    acme.app.push(image(['linux/amd64']), { tags: ['v2.0.0'] })
    acme.app.push(image(), { tags: ['v3.0.0'] })
    await using run = await acme.run({ platforms: 'linux/amd64 linux/arm64' })
    const missing = JSON.parse(run.outputs['missing']!) as { tag: string; lacks: string[] }[]
    expect(missing.map(({ tag, lacks }) => [tag, lacks])).toEqual([
      ['v2.0.0', ['linux/arm64']],
      ['v1.0.0', ['linux/arm64']]
    ])
    expectClean(acme)
  })

  test.concurrent('R-08: a tag on a placeholder that untagging left is missing: there is nothing to pull', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    const annotations = { 'io.github.ghcr-steward.untagged': 'nightly' }
    acme.app.push(index([], { annotations }), { tags: ['v1.0.0'] })
    await using run = await acme.run()
    expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'incomplete' })
    expect(run.summary).toContain('everything (it is a placeholder of &#96;untag&#96;)')
  })

  test.concurrent('R-08: every platform is asked for, and none is downloaded', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    const { children } = acme.app.push(image(), { tags: ['v1.0.0'] })
    await using run = await acme.run()
    const asked = (method: string) =>
      acme.github.requests.filter(
        request =>
          request.method === method &&
          request.status === 200 &&
          children.some(child => request.path.endsWith(child.digest))
      )
    expect(run.outputs['missing']).toBe('[]')
    expect(asked('HEAD')).toHaveLength(2)
    expect(asked('GET')).toHaveLength(0)
  })

  test.concurrent('the images of two packages are told apart, and a tag that both lack is told once', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v2.0.0')
    acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.world.package('acme/web', { repository: 'acme/app', visibility: 'public' })
    await using run = await acme.run({ packages: 'app, web', 'required-tags': 'prod' })
    expect(missingOf(run)).toEqual({
      'app:v2.0.0': 'absent',
      'app:prod': 'absent',
      'web:v2.0.0': 'absent',
      'web:v1.0.0': 'absent',
      'web:prod': 'absent'
    })
    expect(run.outputs['missing-tags']).toBe('v2.0.0\nv1.0.0\nprod')
  })

  test.concurrent('R-09: tags that give no image tag are told, and not started', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0~build', 'app@1.1.0', 'app@1.0.0', 'web@7.0.0')
    acme.app.push(image(), { tags: ['1.0.0'] })
    await using run = await acme.run({
      'git-tags': 'v*, /^(?<package>.+)@(?<version>.+)$/',
      'image-tags': '{version}',
      ...DISPATCH
    })
    expect(run.stdout).toContain('1 git tag could not be checked')
    expect(startedFor(acme)).toEqual(['app@1.1.0'])
    expectClean(acme)
  })

  test.concurrent('R-10: drafts and pre-releases need no image where only releases do', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v1.1.0', 'v2.0.0-rc.1', 'v3.0.0')
    acme.repository.release('v1.0.0')
    acme.repository.release('v2.0.0-rc.1', { prerelease: true })
    acme.repository.release('v3.0.0', { draft: true })
    await using run = await acme.run({ 'releases-only': 'true', 'skip-tags': 'v*-*' })
    expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'absent' })
    expectClean(acme)
  })

  test.concurrent('R-10: more releases than one page holds are all read', async () => {
    await using acme = await scene()
    for (let minor = 0; minor < 130; minor++) acme.repository.release(`v1.${minor}.0`)
    await using run = await acme.run({ 'releases-only': 'true' })
    expect(run.outputs['missing-tags']?.split('\n')).toHaveLength(130)
    expectClean(acme)
  })

  test.concurrent('a repository without tags expects nothing, and says so', async () => {
    await using acme = await scene()
    acme.repositories.add('acme/empty', { defaultBranch: '' })
    await using none = await acme.run()
    const token = acme.world.githubToken('acme/empty')
    await using empty = await acme.run({ packages: 'app' }, token, { repository: 'acme/empty' })
    for (const run of [none, empty]) {
      expect(run.code).toBe(0)
      expect(run.stdout).toContain('no git tag matches')
    }
  })

  test.concurrent.each([
    ['private', 1],
    ['public', 0]
  ])('a public package that must be %s ends with %d', async (visibility, code) => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    acme.app.push(image(), { tags: ['v1.0.0'] })
    await using run = await acme.run({ 'expect-visibility': visibility })
    expect(run.code).toBe(code)
    expect(run.stdout.includes('app is public, and `expect-visibility` asks for private')).toBe(code === 1)
  })
})

describe('R-07: what cannot be read is neither there nor missing', () => {
  async function unreadable(prepare: (acme: Scene) => void, inputs: Record<string, string> = {}) {
    const acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    acme.app.push(image(), { tags: ['v1.0.0'] })
    prepare(acme)
    const run = await acme.run({ ...DISPATCH, ...inputs })
    await acme[Symbol.asyncDispose]()
    return { acme, run }
  }

  test.concurrent.each([401, 403, 404, 418])('a manifest that answers %d', async status => {
    const { acme, run } = await unreadable(({ github }) => {
      const answer = { status, body: { errors: [{ code: 'DENIED', message: 'denied' }] } }
      github.faults.on({ host: 'registry', path: /manifests/ }, { kind: 'answer', answer })
    })
    expect(run.code).toBe(1)
    expect(run.outputs['missing']).toBe('[]')
    expect(startedFor(acme)).toEqual([])
    await run[Symbol.asyncDispose]()
  })

  test.concurrent.each([403, 404])('git tags that answer %d', async status => {
    const { acme, run } = await unreadable(({ github }) => {
      const answer = { status, body: { message: 'no' } }
      github.faults.on({ path: /matching-refs/ }, { kind: 'answer', answer })
    })
    expect(run.code).toBe(1)
    expect(errorsOf(run)[0]).toMatch(/^Reading the git tags of acme\/app failed/)
    expect(startedFor(acme)).toEqual([])
    await run[Symbol.asyncDispose]()
  })

  test.concurrent('a package that the token may not see, or that does not exist', async () => {
    const { acme, run } = await unreadable(() => {}, { packages: 'app, other' })
    expect(run.code).toBe(1)
    expect(missingOf(run)).toEqual({})
    expect(errorsOf(run)[0]).toContain('It does not exist, or this token may not see it')
    expect(startedFor(acme)).toEqual([])
    await run[Symbol.asyncDispose]()
  })

  test.concurrent('but all is missing of a package that its own owner does not have', async () => {
    await using acme = await scene()
    acme.world.user('sam')
    acme.repositories.add('sam/app').tag('v1.0.0')
    const token = acme.world.classic('sam', ['repo', 'read:packages'])
    await using run = await acme.run({}, token, { repository: 'sam/app' })
    expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'absent' })
    expect(run.code).toBe(0)
    expectClean(acme)
  })

  test.concurrent('runs that cannot be read: nothing is started, for one might be under way', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    const answer = { status: 403, body: { message: 'Resource not accessible by integration' } }
    acme.github.faults.on({ path: /actions\/runs/ }, { kind: 'answer', answer })
    await using run = await acme.run(DISPATCH)
    expect(run.code).toBe(1)
    expect(errorsOf(run)[0]).toContain('`permissions: actions: write`')
    expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'absent' })
    expect(startedFor(acme)).toEqual([])
  })
})

describe('a check that looked at nothing', () => {
  test.concurrent.each([
    ['v*', ['release/v1.0.0', 'release/v1.1.0'], '`release/v*` would match'],
    ['v*', ['1.0.0'], '`*` would match'],
    ['*', ['v1~x'], '`image-tags` makes no image tag']
  ])('git-tags %s over %j: a warning, and red with fail-on-missing', async (patterns, tags, remedy) => {
    await using acme = await scene()
    acme.repository.tag(...tags)
    await using quiet = await acme.run({ 'git-tags': patterns })
    await using strict = await acme.run({ 'git-tags': patterns, 'fail-on-missing': 'true' })
    expect(quiet.code).toBe(0)
    expect(warningsOf(quiet).join()).toContain(remedy)
    expect(strict.code).toBe(1)
    expect(errorsOf(strict).join()).toContain(remedy)
  })

  test.concurrent("GitHub's own filter syntax is refused before the first request, with slashes to add", async () => {
    await using acme = await scene()
    await using run = await acme.run({ 'git-tags': 'v[0-9]+.[0-9]+.[0-9]+' })
    expect(run.code).toBe(1)
    expect(errorsOf(run).join()).toContain('Write `/^v\\d+\\.\\d+\\.\\d+$/`')
    expect(acme.github.requests).toEqual([])
  })

  test.concurrent('a tag of required-tags that is missing is dispatched by its own name, after the releases', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    acme.app.push(image(), { tags: ['other'] })
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    const inputs = { 'git-tags': 'v*', 'required-tags': 'latest', 'dispatch-workflow': 'build.yml' }
    await using run = await acme.run(inputs)
    expect(run.outputs['missing-tags']).toBe('v1.0.0\nlatest')
    expect(startedFor(acme)).toEqual(['v1.0.0', 'latest'])
  })

  test.concurrent('required-tags alone ask for no git tags, and nothing is said of them', async () => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['latest'] })
    await using run = await acme.run({ 'required-tags': 'latest', 'fail-on-missing': 'true' })
    expect(warningsOf(run)).toEqual([])
    expect(run.code).toBe(0)
  })

  test.concurrent('skip-tags: how many were skipped by which pattern, and which pattern skipped none', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v1.1.0-rc.1', 'v1.1.0-rc.2')
    await using run = await acme.run({ 'skip-tags': '*-rc.*, *-beta*' })
    expect(run.outputs['missing-tags']).toBe('v1.0.0')
    expect(run.stdout).toContain('`skip-tags`: *-rc.* matches 2 tags')
    expect(warningsOf(run)).toContain(
      'The pattern `*-beta*` in `skip-tags` matches no tag, so it skips nothing.'
    )
  })
})

test.concurrent('skip-tags: a star is told as it was written', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'release/v2')
  await using run = await acme.run({ 'git-tags': '*', 'skip-tags': '*' })
  expect(run.stdout).toContain('`skip-tags`: * matches 2 tags')
})

test.concurrent('a build that cannot be started ends the run early, and the next one would fail as well', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v2.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml', 'dispatch-inputs': 'none' })
  expect(run.code).toBe(1)
  expect(run.stdout).toMatch(/^::warning::The run ended early\./m)
  expect(run.stdout).not.toContain('The next run goes on.')
})

test.concurrent('skip-tags: words that would match as a part of names are told how to be written', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v1.1.0-rc.1', 'v1.1.0-beta')
  await using run = await acme.run({ 'skip-tags': 'rc beta nightly' })
  expect(warningsOf(run)).toEqual(
    expect.arrayContaining([
      'The pattern `rc` in `skip-tags` matches no tag, so it skips nothing. Write `*rc*` to skip tags such as v1.1.0-rc.1.',
      'The pattern `beta` in `skip-tags` matches no tag, so it skips nothing. Write `*beta*` to skip tags such as v1.1.0-beta.',
      'The pattern `nightly` in `skip-tags` matches no tag, so it skips nothing.'
    ])
  )
})

test.concurrent('a moving git tag beside its release is not expected, and so not built', async () => {
  await using acme = await scene()
  acme.repository.tag('v1', 'v1.2', 'v1.2.3', 'v2')
  acme.app.push(image(), { tags: ['v1.2.3'] })
  await using run = await acme.run()
  await using named = await acme.run({ 'git-tags': 'v1' })
  expect(run.outputs['missing-tags']).toBe('v2')
  expect(run.stdout).toContain('v1, v1.2: moving from release to release')
  expect(named.outputs['missing-tags']).toBe('v1')
})

test.concurrent.each([
  ['of a part of a monorepo', ['app-v1', 'app-v1.2.3', 'web@2', 'web@2.0.0'], ['app-v1.2.3', 'web@2.0.0']],
  ['in a folder', ['release/v1', 'release/v1.2.3'], ['release/v1.2.3']],
  ['that is a release where 6.1.1 comes after 6.1', ['v6.1', 'v6.1.1'], ['v6.1', 'v6.1.1']],
  ['beside a pre-release only', ['v2', 'v2.0.0-rc.1'], ['v2', 'v2.0.0-rc.1']]
])('a moving git tag %s', async (_, tags, expected) => {
  await using acme = await scene()
  acme.repository.tag(...tags)
  const inputs = { 'git-tags': '/(?<number>\\d[\\d.rc-]*)$/', 'image-tags': '{number}' }
  await using run = await acme.run(inputs)
  expect(run.outputs['checked-tags']?.split('\n').toSorted()).toEqual(expected.toSorted())
})

test.concurrent('E-31 a pull request titled like the tag does not hold its rebuild', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v3', 'v2.0.0', 'v2.0.0-rc.1')
  const active = { status: 'in_progress', conclusion: undefined }
  acme.repository.ran('ci.yml', { title: 'v3', event: 'pull_request', branch: 'v3', ...active })
  acme.repository.ran('build.yml', { title: 'Build v2.0.0-rc.1', ...active })
  await using run = await acme.run({ 'skip-tags': '*-rc*', ...DISPATCH })
  expect(startedFor(acme)).toEqual(['v2.0.0', 'v3'])
  expect(run.code).toBe(0)
})

describe('E-08: nothing is absent before the registry has been asked again', () => {
  const DENIED = {
    kind: 'answer',
    answer: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } }
  } as const

  test.concurrent('E-08 a list that lags behind a push: the registry has the image, so it is present', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v1.1.0')
    acme.app.lie({ kind: 'lag', changes: 1 })
    acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.push(image(), { tags: ['v1.1.0'] })
    await using run = await acme.run(DISPATCH)
    expect(missingOf(run)).toEqual({})
    expect(startedFor(acme)).toEqual([])
    expect(run.code).toBe(0)
    expectClean(acme)
  })

  test.concurrent('E-08 a tag that moved to a whole image since the list was made is present', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    const broken = acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.delete(broken.children[1]!)
    acme.github.faults.on(
      { host: 'registry', path: new RegExp(broken.children[1]!.digest), times: 1 },
      { kind: 'first', run: () => acme.app.push(image(['linux/amd64']), { tags: ['v1.0.0'] }) }
    )
    await using run = await acme.run(DISPATCH)
    expect(missingOf(run)).toEqual({})
    expect(startedFor(acme)).toEqual([])
    expect(run.code).toBe(0)
  })

  test.concurrent('E-08 one 404 on an index is no verdict', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.push(image(), { tags: ['other'] })
    acme.github.faults.on({ host: 'registry', path: /manifests\/sha256/, times: 1 }, DENIED)
    await using run = await acme.run(DISPATCH)
    expect(missingOf(run)).toEqual({})
    expect(startedFor(acme)).toEqual([])
    expect(run.code).toBe(0)
  })

  test.concurrent('E-08 the registry lists the tag and denies what it stands on: unreadable, and nothing is started', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v1.1.0')
    acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.lie({ kind: 'lag', changes: 1 })
    acme.app.push(image(), { tags: ['v1.1.0'] })
    acme.github.faults.on({ host: 'registry', path: /manifests\/v?1\.1\.0$/ }, DENIED)
    await using run = await acme.run(DISPATCH)
    expect(missingOf(run)).toEqual({})
    expect(startedFor(acme)).toEqual([])
    expect(errorsOf(run).join()).toContain('the registry lists this tag, but says that it points to nothing')
    expect(run.code).toBe(1)
  })

  test.concurrent('E-08 an incomplete image whose tag the registry denies is a contradiction', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    const broken = acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.app.delete(broken.children[1]!)
    acme.github.faults.on({ host: 'registry', path: /manifests\/v?1\.0\.0$/ }, DENIED)
    acme.github.faults.on(
      { host: 'registry', path: /tags\/list/ },
      { kind: 'answer', answer: { status: 200, body: { name: 'acme/app', tags: [] } } }
    )
    await using run = await acme.run(DISPATCH)
    expect(missingOf(run)).toEqual({})
    expect(startedFor(acme)).toEqual([])
    expect(errorsOf(run).join()).toContain('GitHub lists the tag, but the registry denies it')
    expect(run.code).toBe(1)
  })
})

describe('rebuilding', () => {
  test.concurrent('R-01, R-02, R-13: GITHUB_TOKEN starts the workflow on the default branch, with the tag as an input', async () => {
    await using acme = await scene()
    // Tagged before the workflow came: at these tags there is no such file.
    acme.repository.tag('v1.0.0', 'v2.0.0', 'v1.5.0')
    acme.app.push(image(), { tags: ['v1.5.0'] })
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    await using run = await acme.run(DISPATCH)
    expect(run.code).toBe(0)
    expect(acme.repository.row.runs.map(({ branch, inputs }) => [branch, inputs])).toEqual([
      ['main', { tag: 'v2.0.0' }],
      ['main', { tag: 'v1.0.0' }]
    ])
    expect(JSON.parse(run.outputs['dispatched']!)).toEqual([
      expect.objectContaining({
        tag: 'v2.0.0',
        workflow: 'build.yml',
        repository: 'acme/app',
        url: expect.stringMatching(/^https:\/\/github\.com\/acme\/app\/actions\/runs\/\d+$/)
      }),
      expect.objectContaining({ tag: 'v1.0.0' })
    ])
    expectClean(acme)
  })

  test.concurrent('R-01: without `actions: write` the run says what to grant, and tries once', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0')
    const token = acme.world.githubToken('acme/app', { packages: 'read', contents: 'read', actions: 'read' })
    await using run = await acme.run(DISPATCH, token)
    expect(run.code).toBe(1)
    expect(errorsOf(run)[0]).toContain('`permissions: actions: write`')
    expect(acme.github.writes).toHaveLength(1)
    expect(run.summary).toContain('left for the next run')
    expectClean(acme)
  })

  test.concurrent.each([
    ['a dry run', { 'dry-run': 'true' }],
    ['a real run', {}]
  ])(
    'a repository for builds that was renamed is told with its new name, and nothing is sent: %s',
    async (_, dry) => {
      await using acme = await scene()
      const builds = acme.repositories.add('acme/builds')
      builds.workflow('build.yml', buildWorkflow(acme.app))
      builds.rename('acme/shipyard')
      acme.repository.tag('v1.0.0')
      const token = acme.world.appToken('acme')
      const inputs = { ...DISPATCH, 'dispatch-repository': 'acme/builds', 'dispatch-token': token, ...dry }
      await using run = await acme.run(inputs)
      expect(run.code).toBe(1)
      expect(errorsOf(run)).toEqual([
        'Nothing was started. acme/builds was renamed to acme/shipyard: write `dispatch-repository: acme/shipyard`, because a dispatch does not follow.'
      ])
      expect(acme.github.writes).toEqual([])
      await using renamed = await acme.run({ ...inputs, 'dispatch-repository': 'acme/shipyard' })
      expect(renamed.code).toBe(0)
    }
  )

  test.concurrent('a repository that is renamed while its builds are started follows nothing, and says its new name', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    acme.github.faults.on(
      { host: 'api', method: 'POST' },
      { kind: 'first', run: () => acme.repository.rename('acme/new') }
    )
    await using run = await acme.run(DISPATCH)
    expect(run.code).toBe(1)
    expect(errorsOf(run)).toEqual([expect.stringContaining('acme/app was renamed to acme/new: write')])
    expect(run.stdout).not.toContain('not known')
    expect(acme.repository.row.runs).toEqual([])
  })

  test.concurrent('R-01: another repository needs a token of its own, and that is never printed', async () => {
    await using acme = await scene()
    const builds = acme.repositories.add('acme/builds', { isPrivate: true })
    builds.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    const elsewhere = { ...DISPATCH, 'dispatch-repository': 'acme/builds' }
    await using refused = await acme.run(elsewhere)
    expect(refused.code).toBe(1)
    expect(errorsOf(refused)[0]).toContain('`dispatch-token`')

    const secret = acme.world.appToken('acme')
    await using run = await acme.run({ ...elsewhere, 'dispatch-token': secret })
    expect(run.code).toBe(0)
    expect(builds.row.runs.map(({ inputs }) => inputs)).toEqual([{ tag: 'v1.0.0' }])
    const told = run.stdout.replaceAll(`::add-mask::${secret}`, '')
    expect([told, run.summary, JSON.stringify(run.report)].some(text => text.includes(secret))).toBe(false)
    expect(
      acme.github.requests.filter(({ path, token }) => path.includes('/packages') && token === 'app')
    ).toEqual([])
    expectClean(acme)
  })

  test.concurrent.each<[string, Record<string, string>, string, RegExp]>([
    [
      'R-02: a tag whose file lacks the trigger',
      { 'dispatch-ref': 'refs/tags/{tag}' },
      'old',
      /add `workflow_dispatch:`/
    ],
    ['R-02: a branch that is not there', { 'dispatch-ref': 'gone' }, 'good', /change `dispatch-ref`/],
    [
      'R-15: an input that is not declared',
      { 'dispatch-inputs': 'version={version}' },
      'good',
      /Declare them in build\.yml/
    ],
    [
      'R-15: a required input that is not given',
      { 'dispatch-inputs': '# none' },
      'good',
      /Give it in `dispatch-inputs`/
    ],
    ['a workflow that is switched off', {}, 'disabled', /Enable build\.yml/],
    [
      'a workflow that is not there',
      { 'dispatch-workflow': 'biuld.yml' },
      'good',
      /no \.github\/workflows\/biuld\.yml/
    ]
  ])('%s: the run says what to change, and is red', async (_, inputs, state, remedy) => {
    await using acme = await scene()
    if (state === 'old') acme.repository.workflow('build.yml', { title: () => 'Build' })
    acme.repository.tag('v1.0.0', 'v2.0.0')
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    if (state === 'disabled') acme.repository.disable('build.yml')
    await using run = await acme.run({ ...DISPATCH, ...inputs })
    expect(run.code).toBe(1)
    expect(errorsOf(run).join('\n')).toMatch(remedy)
    expect(acme.repository.row.runs).toEqual([])
    expectClean(acme)
  })

  test.concurrent('R-02: on its own ref each tag has its own chance', async () => {
    await using acme = await scene()
    acme.repository.tag('v2.0.0')
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    await using run = await acme.run({ ...DISPATCH, 'dispatch-ref': 'refs/tags/{tag}' })
    expect(startedFor(acme)).toEqual(['v1.0.0'])
    expect(acme.repository.row.runs[0]?.branch).toBe('v1.0.0')
    expect(run.code).toBe(1)
  })

  test.concurrent('R-06: a server that does not know `return_run_details` is asked without it, once', async () => {
    await using acme = await scene({ server: 'enterprise' })
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0')
    await using run = await acme.run(DISPATCH)
    expect(run.code).toBe(0)
    expect(startedFor(acme)).toEqual(['v2.0.0', 'v1.0.0'])
    expect(acme.github.writes.map(({ status }) => status)).toEqual([422, 204, 204])
    expect(run.outputs['dispatched']).toContain('https://github.com/acme/app/actions/workflows/build.yml')
    expectClean(acme)
  })

  test.concurrent.each([
    ['lost-502', 1],
    ['lost-reset', 1],
    ['reset', 0]
  ] as const)('a dispatch whose answer is lost (%s) is not sent again', async (kind, runs) => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    acme.github.faults.on({ method: 'POST', path: /dispatches/ }, { kind })
    await using run = await acme.run(DISPATCH)
    expect(run.code).toBe(1)
    expect(errorsOf(run)[0]).toContain('it is not known whether a run was started')
    expect(acme.github.writes).toHaveLength(1)
    expect(acme.repository.row.runs).toHaveLength(runs)
  })

  test.concurrent('R-10: a tag is not built again while a run for it is queued or running', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0', 'v3.0.0')
    acme.repository.ran('build.yml', { title: 'Build v2.0.0', status: 'in_progress', conclusion: undefined })
    const push = {
      title: 'Fix',
      branch: 'v3.0.0',
      event: 'push',
      status: 'in_progress',
      conclusion: undefined
    }
    acme.repository.ran('release.yml', push)
    await using run = await acme.run(DISPATCH)
    expect(startedFor(acme)).toEqual(['v1.0.0'])
    expect(run.summary).toContain('not started, a run is under way')
    expect(run.code).toBe(0)
    expectClean(acme)
  })

  test.concurrent('law 3: a git tag that the list lacks once must have its image', async () => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['v1.0.0'] })
    acme.repository.tag('v1.0.0', 'v2.0.0')
    acme.github.faults.on(
      { path: /\/matching-refs\/tags$/, times: 1 },
      { kind: 'answer', answer: { status: 200, body: [] } }
    )
    await using run = await acme.run()
    expect(run.outputs['missing-tags']).toBe('v2.0.0')
  })

  test.concurrent('R-10: a tag is not built again though a list of runs lacks its run once', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    const push = { title: 'Fix', branch: 'v1.0.0', event: 'push', status: 'in_progress' } as const
    acme.repository.ran('release.yml', { ...push, conclusion: undefined })
    acme.github.faults.on(
      { path: /\/acme\/app\/actions\/runs$/, query: /status=in_progress/, times: 1 },
      { kind: 'answer', answer: { status: 200, body: { total_count: 0, workflow_runs: [] } } }
    )
    await using run = await acme.run(DISPATCH)
    expect(acme.github.writes).toEqual([])
    expect(run.summary).toContain('not started, a run is under way')
  })

  test.concurrent('R-10: nothing is built beside a run that does not say its tag, though the list of runs lacks it once', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    acme.repository.ran('build.yml', { title: 'Build', status: 'in_progress', conclusion: undefined })
    acme.github.faults.on(
      { path: /workflows\/build\.yml\/runs$/, times: 1 },
      { kind: 'answer', answer: { status: 200, body: { total_count: 0, workflow_runs: [] } } }
    )
    await using run = await acme.run(DISPATCH)
    expect(acme.github.writes).toEqual([])
    expect(run.summary).toContain('not started, a run is under way')
  })

  test.concurrent('R-11: a tag whose builds keep failing is left alone', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0')
    for (let day = 0; day < 3; day++) {
      acme.repository.ran('build.yml', { title: 'Build v1.0.0', conclusion: 'failure' })
    }
    await using run = await acme.run(DISPATCH)
    expect(startedFor(acme)).toEqual(['v2.0.0'])
    expect(run.summary).toContain('not started again')
  })

  test.concurrent('R-11: a workflow whose runs do not name their tag is pointed out', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0')
    for (let day = 0; day < 3; day++)
      acme.repository.ran('build.yml', { title: 'Build', conclusion: 'failure' })
    await using run = await acme.run(DISPATCH)
    expect(startedFor(acme)).toEqual(['v1.0.0'])
    expect(run.stdout).toContain('Put the tag into its `run-name`.')
  })

  test.concurrent('R-12: only so many are started, newest first; the rest is told', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag(...Array.from({ length: 30 }, (_, minor) => `v1.${minor}.0`))
    await using run = await acme.run({ ...DISPATCH, 'max-dispatches': '3' })
    expect(startedFor(acme)).toEqual(['v1.29.0', 'v1.28.0', 'v1.27.0'])
    expect(run.outputs['missing-tags']?.split('\n')).toHaveLength(30)
    expect(run.outputs['incomplete']).toBe('true')
    expect(run.code).toBe(0)
  })

  test.concurrent('R-12: a dry run plans the same and starts nothing', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0')
    await using run = await acme.run({ ...DISPATCH, 'dry-run': 'true', wait: '1h', 'max-dispatches': '1' })
    expect(acme.github.writes).toEqual([])
    expect(run.outputs['dispatched']).toBe('[]')
    expect(run.summary).toMatch(/`v2\.0\.0` \| would be started/)
    expect(run.summary).toMatch(/`v1\.0\.0` \| left for the next run/)
    expectClean(acme)
  })

  test.concurrent('a rate limit ends the starting cleanly, and the next run goes on', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.0.0', 'v2.0.0')
    const body = { message: 'You have exceeded a secondary rate limit.' }
    const answer = { status: 403, body, headers: { 'retry-after': '60' } }
    acme.github.faults.on({ method: 'POST', after: 1 }, { kind: 'answer', answer })
    await using run = await acme.run(DISPATCH)
    expect(startedFor(acme)).toEqual(['v2.0.0'])
    expect(run.outputs['incomplete']).toBe('true')
    expect(run.code).toBe(0)
  })
})

describe('waiting', () => {
  const WAIT = { ...DISPATCH, wait: '1h' }

  test.concurrent('R-03, R-06: runs are followed to their images, and `latest` moves forwards only', async () => {
    await using acme = await scene({ server: 'enterprise' })
    acme.repository.tag('v1.0.0', 'v1.1.0', 'v2.0.0')
    acme.app.push(image(), { tags: ['v1.1.0', 'latest'] })
    const dispatch = { tag: { required: true }, 'is-latest': { default: 'true' } }
    acme.repository.workflow(
      'build.yml',
      buildWorkflow(acme.app, {
        dispatch,
        build: ({ tag = '', 'is-latest': latest }) => {
          acme.app.push(image(), { tags: [tag, ...(latest === 'true' ? ['latest'] : [])] })
          return undefined
        }
      })
    )
    const inputs = { 'dispatch-inputs': 'tag={tag}\nis-latest={is-latest}' }
    await using run = await acme.run({ ...WAIT, ...inputs })
    expect(errorsOf(run)).toEqual([])
    expect(run.outputs['missing']).toBe('[]')
    expect(JSON.parse(run.outputs['dispatched']!)).toEqual([
      expect.objectContaining({ tag: 'v2.0.0', status: 'built', url: expect.stringContaining('/runs/') }),
      expect.objectContaining({ tag: 'v1.0.0', status: 'built', url: expect.stringContaining('/runs/') })
    ])
    expect(acme.app.tags()['latest']).toBe(acme.app.tags()['v2.0.0'])
    expect(run.summary).toContain('3 expected tags, all there, 2 rebuilt')
    expectClean(acme)
  })

  test.concurrent('R-03, R-04: a rebuild that moves `latest` back is an error, and so is a green run without an image', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v1.1.0', 'v2.0.0')
    // Of many tags beside it a few are named.
    const also = Array.from({ length: 500 }, (_, at) => `also-${at}`)
    const current = acme.app.push(image(), { tags: ['v2.0.0', ...also, 'latest'] })
    acme.repository.workflow(
      'build.yml',
      buildWorkflow(acme.app, {
        build: ({ tag }) => {
          if (tag === 'v1.0.0') acme.app.push(image(), { tags: [tag, 'latest'] })
          return undefined
        }
      })
    )
    await using run = await acme.run(WAIT)
    expect(run.code).toBe(1)
    const [unbuilt, moved] = errorsOf(run)
    expect(unbuilt).toMatch(/^1 rebuild produced no image\. The first is v1\.1\.0: Its run succeeded/)
    expect(moved).toMatch(
      /The rebuild of v1\.0\.0 moved app:latest back: it pointed to .*v2\.0\.0.* and 496 more\./
    )
    expect(moved).toContain(current.digest)
    expect(missingOf(run)).toEqual({ 'app:v1.1.0': 'absent' })
    expectClean(acme)
  })

  test.concurrent('R-03, law 3: a look at `latest` from before the rebuild does not hide that it was moved back', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v2.0.0')
    const { digest } = acme.app.push(image(), { tags: ['v2.0.0', 'latest'] })
    const before = { status: 200, headers: { 'docker-content-digest': digest }, body: '' }
    const build = ({ tag = '' }) => {
      acme.app.push(image(), { tags: [tag, 'latest'] })
      acme.github.faults.on(
        { host: 'registry', path: /manifests\/latest$/, times: 1 },
        { kind: 'answer', answer: before }
      )
      return undefined
    }
    acme.repository.workflow('build.yml', buildWorkflow(acme.app, { build }))
    await using run = await acme.run(WAIT)
    expect(errorsOf(run).join()).toMatch(/The rebuild of v1\.0\.0 moved app:latest back/)
  })

  test.concurrent('R-05: runs that a concurrency group cancels are not built, and said to be cancelled', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app, { concurrency: () => 'build' }))
    acme.repository.tag('v1.0.0', 'v2.0.0', 'v3.0.0', 'v4.0.0')
    await using run = await acme.run(WAIT)
    const statuses = JSON.parse(run.outputs['dispatched']!) as { tag: string; status: string }[]
    expect(statuses.map(({ tag, status }) => [tag, status])).toEqual([
      ['v4.0.0', 'built'],
      ['v3.0.0', 'cancelled'],
      ['v2.0.0', 'cancelled'],
      ['v1.0.0', 'built']
    ])
    expect(run.outputs['missing-tags']).toBe('v3.0.0\nv2.0.0')
    expect(errorsOf(run)[0]).toMatch(/^2 rebuilds cancelled\. .*concurrency group/)
    expectClean(acme)
  })
})

describe('R-14: what a check expects, retention keeps', () => {
  test.concurrent('a release older than all that is kept stays while its git tag does', async () => {
    await using acme = await scene()
    const day = 86_400_000
    acme.repository.tag('v1.0.0', 'v2.0.0')
    for (const [version, age] of [
      ['1.0.0', 400],
      ['1.5.0', 300],
      ['2.0.0', 200],
      ['3.0.0', 100]
    ] as const) {
      acme.app.push(image(), { tags: [version], at: Date.now() - age * day })
    }
    const policy = { mode: 'retain', 'delete-tags': '*', 'keep-at-least': '1' }
    await using cleaned = await acme.run({ ...policy, protect: 'git-tags' })
    expect(errorsOf(cleaned)).toEqual([])
    expect(Object.keys(acme.app.tags()).sort()).toEqual(['1.0.0', '2.0.0', '3.0.0'])
    expect(cleaned.summary).toContain('in use by git tag v1.0.0')
    await using checked = await acme.run({ 'fail-on-missing': 'true' })
    expect(checked.code).toBe(0)
    expect(acme.world.broken()).toEqual([])
  })

  test.concurrent('what cannot be asked stops the run before anything is deleted', async () => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['1.0.0'], at: '2020-01-01T00:00:00Z' })
    acme.app.push(image(), { tags: ['2.0.0'], at: '2020-01-02T00:00:00Z' })
    acme.github.faults.on({ path: /releases/ }, { kind: 'answer', answer: { status: 403, body: {} } })
    await using run = await acme.run({ mode: 'retain', 'delete-tags': '*', protect: 'releases' })
    expect(run.code).toBe(1)
    expect(acme.github.writes).toEqual([])
  })
})
