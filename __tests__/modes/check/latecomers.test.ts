import { expect, test } from '@jest/globals'
import { registryError } from '../../emulator/registry-auth.ts'
import { image } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, missingOf, scene, startedFor } from '../../helpers/check-run.ts'

test.each([
  ['an image that arrives before the runs are listed is not built again', 'v1.0.0', []],
  ['what arrives for another tag changes nothing', 'v0.9.0', ['v1.0.0']]
])('%s', async (_, arriving, started) => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['other'] })
  const push = () => acme.app.push(image(), { tags: [arriving] })
  acme.github.faults.on({ path: /actions\/runs/, times: 1 }, { kind: 'first', run: push })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([])
  expect(startedFor(acme)).toEqual(started)
  expect(missingOf(run)).toEqual(started.length > 0 ? { 'app:v1.0.0': 'absent' } : {})
})

test('an image that is whole before the runs are listed is not built again', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0')
  const push = (...platforms: string[]) => acme.app.push(image(platforms), { tags: ['v1.0.0'] })
  push('linux/amd64')
  const complete = () => push('linux/amd64', 'linux/arm64')
  acme.github.faults.on({ path: /actions\/runs/, times: 1 }, { kind: 'first', run: complete })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml', platforms: 'linux/amd64 linux/arm64' })
  expect([errorsOf(run), startedFor(acme), missingOf(run)]).toEqual([[], [], {}])
})

test('law 3: an image that arrives before the runs are listed is not built again, though the registry denies it once', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['other'] })
  const push = () => {
    acme.app.push(image(), { tags: ['v1.0.0'] })
    // A HEAD has no body that tells why, so the GET behind it is denied as well.
    acme.github.faults.on(
      { host: 'registry', path: /manifests\/v1\.0\.0$/, times: 2 },
      { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
    )
  }
  acme.github.faults.on({ path: /actions\/runs/, times: 1 }, { kind: 'first', run: push })
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml' })
  expect([errorsOf(run), startedFor(acme), missingOf(run)]).toEqual([[], [], {}])
})
