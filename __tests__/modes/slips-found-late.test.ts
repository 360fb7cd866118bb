import { expect, test } from '@jest/globals'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock } from '../helpers/inside.ts'
import { ago, hoursAgo, openScene, type Scene } from './retain/runs.ts'

/** Slips of the pen that only GitHub's answer shows, each told in one sentence with its way out. */

const LOST = { 'delete-tags': 'sha-*' }

/** Three packages, of which two have a slash in their names. */
async function openShop(): Promise<Scene> {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  repositories.add('acme/app')
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  for (const name of ['acme/shop/web', 'acme/shop/x-api'])
    scene.world.package(name, { repository: 'acme/shop' }).push(manifest(), { tags: ['v1'], at: ago(9) })
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  return scene
}

const policyFor = (match: string): string =>
  `{ version: 1, packages: [{ match: '${match}', rules: [{ action: delete, match: { tags: x } }] }] }`

const NO_SLASH = 'because `*` does not match the slash in a name: write'
test.concurrent.each([
  [
    { packages: 'shop*' },
    `No package of acme matches \`shop*\` in \`packages\`, ${NO_SLASH} \`shop*/**\`, which matches \`shop/web\`.`
  ],
  [
    { packages: '*-api' },
    `No package of acme matches \`*-api\` in \`packages\`, ${NO_SLASH} \`**/*-api\`, which matches \`shop/x-api\`.`
  ],
  [
    { packages: '*, !app' },
    `No package of acme matches \`*\` in \`packages\`, ${NO_SLASH} \`**\`, which matches \`shop/web\`.`
  ],
  [
    { packages: '', policy: policyFor('shop*') },
    `No package of acme matches \`shop*\` under \`match\` in the policy, ${NO_SLASH} \`shop*/**\`, which matches \`shop/web\`.`
  ],
  [
    { packages: 'hsop/*' },
    'No package of acme matches `hsop/*` in `packages`. This token sees 3 other packages.'
  ],
  [
    { packages: '/^hsop/, hsop-*' },
    'No package of acme matches `/^hsop/`, `hsop-*` in `packages`. This token sees 3 other packages.'
  ]
])('patterns that match no package are told why, and what would: %j', async (slip, sentence) => {
  await using scene = await openShop()
  const { errors, summary } = await scene.run({ ...LOST, ...slip, token: scene.world.classic('olivia') })
  expect(errors).toEqual([expect.stringContaining(sentence)])
  expect(summary).toContain('No package of acme')
})

test.concurrent.each([
  [{ mode: 'retain', ...LOST }, 'shop/*, chart*, y-*', '`chart*`, `y-*` in `packages`.'],
  [
    { mode: 'check', 'git-tags': '!*', 'required-tags': 'v1' },
    'shop/*, *-api',
    `\`*-api\` in \`packages\`, ${NO_SLASH}`
  ],
  [
    { mode: 'purge', purge: 'package', confirm: 'shop/*, !app, chart*', 'dry-run': 'true' },
    'shop/*, !app, chart*',
    '`chart*` in `packages`.'
  ]
])('patterns that match no package are told where others match some: %j', async (inputs, packages, said) => {
  await using scene = await openShop()
  const { warnings } = await scene.run({ ...inputs, packages, token: scene.world.classic('olivia') })
  expect(warnings).toContainEqual(expect.stringContaining(`No package of acme matches ${said}`))
  expect(warnings.filter(text => text.includes('No package of'))).toHaveLength(1)
})

test.concurrent('who gives `purge` the word for untagged versions is told where they are deleted', async () => {
  await using scene = await openShop()
  const purge = { mode: 'purge', packages: 'app', confirm: 'app', purge: 'untagged' }
  const { errors } = await scene.run(purge)
  expect(errors.join()).toMatch(/"untagged" is not a tag.*use `mode: retain` with `delete-untagged: true`/)
})

test.concurrent.each<[Record<string, string>, boolean]>([
  [{ 'keep-tags': 'v*' }, false],
  [{ 'delete-tags': 'v0' }, false],
  [{ 'delete-tags': 'v*' }, true]
])('the grace is told only where a rule would delete what it holds: %j', async (inputs, isTold) => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: hoursAgo(1) })
  const { stdout } = await scene.run({ packages: 'app', ...inputs })
  expect(stdout.includes('1 version is younger than the grace')).toBe(isTold)
  expect(stdout.includes('younger')).toBe(isTold)
})

test.concurrent('a restore by time says in one sentence which packages had nothing deleted', async () => {
  await using scene = await openShop()
  const inputs = { mode: 'restore', packages: 'app, shop/web', restore: 'since 3h' }
  const { warnings } = await scene.run({ ...inputs, token: scene.world.classic('olivia') })
  expect(warnings).toEqual([
    expect.stringMatching(/^app, shop\/web: GitHub lists no version that was deleted/)
  ])
})

test.concurrent('the word for all packages is told', async () => {
  await using scene = await openShop()
  const { errors } = await scene.run({ ...LOST, packages: 'all' })
  expect(errors).toEqual([
    expect.stringContaining('for all packages, write `**`, which needs a classic token.')
  ])
})

test.concurrent.each(['check', 'purge'])('mode %s tells the same of patterns', async mode => {
  await using scene = await openShop()
  const inputs =
    mode === 'check'
      ? { 'git-tags': '!*', 'required-tags': 'v1' }
      : { purge: 'package', confirm: 'shop*', 'dry-run': 'true' }
  const token = scene.world.classic('olivia')
  const { errors } = await scene.run({ mode, packages: 'shop*', ...inputs, token })
  expect(errors).toEqual([expect.stringContaining('`shop*/**`, which matches `shop/web`')])
})

test.concurrent.each([{ mode: 'retain' }, { mode: 'check', 'git-tags': '!*', 'required-tags': 'v1' }])(
  'packages that the policy does not name are no wrong input: %j',
  async inputs => {
    await using scene = await openShop()
    const { errors, warnings } = await scene.run({
      ...inputs,
      packages: 'app',
      policy: policyFor('shop/web')
    })
    expect(errors).toEqual([expect.stringMatching(/^The policy has no entry for a package of this run, so/)])
    expect(warnings).toEqual([
      expect.stringMatching(/^No entry of the policy matches app, so it is left alone/)
    ])
  }
)

test.concurrent('a repository without packages is told so, and which packages there are', async () => {
  await using scene = await openShop()
  const token = scene.world.classic('olivia')
  const { errors } = await scene.run({ ...LOST, packages: 'linked', token }, { repository: 'acme/other' })
  expect(errors).toEqual([
    expect.stringContaining(
      'No package of acme is linked to the repository acme/other. This token sees 3 other packages.'
    )
  ])
})

test.concurrent.each([
  { ...LOST },
  { mode: 'check', 'git-tags': '!*', 'required-tags': 'v1' },
  { mode: 'purge', purge: 'package', confirm: 'a1 a2 a3 a4 a5 a6 a7' },
  { mode: 'restore', restore: 'since 3h', 'dry-run': 'true' }
])('several packages that are not found are told in one sentence: %j', async inputs => {
  await using scene = await openShop()
  const run = await scene.run({ ...inputs, packages: 'a1 a2 a3 a4 a5 a6 a7' })
  expect(run.errors).toEqual([
    expect.stringMatching(
      /^a1, a2, a3, a4, a5 and 2 more: GitHub finds none of these 7 packages of acme \(HTTP 404\)\. They do not exist, or /
    )
  ])
  const [sentence = ''] = run.errors
  expect(sentence).toContain('where a space separates names')
  expect(sentence).toContain('`a1?`')
  expect(sentence.length).toBeLessThan(620)
})

test.concurrent('beside others that are there, they are told in one sentence, with the names that were meant', async () => {
  await using scene = await openShop()
  const token = scene.world.classic('olivia')
  const { errors } = await scene.run({ ...LOST, packages: 'shop/wbe, app, x-api', token })
  expect(errors).toEqual([
    expect.stringMatching(
      /^shop\/wbe, x-api: GitHub finds .* did you mean `shop\/web` and `shop\/x-api` in `packages`\?/
    )
  ])
})

const PURGE = { mode: 'purge', confirm: 'app' }
const CAPITALS = 'There is no `Prod`, but there is `prod`, which is not purged.'
test.concurrent.each([
  ['Prod?', CAPITALS],
  ['v1 Prod?', CAPITALS],
  ['ghcr.io/acme/app:Prod?', CAPITALS]
])('a purge of what may be absent, and is there in other capitals, is red: %s', async (purge, sentence) => {
  await using scene = await openScene()
  for (const tag of ['prod', 'v1', 'v2']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
  for (const dry of ['true', 'false']) {
    const { errors } = await scene.run({ ...PURGE, purge, 'dry-run': dry })
    expect(errors).toEqual([`app: ${sentence} Write \`prod\`, or leave \`Prod?\` out.`])
  }
  expect(scene.app.tags()).toHaveProperty('prod')
})

test.concurrent.each(['prdo?', 'prod-1?'])(
  'what may be absent, and is like a tag only, is green: %s',
  async purge => {
    await using scene = await openScene()
    for (const tag of ['prod', 'v1']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
    expect(await scene.run({ ...PURGE, purge })).toMatchObject({ code: 0, errors: [] })
  }
)

const TIME = 'For everything deleted in that time, write'
const DATE = '`restore` takes no date: write how long ago it was, such as `since 3h` or `since 2 days`.'
test.concurrent.each([
  ['Prod', 'there is no `Prod`. Did you mean `prod`?'],
  ['latset', 'there is no `latset`. Did you mean `latest`?'],
  ['3h', `no version, deleted or not, shows the tag \`3h\`. ${TIME} \`since 3h\`.`],
  ['2 days', `no version, deleted or not, shows the tags \`2\`, \`days\`. ${TIME} \`since 2 days\`.`],
  ['3 hours ago', `${TIME} \`since 3 hours\`.`],
  ['last 2 days', `${TIME} \`since 2 days\`.`],
  ['24h prod', `${TIME} \`since 24h\`.`],
  ['2026-11-27', DATE],
  ['2026-11-27T10:00', DATE],
  ['yesterday', DATE],
  ['today', DATE]
])(
  '`restore: %s` is told what is meant, whether or not tags of deleted versions show',
  async (restore, cure) => {
    for (const deletedTags of ['shown', 'hidden'] as const) {
      await using scene = await openScene()
      scene.world.deletedTags = deletedTags
      for (const tag of ['prod', 'latest', 'v1']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
      await scene.run({ ...PURGE, purge: 'prod' })
      const { errors } = await scene.run({ mode: 'restore', restore })
      // What does not show cannot be meant.
      if (restore === 'Prod' && deletedTags === 'hidden') continue
      expect(errors).toEqual([expect.stringContaining(`app: Nothing was restored, because `)])
      expect(errors).toEqual([expect.stringContaining(cure)])
    }
  }
)

test.concurrent('a tag that looks like a time is restored by its name', async () => {
  await using scene = await openScene()
  scene.world.deletedTags = 'shown'
  for (const tag of ['3h', 'v1']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
  await scene.run({ ...PURGE, purge: '3h' })
  const { code } = await scene.run({ mode: 'restore', restore: '3h' })
  expect({ code, tags: Object.keys(scene.app.tags()) }).toEqual({
    code: 0,
    tags: expect.arrayContaining(['3h'])
  })
})

test.concurrent('a check for a tag that is there in other capitals says so', async () => {
  await using scene = await openShop()
  scene.app.push(manifest(), { tags: ['latest'], at: ago(9) })
  const run = await scene.run({ mode: 'check', 'git-tags': '!*', 'required-tags': 'Latest' })
  const words = 'There is no tag `Latest`, but there is `latest`: capital letters count.'
  expect(run.stdout).toContain(words)
  expect(run.summary).toMatch(/There is no tag .*Latest.*: capital letters count/)
})

test.concurrent('more requests reserved than there are in an hour: red, because no run could do anything', async () => {
  await using scene = await openShop()
  const { errors, warnings } = await scene.run({ ...LOST, packages: 'app', 'reserve-requests': '5000' })
  expect({ errors, warnings }).toEqual({
    errors: [expect.stringMatching(/`reserve-requests` keeps 5000 requests an hour .* set a lower number/)],
    warnings: []
  })
})
