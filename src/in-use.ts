import type { Repository } from './github/repository.ts'
import type { Inputs } from './inputs.ts'
import { protectedBy } from './policy/expect.ts'
import { emptyWorld, type World } from './policy/world.ts'

/**
 * Asks the repository what it names, so that no image of that is deleted: the same derivation as a check's, which
 * would otherwise have it built again.
 *
 * @throws ExpectedError when it cannot be asked: then nothing may be decided
 */
export async function askWorld(
  inputs: Pick<Inputs, 'protect' | 'gitTags' | 'imageTags' | 'requiredTags'>,
  repository: Repository
): Promise<World> {
  const required = inputs.requiredTags.map(tag => ({ by: 'the input `required-tags`', tag }))
  const gitTags = inputs.protect.includes('git-tags') ? await repository.gitTags() : undefined
  const releases = inputs.protect.includes('releases') ? await repository.releaseTags() : []
  return {
    ...emptyWorld,
    inUse: [
      ...required,
      ...protectedBy('release', releases, inputs),
      ...protectedBy('git tag', gitTags ?? [], inputs)
    ],
    gitTags: gitTags === undefined ? undefined : new Set(gitTags)
  }
}
