import { expect, test } from '@jest/globals'
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
