import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { runPolicyTests } from '../../src/config/policy-tests.ts'
import { believable } from '../emulator/believable.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { openScene } from '../modes/retain/runs.ts'

/** The policy that governs the demo's organization. */

const root = resolve(import.meta.dirname, '../..')
const PATH = 'scripts/demo/policy.yml'

test('it decides its own cases as expected', () => {
  expect(runPolicyTests(parsePolicyFile(readFileSync(resolve(root, PATH), 'utf8'), PATH))).toHaveLength(2)
})

test('it keeps what people would miss, for reasons that they understand', async () => {
  const { world, repositories, api, web, charts } = believable(Date.now())
  await using scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  const result = await scene.run(
    { policy: PATH, 'dry-run': 'true', token: world.githubToken('acme/shop') },
    { repository: 'acme/shop', env: { GITHUB_WORKSPACE: root } }
  )
  expect(result.errors).toEqual([])
  expect(result.warnings).toEqual([])
  const kept = (name: string): string[] =>
    (result.record?.packages.find(one => one.name === name)?.versions ?? [])
      .filter(({ verdict }) => verdict === 'keep')
      .flatMap(({ tags }) => tags)
  const all = (app: typeof api): string[] => Object.keys(app.tags())
  expect(kept('shop/api')).toEqual(
    expect.arrayContaining([...all(api).filter(tag => tag.startsWith('v')), 'latest', 'nightly', 'pr-105'])
  )
  expect(kept('shop/api').filter(tag => tag.startsWith('pr-'))).toEqual(['pr-105'])
  expect(kept('shop/web')).toContain('prod')
  expect(all(web).length - kept('shop/web').length).toBeGreaterThan(0)
  expect(kept('charts/shop').sort()).toEqual(['0.2.0', '0.3.0'])
  expect(charts.digests().size).toBeGreaterThan(2)
  const prod = web.tags()['prod']
  expect(result.why({ digest: prod! }, 'shop/web')).toBe('kept: in use by scripts/demo/deploy/web.yaml:10')
})
