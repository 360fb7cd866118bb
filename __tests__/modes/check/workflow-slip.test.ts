import { expect, test } from '@jest/globals'
import { image } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, type Scene, scene, startedFor } from '../../helpers/check-run.ts'

/** A release with its image, and the workflows build.yml and release.yml. */
async function whole(): Promise<Scene> {
  const acme = await scene()
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['v1.0.0'] })
  for (const file of ['build.yml', 'release.yml']) acme.repository.workflow(file, buildWorkflow(acme.app))
  return acme
}

test.each([
  [
    'biuld.yml',
    '.github/workflows/biuld.yml',
    'Did you mean `build.yml`? Its workflows are `build.yml` and `release.yml`.'
  ],
  ['images.yaml', '.github/workflows/images.yaml', 'Its workflows are `build.yml` and `release.yml`.'],
  ['1234567', 'workflow 1234567', 'Its workflows are `build.yml` and `release.yml`.']
])(
  'dispatch-workflow: %s is red before anything is missing, with the names that exist',
  async (file, what, names) => {
    await using acme = await whole()
    await using run = await acme.run({ 'dispatch-workflow': file, 'dry-run': 'true' })
    expect(errorsOf(run)).toEqual([
      `There is no ${what} in acme/app: check \`dispatch-workflow\` and \`dispatch-repository\`. ${names}`
    ])
    expect(run.outputs['checked-tags']).toBe('v1.0.0')
  }
)

test('the same where something is missing: nothing is started', async () => {
  await using acme = await whole()
  acme.repository.tag('v2.0.0')
  await using run = await acme.run({ 'dispatch-workflow': 'biuld.yml' })
  expect(errorsOf(run)).toEqual([expect.stringContaining('Did you mean `build.yml`?')])
  expect(run.outputs['missing-tags']).toBe('v2.0.0')
  expect(startedFor(acme)).toEqual([])
})

test('where there is none at all, or the token may not see them, it says so', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['v1.0.0'] })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([
    expect.stringContaining(
      'There is no .github/workflows/build.yml on the default branch of acme/app, or the token may not see it'
    )
  ])
})

test('one that is switched off is red as well, and one that is there costs one request', async () => {
  await using acme = await whole()
  await using without = await acme.run({})
  const before = acme.github.requests.length
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect([errorsOf(without), errorsOf(run)]).toEqual([[], []])
  const paths = acme.github.requests.map(({ path }) => path)
  expect(paths.slice(before).filter(path => path.includes('/actions/'))).toEqual([
    '/repos/acme/app/actions/workflows/build.yml'
  ])
  acme.repository.disable('build.yml')
  await using off = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(off)).toEqual([expect.stringContaining('Enable build.yml on the Actions page')])
})

test('a look that fails otherwise does not matter as long as nothing is missing', async () => {
  await using acme = await whole()
  acme.github.faults.on({ method: 'GET', path: /\/actions\/workflows\// }, { kind: 'lost-502' })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([])
})
