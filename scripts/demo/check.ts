import type { Believable } from '../../__tests__/emulator/believable.ts'
import { repositoryRoutes } from '../../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../../__tests__/emulator/server.ts'
import { image } from '../../__tests__/emulator/shapes.ts'
import { type ActionRun, runAction, withDefaults } from '../../__tests__/helpers/run-action.ts'

const CHECK = {
  mode: 'check',
  packages: 'shop/api',
  'required-tags': 'latest',
  platforms: 'linux/amd64, linux/arm64',
  'dispatch-workflow': 'build-and-deploy.yml',
  'dispatch-inputs': 'tag={tag}\nis-latest={is-latest}',
  wait: '10 min'
}

/** Git tags for the releases of `shop/api`, two of which have no image, and the workflow that builds them. */
export function tagReleases({ shop, api }: Believable): void {
  shop.tag(...Object.keys(api.tags()).filter(tag => /^v\d/.test(tag)), 'v1.3.1', 'v1.5.0')
  shop.workflow('build-and-deploy.yml', {
    dispatch: { tag: { required: true }, 'is-latest': { default: 'false' } },
    title: ({ tag }) => `Build ${tag}`,
    looks: 1,
    build: ({ tag = '', 'is-latest': latest }) => {
      const pushed = api.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), { tags: [tag] })
      if (latest === 'true') api.tag(pushed, 'latest')
      return 'success'
    }
  })
}

/**
 * The other half: two releases were tagged and never built. The check finds them, starts the build of each, and
 * waits until the images are there; `latest` moves on to the newer one only.
 *
 * @param show prints what the run did and keeps its summary
 * @returns what is not well: sentences
 */
export async function checkRoundTrip(
  organization: Believable,
  show: (name: string, inputs: Readonly<Record<string, string>>, run: ActionRun) => void
): Promise<string[]> {
  const { world, repositories, api } = organization
  tagReleases(organization)
  await using github = await startEmulator({ world, latencyMs: 20, routes: repositoryRoutes(repositories) })
  const inputs = await withDefaults(
    { ...CHECK, 'registry-url': github.registryUrl },
    world.githubToken('acme/shop')
  )
  await using run = await runAction(github, inputs, { repository: 'acme/shop' })
  show('check', CHECK, run)
  const built = (JSON.parse(run.outputs['dispatched'] ?? '[]') as { tag: string; status: string }[]).map(
    ({ tag, status }) => `${tag} ${status}`
  )
  return [
    ...github.violations.map(({ kind, detail }) => `GitHub's limit on ${kind} was crossed: ${detail}`),
    ...github.contractViolations,
    ...(run.code === 0 ? [] : [`the check ended with exit code ${run.code}`]),
    ...(built.join() === 'v1.5.0 built,v1.3.1 built' ? [] : [`it built ${built.join(', ') || 'nothing'}`]),
    ...(run.outputs['missing-tags'] === '' ? [] : ['releases are still missing']),
    ...(api.tags()['latest'] === api.tags()['v1.5.0'] ? [] : ['`latest` is not the newest release'])
  ]
}
