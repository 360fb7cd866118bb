import type { Pushed } from '../../emulator/builder.ts'
import type { CacheService } from '../../emulator/cache-service.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { ago, type Scene } from './runs.ts'

/** Two builds that share a part, and what becomes of the run that deletes one of them, or of the other one. */

export const deleteOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 }) as const
export const restoreOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'POST', path: new RegExp(`/versions/${id}/restore$`), times: 1 }) as const

/** They share a platform. */
export function layDown({ app, world }: Scene, other = 'sha-2'): readonly [Pushed, Pushed] {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const shared = { shape: manifest(), platform: 'linux/amd64' }
  const build = (tag: string, days: number) =>
    app.push(index([shared, { shape: manifest(), platform: 'linux/arm64' }]), {
      tags: [tag],
      at: ago(days)
    })
  return [build('sha-1', 80), build(other, 70)]
}

/** A run behind which something may be lost until the next one. */
export const past = (
  { github, clock, token }: Scene,
  cache: CacheService,
  inputs: Readonly<Record<string, string>>
) => runInside(github, { packages: 'app', token, ...inputs }, clock, { env: cache.env })

/** Nothing gets through any more, and nothing can be stored. */
export function kill({ github }: Scene, cache: CacheService): void {
  github.faults.on({}, { kind: 'answer', answer: { status: 500 } })
  cache.broken = { status: 503, body: {} }
}

export function revive({ github }: Scene, cache: CacheService): void {
  github.faults.clear()
  cache.broken = undefined
}

/** Somebody deletes an image and all of its parts. */
export function clear({ app }: Pick<Scene, 'app'>, { digest, children }: Pushed): void {
  for (const { digest: each } of [{ digest }, ...children.flatMap(child => [child, ...child.children])])
    if (app.version(each) !== undefined) app.delete({ digest: each })
}
