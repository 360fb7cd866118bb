import type { Context } from '../../context.ts'
import { findTag } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import { nameOf } from '../../report/phrases.ts'
import type { Done } from '../done.ts'
import { childrenOf } from './findings.ts'

/**
 * Sentences on what stays and lacks something that others deleted, as the registry says too.
 *
 * @param away what others deleted meanwhile, or while an earlier run was killed, and nobody tried to restore
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function lacking(
  { plan: { decisions, package: pkg }, loaded }: Done,
  away: ReadonlySet<Digest>,
  { registry, clock }: Context
): Promise<string[]> {
  if (away.size === 0) return []
  const sentences: string[] = []
  for (const { verdict, version } of decisions) {
    if (verdict !== 'keep' || away.has(version.digest)) continue
    for (const digest of childrenOf(version, loaded)) {
      if (!away.has(digest)) continue
      const head = await findTag(registry, repositoryOf(pkg), digest, clock)
      if (head.state === 'found') continue
      const what = `${nameOf(version)} lacks ${shortDigest(digest)}`
      sentences.push(
        head.state === 'missing'
          ? `${what}, which is gone, though not by this run: \`mode: restore\` with \`restore: ${digest}\` brings it back if ` +
              'GitHub still has it; else build the image again.'
          : `Whether ${what} is unknown: GitHub no longer lists it, and ${head.cause}.`
      )
    }
  }
  return sentences
}
