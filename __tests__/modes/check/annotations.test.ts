import { expect, test } from '@jest/globals'
import { buildWorkflow, errorsOf, scene } from '../../helpers/check-run.ts'

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
