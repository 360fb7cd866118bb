import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { blocksOf } from '../../../scripts/lint/blocks.ts'
import { tagCommit } from '../../emulator/repositories.ts'
import { artifact, image } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, type Scene, scene, warningsOf } from '../../helpers/check-run.ts'
import { checkout } from '../../helpers/workspace.ts'

/** The examples of docs/missing-images.md on what an image must be and what a run says, as they are written. */

const text = readFileSync(new URL('../../../docs/missing-images.md', import.meta.url), 'utf8')

/** The first block under a heading. */
function blockUnder(heading: string): string {
  const [block] = blocksOf(text.slice(text.indexOf(`## ${heading}\n`)))
  if (block === undefined) throw new Error(`there is no block under "${heading}"`)
  return block.text
}

describe('the step under "What an image must be"', () => {
  const [, step] = parse(blockUnder('What an image must be')) as { with: Record<string, unknown> }[]
  const inputs = Object.fromEntries(
    Object.entries(step?.with ?? {}).map(([name, value]) => [name, String(value)])
  )

  async function checkOf(acme: Scene, deployed: string) {
    const { host } = new URL(acme.github.registryUrl)
    using files = checkout({ 'deploy/eu/app.yaml': `image: ${host}/acme/app:${deployed}` })
    return await acme.run(inputs, undefined, { env: { GITHUB_WORKSPACE: files.root } })
  }

  async function release(acme: Scene, ...tags: string[]) {
    acme.repository.tag(`v${tags[0]}`)
    return acme.app.push(image(), { tags })
  }

  test('finds nothing where all is well, and says how large it is', async () => {
    await using acme = await scene()
    acme.app.sign(await release(acme, '1.0.0', '1.0'))
    acme.app.attest(await release(acme, '1.1.0', '1.1', '1', 'latest'))
    await using run = await checkOf(acme, '1.1.0')
    expect([errorsOf(run), warningsOf(run), run.code]).toEqual([[], [], 0])
    expect(run.summary).toContain('The images found take up')
  })

  test.each<[string, (acme: Scene) => Promise<string>, string]>([
    [
      'a tag that lags behind',
      async acme => {
        acme.app.sign(await release(acme, '1.0.0', '1.0', '1', 'latest'))
        acme.app.sign(await release(acme, '1.1.0', '1.1'))
        return '1.0.0'
      },
      'app:latest points to 1.0.0, 1.0, 1, and the newest release that it names is v1.1.0.'
    ],
    [
      'an image without a signature',
      async acme => {
        await release(acme, '1.0.0', '1.0', '1', 'latest')
        return '1.0.0'
      },
      'app: 1 expected image has no signature or attestation, which `expect-signed` asks for: v1.0.0.'
    ],
    [
      'a deployment of nothing',
      async acme => {
        acme.app.sign(await release(acme, '1.0.0', '1.0', '1', 'latest'))
        return '1.2.0'
      },
      'deploy/eu/app.yaml:1 names app:1.2.0, which does not exist.'
    ],
    [
      'a package that has become private',
      async acme => {
        acme.app.sign(await release(acme, '1.0.0', '1.0', '1', 'latest'))
        acme.app.row.visibility = 'private'
        return '1.0.0'
      },
      'app is private, and `expect-visibility` asks for public'
    ]
  ])('finds %s', async (_, layDown, told) => {
    await using acme = await scene()
    await using run = await checkOf(acme, await layDown(acme))
    expect(errorsOf(run).join('\n')).toContain(told)
    expect(run.code).toBe(1)
  })
})

describe('the rows on tags that need nothing', () => {
  const inputOf = (row: string): Record<string, string> =>
    parse(new RegExp(`^\\| ${RegExp.escape(row)}.*?\\| \`([^\`]+)\``, 'm').exec(text)?.[1] ?? '')

  test('a chart is found by the tag that Helm gives it, and has no platform', async () => {
    await using acme = await scene()
    acme.repository.tag('1.0.0+b5')
    acme.app.push(artifact('application/vnd.cncf.helm.config.v1+json', undefined), { tags: ['1.0.0_b5'] })
    await using run = await acme.run({ ...inputOf('`1.0.0+b5` → `1.0.0_b5`'), platforms: 'linux/amd64' })
    expect([errorsOf(run), warningsOf(run), run.outputs['checked-tags']]).toEqual([[], [], '1.0.0+b5'])
  })

  test('a tag that each release takes over is not looked for', async () => {
    await using acme = await scene()
    acme.repository.tag('v1', 'v1.2', 'v1.2.3')
    acme.app.push(image(), { tags: ['1.2.3'] })
    await using run = await acme.run(inputOf('`v1` and `v1.2`'))
    expect([errorsOf(run), warningsOf(run), run.outputs['checked-tags']]).toEqual([[], [], 'v1.2.3'])
  })
})

test('what is missing and what is held are annotations, as the document has them', async () => {
  const told = blockUnder('What a run says').trim().split('\n')
  for (const failing of ['false', 'true']) {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    acme.repository.tag('v1.1.0')
    const active = { title: 'Build v1.1.0', status: 'in_progress', conclusion: undefined }
    const { id } = acme.repository.ran('build.yml', active)
    acme.repository.ran('ci.yml', { ...active, title: 'v1.1.0', event: 'pull_request' })
    await using run = await acme.run({ 'dispatch-workflow': 'build.yml', 'fail-on-missing': failing })
    const annotations = [...errorsOf(run), ...warningsOf(run)].map(one => one.replace(`runs/${id}`, 'runs/7'))
    expect(annotations.filter(one => !told.includes(one))).toEqual([])
    expect(annotations).toHaveLength(told.length)
    expect(errorsOf(run)).toEqual(failing === 'true' ? [told[0]] : [])
  }
})

test('a missing image and a rebuild that is held are each an annotation that names the tag', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v2.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.ran('build.yml', { title: 'Build v2.0.0', status: 'queued', inputs: { tag: 'v2.0.0' } })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([])
  expect(run.stdout.split('\n').filter(line => line.startsWith('::warning::'))).toEqual([
    '::warning::2 tags lack their image: v2.0.0, v1.0.0.',
    expect.stringMatching(
      /^::warning::1 rebuild not started, a run is under way\. The first is v2\.0\.0: A run for it is (?:queued|in progress): /
    )
  ])
})

/** The table "Which tags" of docs/missing-images.md, row by row as it is written. */

const tagRows = new Map(
  [...text.matchAll(/^\| (.+?) \| (.*`[\w-]+: .*|`git-tags.*) \|$/gm)].map(([, what = '', inputs = '']) => [
    what,
    [...inputs.matchAll(/`([a-z-]+: [^`]+)`/g)].map(
      ([, yaml = '']) => parse(yaml.replaceAll('\\|', '|')) as Record<string, string>
    )
  ])
)

/** For each row git tags, images that are there, and which of the tags are checked. */
const tagWorlds: Readonly<Record<string, readonly [git: string[], images: string[], checked: string[]]>> = {
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

test.each(Object.entries(tagWorlds))('%s', async (row, [git, images, checked]) => {
  await using acme = await scene()
  const [first, ...more] = tagRows.get(row) ?? []
  // A second suggestion after "or" is another way to the same.
  const inputs = Object.assign({}, first, ...more.filter(one => !('releases-only' in one)))
  expect(Object.keys(inputs)).not.toEqual([])
  acme.repository.tag(...git)
  for (const tag of images) acme.app.push(image(), { tags: [tag] })
  await using run = await acme.run({ ...inputs, 'fail-on-missing': 'true' })
  expect(errorsOf(run)).toEqual([])
  expect(run.outputs['checked-tags']?.split('\n').toSorted()).toEqual(checked.toSorted())
})
