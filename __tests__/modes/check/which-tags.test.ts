import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { tagCommit } from '../../emulator/repositories.ts'
import { image } from '../../emulator/shapes.ts'
import { errorsOf, scene } from '../../helpers/check-run.ts'

/** The table "Which tags" of docs/missing-images.md, row by row as it is written. */

const text = readFileSync(new URL('../../../docs/missing-images.md', import.meta.url), 'utf8')
const rows = new Map(
  [...text.matchAll(/^\| (.+?) \| (.*`[\w-]+: .*|`git-tags.*) \|$/gm)].map(([, what = '', inputs = '']) => [
    what,
    [...inputs.matchAll(/`([a-z-]+: [^`]+)`/g)].map(
      ([, yaml = '']) => parse(yaml.replaceAll('\\|', '|')) as Record<string, string>
    )
  ])
)

/** For each row git tags, images that are there, and which of the tags are checked. */
const worlds: Readonly<Record<string, readonly [git: string[], images: string[], checked: string[]]>> = {
  '`v1.2.3` → `1.2.3-alpine`': [['v1.2.3', 'x1'], ['1.2.3-alpine'], ['v1.2.3']],
  '`openflows-1.4.0` → `1.4.0`': [['openflows-1.4.0', 'v9.0.0'], ['1.4.0'], ['openflows-1.4.0']],
  '`release/v1.2.3` → `v1.2.3`': [['release/v1.2.3', 'v9.0.0'], ['v1.2.3'], ['release/v1.2.3']],
  '`api@1.2.3`, one package for each part of a monorepo': [
    ['app@1.2.3', 'web@1.0.0'],
    ['1.2.3'],
    ['app@1.2.3', 'web@1.0.0']
  ],
  '`v1.2.3` → `sha-1a2b3c4`, the commit that it is on; `{sha}` is all of it': [
    ['v1.2.3', 'x1'],
    [`sha-${tagCommit('acme/app', 'v1.2.3').slice(0, 7)}`],
    ['v1.2.3']
  ],
  'tags that never had an image': [['v0.1.0', 'v1.0.0-alpha', 'v1.0.0'], ['v1.0.0'], ['v1.0.0']],
  channels: [[], ['latest', 'prod'], ['latest', 'prod']]
}

test.each(Object.entries(worlds))('%s', async (row, [git, images, checked]) => {
  await using acme = await scene()
  const [first, ...more] = rows.get(row) ?? []
  // A second suggestion after "or" is another way to the same.
  const inputs = Object.assign({}, first, ...more.filter(one => !('releases-only' in one)))
  expect(Object.keys(inputs)).not.toEqual([])
  acme.repository.tag(...git)
  for (const tag of images) acme.app.push(image(), { tags: [tag] })
  await using run = await acme.run({ ...inputs, 'fail-on-missing': 'true' })
  expect(errorsOf(run)).toEqual([])
  expect(run.outputs['checked-tags']?.split('\n').toSorted()).toEqual(checked.toSorted())
})
