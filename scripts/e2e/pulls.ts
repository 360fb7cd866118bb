import { eachOf } from '../../src/util/concurrency.ts'
import { bodyOf } from './body.ts'
import type { Checks } from './checks.ts'
import type { Clients } from './clients.ts'
import type { RealRegistry } from './registry.ts'
import { CACHE_INDEX, type Laid } from './scenario.ts'
import type { Ended } from './workshop.ts'

/** How many copies run side by side. */
const SIDE_BY_SIDE = 4

/** Before anything is deleted every tag must pull, or its failure later would prove nothing. */
export async function pullEverything(
  packages: readonly Laid[],
  clients: Clients,
  registry: RealRegistry,
  checks: Checks
): Promise<number> {
  const tags = packages.flatMap(laid => [...laid.tags.keys()].map(tag => ({ laid, tag })))
  await eachOf(tags, SIDE_BY_SIDE, async ({ laid: { repository }, tag }) => {
    const { code, stderr } = await pull(repository, tag, clients, registry)
    checks.that(code === 0, `${repository}:${tag} pulls before the action was there`, stderr)
  })
  return tags.length
}

/** Every tag that had to stay must pull with all its platforms; every other one must not, as it is unknown. */
export async function pullWhatStays(
  { repository, tags }: Laid,
  clients: Clients,
  registry: RealRegistry,
  checks: Checks
): Promise<{ readonly kept: number; readonly gone: number }> {
  await eachOf([...tags], SIDE_BY_SIDE, async ([tag, stays]) => {
    const { code, stderr } = await pull(repository, tag, clients, registry)
    if (stays) checks.that(code === 0, `${repository}:${tag} still pulls, every platform of it`, stderr)
    else {
      const unknown = code !== 0 && stderr.includes('manifest unknown')
      checks.that(unknown, `${repository}:${tag} is gone`, `exit code ${code}\n${stderr}`)
    }
  })
  const kept = [...tags].filter(([, stays]) => stays).map(([tag]) => tag)
  checks.sameLines(
    await clients.tags(repository),
    kept,
    `${repository}: the registry lists the kept tags and no other`
  )
  return { kept: kept.length, gone: tags.size - kept.length }
}

const pull = (repository: string, tag: string, clients: Clients, registry: RealRegistry): Promise<Ended> =>
  tag === CACHE_INDEX ? fetchCache(repository, tag, registry) : clients.pull(repository, tag)

/** What BuildKit would do with the old form of its cache: read the index, then the layers that it names. */
async function fetchCache(repository: string, tag: string, registry: RealRegistry): Promise<Ended> {
  const { manifests = [] } = await bodyOf(registry, repository, tag)
  const there = await Promise.all(manifests.map(({ digest }) => registry.hasBlob(repository, digest)))
  const lacking = manifests.filter((_, index) => !there[index]).map(({ digest }) => digest)
  return { code: lacking.length === 0 ? 0 : 1, stdout: '', stderr: lacking.join('\n') }
}
