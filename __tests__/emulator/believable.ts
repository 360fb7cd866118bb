import type { Builder } from './builder.ts'
import { createRepositories, type Repositories, type RepositoryBuilder } from './repositories.ts'
import { artifact, cacheManifest, chart, dockerList, image } from './shapes.ts'
import { createWorld, type World } from './world.ts'

/** An organization as one finds them: for the demo, and for tests that want more than one fact. */
export interface Believable {
  readonly world: World
  readonly repositories: Repositories
  /** `acme/shop`: of its pull requests 101 to 105 only the last one is open. */
  readonly shop: RepositoryBuilder
  readonly api: Builder
  readonly web: Builder
  readonly charts: Builder
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Seven hex digits that look like a commit. */
const commit = (seed: number): string => ((seed * 2_654_435_761) % 0xfffffff).toString(16).padStart(7, '0')

/** What `docker buildx build --platform linux/amd64,linux/arm64` pushes, provenance included. */
const buildx = () => image(['linux/amd64', 'linux/arm64'], { attest: 'new' })

/**
 * The organization `acme` with three packages of its repository `acme/shop`, everything dated back from `now`:
 * - `shop/api`: releases with attestations and signatures, a build for every commit, nightlies, builds of pull
 *   requests, a build cache, what moved tags left behind, and a push that is under way;
 * - `shop/web`: Docker manifest lists, one of them more popular than GitHub lets anybody delete;
 * - `charts/shop`: Helm charts and an SBOM.
 */
export function believable(now: number): Believable {
  const world = createWorld()
  world.org('acme', { olivia: 'admin', max: 'member' })
  const repositories = createRepositories(world)
  const shop = repositories.add('acme/shop')
  const facts = { visibility: 'public', repository: 'acme/shop' } as const
  const api = world.package('acme/shop/api', facts)
  const web = world.package('acme/shop/web', facts)
  const charts = world.package('acme/charts/shop', facts)
  const ago = (days: number): number => now - days * DAY

  for (let build = 24; build >= 1; build--) {
    const at = ago(build * 4)
    const release = build % 6 === 0 ? `v1.${4 - build / 6}.0` : undefined
    const pushed = api.push(buildx(), {
      tags: [`sha-${commit(build)}`, ...(release === undefined ? [] : [release, 'latest'])],
      at
    })
    if (release !== undefined) {
      api.attest(pushed, { at: at + HOUR })
      for (const child of pushed.children.slice(0, 2)) api.sign(child, 'sig', { at: at + HOUR })
    }
  }
  for (let night = 14; night >= 1; night--) {
    const day = new Date(ago(night)).toISOString().slice(0, 10).replaceAll('-', '')
    api.push(buildx(), { tags: [`nightly-${day}`, 'nightly'], at: ago(night) })
  }
  for (let pull = 1; pull <= 5; pull++) {
    api.push(image(['linux/amd64']), { tags: [`pr-${100 + pull}`], at: ago(70 - 10 * pull) })
    shop.pull(100 + pull, pull < 5 ? { closed: ago(60 - 10 * pull) } : {})
  }
  api.push(cacheManifest(), { tags: ['buildcache'], at: ago(3) })
  for (const platform of ['linux/amd64', 'linux/arm64']) api.push(image([platform]), { at: now - HOUR / 2 })

  for (let build = 14; build >= 1; build--) {
    const pushed = web.push(dockerList(), { tags: [`main-${commit(build + 500)}`], at: ago(build * 8) })
    if (build === 13) web.downloaded(pushed, 48_112)
    if (build === 5) web.tag(pushed, 'prod')
  }
  for (let minor = 0; minor < 4; minor++) {
    const pushed = charts.push(chart('shop', `0.${minor}.0`), {
      tags: [`0.${minor}.0`],
      at: ago(120 - 30 * minor)
    })
    if (minor === 3) charts.push(artifact('application/spdx+json', pushed), { at: ago(30) })
  }
  return { world, repositories, shop, api, web, charts }
}
