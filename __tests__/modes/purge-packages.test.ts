import { expect, test } from '@jest/globals'
import { image, manifest } from '../emulator/shapes.ts'
import { ago, openScene } from './retain/runs.ts'

/** `purge: package` over several packages, by name or by pattern. */

async function open() {
  const scene = await openScene()
  const facts = { repository: 'acme/app' }
  for (const name of ['app-pr-1', 'app-pr-2', 'web']) {
    const pkg = scene.world.package(`acme/${name}`, facts)
    pkg.push(manifest(), { tags: ['v1'], at: ago(9) })
  }
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  const acme = scene.world.owner('acme')
  const left = () => scene.world.packages(acme!, 'active').map(({ name }) => name)
  return { ...scene, left, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

test.concurrent.each([
  ['names', 'app-pr-1, app-pr-2', 'app-pr-2 app-pr-1'],
  ['the output of another run', '["app-pr-1","app-pr-2"]', '["app-pr-1","app-pr-2"]'],
  ['a pattern', 'app-pr-*', 'app-pr-*'],
  ['another case', 'App-PR-*', 'APP-pr-*'],
  ['a pattern, a name and one that may be absent', 'app-pr-*, app-pr-1, gone?', 'app-pr-*, app-pr-1, gone']
])('by %s, once these are confirmed: dry, for real, and back', async (_, packages, confirm) => {
  await using scene = await open()
  const inputs = { mode: 'purge', purge: 'package', packages, token: scene.world.classic('olivia') }
  const before = scene.left()
  const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
  expect(dry).toMatchObject({
    code: 0,
    outputs: { 'planned-count': '2', packages: '["app-pr-1","app-pr-2"]' }
  })
  expect(scene.left()).toEqual(before)
  const real = await scene.run({ ...inputs, confirm })
  expect(real).toMatchObject({ code: 0, outputs: { 'deleted-count': '2' } })
  expect(scene.left().toSorted()).toEqual(['app', 'web'])
  const back = await scene.run({
    mode: 'restore',
    restore: real.outputs['report'] ?? '',
    token: inputs.token,
    packages: 'app-pr-*'
  })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '2' } })
  expect(scene.left().toSorted()).toEqual(before.toSorted())
})

test.concurrent('`restore: since` restores what was deleted from several packages, each named in full', async () => {
  await using scene = await open()
  const packages = 'app-pr-1, app-pr-2'
  const token = scene.world.classic('olivia')
  for (const name of ['app-pr-1', 'app-pr-2'])
    scene.world.package(`acme/${name}`).push(image(), { tags: [`sha-${name}`], at: ago(9) })
  const gone = await scene.run({ 'delete-tags': 'sha-*', packages, token })
  expect(gone.outputs['deleted-count']).toBe('6')
  const restore = { mode: 'restore', restore: 'since 3h', token }
  const refused = await scene.run({ ...restore, packages: 'app-pr-*' })
  expect(refused.errors.join()).toMatch(/a time in `restore` needs the names of the packages in full/)
  const back = await scene.run({ ...restore, packages })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '6' } })
  for (const name of ['app-pr-1', 'app-pr-2'])
    expect(scene.world.pullable(`acme/${name}`, `sha-${name}`)).toEqual([])
})

test.concurrent('what goes with its package is counted in versions, because nobody reads what is a part of what', async () => {
  await using scene = await open()
  scene.app.push(image(['linux/amd64', 'linux/arm64']), { tags: ['v2'], at: ago(8) })
  const inputs = { mode: 'purge', purge: 'package', packages: 'app', token: scene.world.classic('olivia') }
  const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
  expect(dry.summary).toMatch(
    /^## Dry run: 4 versions would be deleted in 1 package of acme, nothing stays$/m
  )
  expect(dry.summary).toMatch('**Would be deleted: 4 versions**')
  expect(dry.stdout).toMatch(/^would be deleted: the package app with 4 versions$/m)
  expect(dry.stdout).toMatch('A real run would delete 4 versions in about')
  const real = await scene.run({ ...inputs, confirm: 'app' })
  expect(real.stdout).toMatch(/^deleted: the package app with 4 versions$/m)
  expect(real.summary).toMatch(/^## 4 versions deleted in 1 package of acme, nothing stays$/m)
})

test.concurrent.each([
  [
    'nothing is confirmed',
    'app-pr-*',
    '',
    /`confirm` is empty. Repeat the value of `packages` there \(`app-pr-\*`\)/
  ],
  [
    'less is confirmed',
    'app-pr-1, app-pr-2',
    'app-pr-1',
    /`confirm` is "app-pr-1", and the packages are `app-pr-1`, `app-pr-2`/
  ],
  [
    'more is confirmed',
    'app-pr-1',
    'app-pr-1 web',
    /`confirm` is "app-pr-1 web", and the package is `app-pr-1`/
  ],
  ['the pattern is another', 'app-pr-*', 'app-*', /`confirm` is "app-\*"/],
  ['the pattern is everything', '*', '*', /match every package.*Name the packages/],
  ['the pattern takes something out of everything', '!app', '!app', /match every package/],
  ['the pattern is almost everything', '/^[a-z]/', '/^[a-z]/', /match every package/],
  ['all that is linked', 'linked', 'linked', /match every package/]
])('nothing goes and nothing is asked when %s', async (_, packages, confirm, sentence) => {
  await using scene = await open()
  const run = await scene.run({
    mode: 'purge',
    purge: 'package',
    packages,
    confirm,
    token: scene.world.classic('olivia')
  })
  expect(run.code).toBe(1)
  expect(run.errors.join('\n')).toMatch(sentence)
  expect(scene.github.requests).toEqual([])
})

test.concurrent('the word with a question mark is refused, and the spelling said', async () => {
  await using scene = await open()
  const run = await scene.run({ mode: 'purge', purge: 'package?', packages: 'web', confirm: 'web' })
  expect(run.errors.join()).toMatch(/Input `purge`: .*write `packages: name\?` and `purge: package`/)
  expect(scene.github.requests).toEqual([])
})

test.concurrent.each(['pushed', 'deleted'])(
  'one in which something is %s after the listing is left alone',
  async change => {
    await using scene = await open()
    const pkg = scene.world.package('acme/app-pr-1', {})
    const [second] = ['v2', 'v3'].map(tag => pkg.push(manifest(), { tags: [tag], at: ago(8) }))
    const listing = { host: 'api', method: 'GET', path: /app-pr-1\/versions$/, times: 1 } as const
    const run = () =>
      change === 'pushed' ? pkg.push(manifest(), { tags: ['v4'] }) : second && pkg.delete(second)
    scene.github.faults.on(listing, { kind: 'then', run })
    const inputs = { mode: 'purge', purge: 'package', packages: 'app-pr-1', confirm: 'app-pr-1' }
    const result = await scene.run({ ...inputs, token: scene.world.classic('olivia') })
    expect(scene.left()).toContain('app-pr-1')
    expect(scene.github.writes).toEqual([])
    expect(result.stdout).toMatch(/the package changed after the listing: run it again/)
    expect(result.outputs['deleted-count']).toBe('0')
  }
)

test.concurrent('one that cannot be deleted does not hold back the others', async () => {
  await using scene = await open()
  scene.world.package('acme/app-pr-2').row.visibility = 'private'
  scene.github.faults.on({ method: 'DELETE', path: /app-pr-1$/ }, { kind: 'answer', answer: { status: 403 } })
  const run = await scene.run({
    mode: 'purge',
    purge: 'package',
    packages: 'app-pr-1, app-pr-2',
    confirm: 'app-pr-1, app-pr-2'
  })
  expect(run.code).toBe(1)
  expect(scene.left().toSorted()).toEqual(['app', 'app-pr-1', 'web'])
})

test.concurrent('law 3: a package is not purged whose list and count do not show a push that the registry has', async () => {
  await using scene = await open()
  const { app, github, run } = scene
  app.lie({ kind: 'lag', changes: 4 })
  app.lie({ kind: 'count', value: app.row.order.length })
  github.faults.on(
    { host: 'api', method: 'GET', path: /\/versions$/, after: 1, times: 1 },
    { kind: 'first', run: () => app.push(image(), { tags: ['v9'] }) }
  )
  const token = scene.world.classic('olivia')
  const result = await run({ mode: 'purge', purge: 'package', confirm: 'app', packages: 'app', token })
  expect(scene.left()).toContain('app')
  expect(JSON.stringify(result.report)).toMatch(/the registry has the tag v9, which GitHub does not list/)
})

test.concurrent.each([
  [503, true],
  [403, false]
])(
  'law 3: where the list of tags is answered %i before a package is purged, that it stays is %s',
  async (status, stays) => {
    await using scene = await open()
    const path = /app-pr-1\/tags\/list$/
    scene.github.faults.on({ host: 'registry', path }, { kind: 'answer', answer: { status } })
    const token = scene.world.classic('olivia')
    const inputs = { mode: 'purge', purge: 'package', packages: 'app-pr-1', confirm: 'app-pr-1', token }
    const result = await scene.run(inputs)
    expect(scene.left().includes('app-pr-1')).toBe(stays)
    expect(JSON.stringify(result.report).includes('which GitHub does not list, is unknown')).toBe(stays)
  }
)

test.concurrent('law 3: a package stays when `latest` is pushed anew before its deletion, though neither list nor count shows it', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  const first = app.push(image(), { tags: ['v1', 'latest'], at: ago(90) })
  app.lie({ kind: 'lag', changes: 99 })
  const push = () => {
    app.push(image(['linux/amd64']), { tags: ['latest'] })
    app.lie({ kind: 'count', value: 3 })
  }
  github.faults.on({ method: 'GET', path: /\/versions$/, times: 1 }, { kind: 'then', run: push })
  const result = await scene.run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect(result.outputs['deleted-count']).toBe('0')
  expect(result.stdout).toContain('the registry has the tag latest, which GitHub does not list there')
  expect(world.pullable('acme/app', 'latest')).toEqual([])
  expect(app.version(first.digest)).toBeDefined()
})

test.concurrent.each(['shows', 'does not show'])(
  'law 5: a package stays when something is pushed while the tags that move are looked at, though GitHub %s it',
  async how => {
    await using scene = await openScene()
    const { app, github, world } = scene
    app.push(image(), { tags: ['v1', 'latest'], at: ago(90) })
    const push = () => {
      if (how !== 'shows') app.lie({ kind: 'lag', changes: 99 })
      app.push(image(), { tags: ['v2'] })
      if (how !== 'shows') app.lie({ kind: 'count', value: 3 })
    }
    const head = { host: 'registry', method: 'HEAD', path: /manifests\/latest$/, times: 1 } as const
    github.faults.on(head, { kind: 'then', run: push })
    const result = await scene.run({ mode: 'purge', purge: 'package', confirm: 'app' })
    expect([result.outputs['deleted-count'], github.writes]).toEqual(['0', []])
    expect(world.pullable('acme/app', 'v2')).toEqual([])
    expect(result.stdout).toMatch(/the package changed after the listing|the registry has the tag v2/)
  }
)

test.concurrent('a package whose deletion may be done comes back by the report of the run', async () => {
  await using scene = await open()
  const { github, world } = scene
  const token = world.classic('olivia')
  const lost = { kind: 'lost-502' } as const
  github.faults.on({ host: 'api', method: 'DELETE' }, lost)
  github.faults.on(
    { host: 'api', method: 'DELETE', times: 1 },
    {
      kind: 'then',
      run: () => github.faults.on({ host: 'api', path: /packages\/container\/web$/ }, lost)
    }
  )
  const inputs = { mode: 'purge', purge: 'package', packages: 'web', token }
  const purged = await scene.run({ ...inputs, confirm: 'web' })
  expect([purged.code, scene.left()]).toEqual([1, expect.not.arrayContaining(['web'])])
  github.faults.clear()
  const back = await scene.run({ mode: 'restore', restore: purged.outputs['report'] ?? '', token })
  expect([back.code, scene.left()]).toEqual([0, expect.arrayContaining(['web'])])
})

test.concurrent.each([
  ['GitHub does not find it', { status: 404, body: { message: 'Package not found.' } }],
  ['GitHub is out of order', { status: 500, body: 'out of order' }]
])(
  'of a package that stayed the report of its deletion brings back nothing that others deleted: %s',
  async (_how, answer) => {
    await using scene = await open()
    const { github, world } = scene
    const token = world.classic('olivia')
    const web = world.package('acme/web')
    const leak = web.push(manifest(), { tags: ['leak'], at: ago(8) })
    github.faults.on({ host: 'api', method: 'DELETE' }, { kind: 'answer', answer })
    const purged = await scene.run({
      mode: 'purge',
      purge: 'package',
      packages: 'web',
      token,
      confirm: 'web'
    })
    expect(purged.code).toBe(1)
    github.faults.clear()
    web.delete(leak)
    const back = await scene.run({ mode: 'restore', restore: purged.outputs['report'] ?? '', token })
    expect([back.code, back.outputs['restored-count'], web.version(leak.digest)]).toEqual([0, '0', undefined])
  }
)

test.concurrent('of a package that was made anew behind its deletion the report names what is gone', async () => {
  await using scene = await open()
  const { github, world } = scene
  const token = world.classic('olivia')
  github.faults.on({ host: 'api', method: 'DELETE' }, { kind: 'lost-502' })
  const lost = () =>
    github.faults.on({ host: 'api', path: /packages\/container\/web$/ }, { kind: 'lost-502' })
  github.faults.on({ host: 'api', method: 'DELETE', times: 1 }, { kind: 'then', run: lost })
  const purged = await scene.run({ mode: 'purge', purge: 'package', packages: 'web', token, confirm: 'web' })
  expect([purged.code, scene.left()]).toEqual([1, expect.not.arrayContaining(['web'])])
  github.faults.clear()
  world.package('acme/web', { repository: 'acme/app' }).push(manifest(), { tags: ['v9'] })
  const back = await scene.run({ mode: 'restore', restore: purged.outputs['report'] ?? '', token })
  expect([back.code, back.errors.join()]).toEqual([1, expect.stringMatching(/v1|Nothing was restored/)])
})
