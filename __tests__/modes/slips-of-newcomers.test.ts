import { expect, test } from '@jest/globals'
import { image, manifest } from '../emulator/shapes.ts'
import { expectOneSentence, type Slip } from '../helpers/one-sentence.ts'
import { ago, openScene } from './retain/runs.ts'

/** What people wrote who used the action for the first time, and what they are told. */

const HEX = 'e6'.repeat(32)
const UNDO = { mode: 'restore' }
const CHECK = { mode: 'check' }
const DELETES = { 'delete-tags': '*' }

const policyOf = (pattern: string): string =>
  `version: 1\npackages:\n  - match: app\n    rules:\n      - { action: delete, match: { tags: [v1, '${pattern}'] } }\n`

const SLIPS: readonly Slip[] = [
  [{ 'delete-tags': '-*' }, 'A variable in front of `-*` is probably empty: check its name.'],
  [{ ...DELETES, 'keep-tags': '-*' }, 'A variable in front of `-*` is probably empty: check its name.'],
  [{ 'delete-tags': '* !-*' }, 'A variable in front of `-*` is probably empty: check its name.'],
  [{ 'delete-tags': '/^-\\d+$/' }, 'A variable in front of `-` is probably empty: check its name.'],
  [{ ...DELETES, 'keep-tags': '/^-main/' }, 'A variable in front of `-` is probably empty: check its name.'],
  [
    { ...CHECK, 'required-tags': '-prod' },
    'A variable in front of `-prod` is probably empty: check its name.'
  ],
  [{ 'delete-tags': '/main-*/' }, 'Write `main-*`, without slashes, for a glob, or `/^main-.*$/`.'],
  [{ 'delete-tags': 'old-* /mai*/' }, 'Write `mai*`, without slashes, for a glob, or `/^mai.*$/`.'],
  [{ policy: policyOf('/mai*/') }, 'match.tags: The pattern `/mai*/` may match other tags than you mean'],
  [{ packages: 'ghcr.io/acme/shop/web:prod', ...DELETES }, 'Write `shop/web`, for the owner `acme`.'],
  [{ packages: 'https://ghcr.io/acme/shop/web', ...DELETES }, 'Write `shop/web`, for the owner `acme`.'],
  [{ 'registry-url': 'ghcr.io/acme', ...DELETES }, 'Write `https://ghcr.io`.'],
  [{ ...DELETES, 'keep-tags': HEX }, `For a digest write \`sha256:${HEX}\``],
  [{ 'delete-tags': `a-* !${HEX}` }, `For a digest write \`!sha256:${HEX}\``],
  [{ ...UNDO, restore: 'main-*' }, 'patterns do not work in `restore`. Write `since 3h`, ids, digests or'],
  [{ ...UNDO, restore: 'v1, /^main-.*$/' }, '"/^main-.*$/": patterns do not work in `restore`.'],
  [{ ...UNDO, restore: 'semver:1.x' }, '"semver:1.x": patterns do not work in `restore`.'],
  [{ ...UNDO, restore: 'all' }, 'Write `since 3h`, ids, digests or the report'],
  [{ ...UNDO, restore: 'since3h' }, 'Write `since 3h`.'],
  [{ ...UNDO, restore: 'sha256:e6' }, 'Write at least 7 digits behind `sha256:`.'],
  [{ ...UNDO, restore: HEX }, `For a digest write \`sha256:${HEX}\``],
  [{ mode: 'purge', confirm: 'app', purge: 'sha256:e6' }, 'Write at least 7 digits behind `sha256:`.']
]

test.each(SLIPS)('a newcomer is told before the first request: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test.each(['report[1].json', '/data/c++/report'])('the path of a report is no pattern: %s', async restore => {
  await using scene = await openScene()
  const { errors } = await scene.run({ ...UNDO, restore })
  expect(errors).toEqual([expect.stringContaining('There is no report at')])
})

test.each(['/^pr-*$/', '/v1\\.*/', '/main-.*x*/', '!/main-*/'])(
  'what is plainly a regular expression, or keeps, is no error: %s',
  async pattern => {
    await using scene = await openScene()
    scene.app.push(image(), { tags: ['latest'], at: ago(90) })
    const inputs = { 'dry-run': 'true', 'max-deletion-percent': '100' }
    const { code, errors } = await scene.run({ ...inputs, 'delete-tags': `latest ${pattern}` })
    expect({ code, errors: errors.filter(error => error.includes('regular expression')) }).toEqual({
      code: expect.any(Number),
      errors: []
    })
  }
)

test.each([
  ['Prod', 'There is no `Prod`. Did you mean `prod`? Nothing was purged.'],
  ['prdo', 'There is no `prdo`. Did you mean `prod`? Nothing was purged.'],
  ['Prod v2', 'There is no `Prod`. Did you mean `prod`?']
])('a purge of a tag that is spelt otherwise names the tag: %s', async (purge, sentence) => {
  await using scene = await openScene()
  for (const tag of ['prod', 'v1', 'v2']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
  const { code, errors } = await scene.run({ mode: 'purge', purge, confirm: 'app' })
  expect({ code, errors }).toEqual({ code: 1, errors: [`app: ${sentence}`] })
  expect(scene.app.tags()).toHaveProperty('prod')
})

test('a purge of a name like no tag offers the question mark', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['prod'], at: ago(9) })
  const { errors } = await scene.run({ mode: 'purge', purge: 'nightly-7', confirm: 'app' })
  expect(errors).toEqual([expect.stringContaining('`nightly-7?` allows that')])
})

test('several names of which none is there are told that a space separates names', async () => {
  await using scene = await openScene()
  const { errors } = await scene.run({ packages: 'shop web', 'delete-tags': 'a' })
  expect(errors).toEqual([
    expect.stringMatching(
      /^shop, web: GitHub finds none of these 2 packages .* check `packages`, where a space separates names/
    )
  ])
})
