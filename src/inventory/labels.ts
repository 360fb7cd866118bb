import { type Digest, shortDigest } from '../model/digest.ts'
import type { Labels } from '../model/labels.ts'
import type { Descriptor, Manifest } from '../model/manifest.ts'
import type { Content, Package } from '../model/package.ts'
import type { Registry } from '../registry/client.ts'
import { labelsIn } from '../registry/config.ts'
import { eachOf } from '../util/concurrency.ts'
import { count } from '../util/format.ts'
import { type LoadedPackage, repositoryOf } from './load.ts'

export interface ReadLabels {
  /** Without those that could not be read: unknown labels delete nothing. */
  readonly labels: ReadonlyMap<Digest, Labels>
  /** Sentences that make the run red. */
  readonly errors: readonly string[]
}

/** How many are asked for at once; the registry's client sends fewer. */
const AT_ONCE = 16

/**
 * Reads the labels of versions out of their configs (image-spec, config.md); of an index, those of its first
 * platform, because all of them come from one build. What an earlier run read is not read again.
 *
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function readLabels(
  pkg: Package,
  digests: readonly Digest[],
  { inventory: { contents }, read, recollection }: Pick<LoadedPackage, 'inventory' | 'read' | 'recollection'>,
  registry: Registry
): Promise<ReadLabels> {
  const repository = repositoryOf(pkg)
  const labels = new Map<Digest, Labels>()
  const causes: string[] = []
  await eachOf(digests, AT_ONCE, async digest => {
    const found = await labelsOf(digest)
    if (typeof found === 'string') causes.push(`${shortDigest(digest)}: ${found}`)
    else if (found !== undefined) labels.set(digest, found)
  })
  return { labels, errors: causes.length === 0 ? [] : [sentenceOf(causes)] }

  /** Labels; a phrase that says why they could not be read; undefined where nobody ever can. */
  async function labelsOf(root: Digest): Promise<Labels | string | undefined> {
    let content: Content = contents.get(root) ?? (await read(root))
    for (const seen = new Set([root]); content.state === 'read' && content.manifest.form === 'index'; ) {
      const child = firstPlatform(content.manifest)
      if (child === undefined || seen.has(child.digest)) return {}
      seen.add(child.digest)
      const known = contents.get(child.digest)
      content = known === undefined || known.state === 'named' ? await read(child.digest) : known
    }
    if (content.state === 'unread') return content.cause
    if (content.state !== 'read') return undefined
    const { config } = content.manifest
    return config === undefined ? {} : readConfig(config)
  }

  async function readConfig(config: Digest): Promise<Labels | string | undefined> {
    const known = recollection.labels(config)
    if (known !== undefined) return known
    const blob = await registry.readBlob(repository, config)
    if (blob.state === 'unread') return blob.cause
    recollection.learnConfig(config, blob.bytes)
    return labelsIn(blob.bytes)
  }
}

function firstPlatform({ children }: Manifest): Descriptor | undefined {
  return children.find(child => child.platform !== undefined) ?? children[0]
}

function sentenceOf(causes: readonly string[]): string {
  return (
    `The labels of ${count(causes.length, 'version')} could not be read, so rules with \`labels\` delete none of them. ` +
    `The first is ${causes[0]}.`
  )
}
