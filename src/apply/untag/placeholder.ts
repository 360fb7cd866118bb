import { randomUUID } from 'node:crypto'
import { orFailure } from '../../errors.ts'
import { type Digest, sha256Of, shortDigest } from '../../model/digest.ts'
import { PLACEHOLDER } from '../../model/manifest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { putBy } from '../../report/phrases.ts'
import type { ApplyContext } from '../apply.ts'
import type { Performed } from '../execute.ts'
import { tagPutter } from '../tags/put-tag.ts'
import { failed } from '../write.ts'

export const MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json'

/** A placeholder without foreign tags, and what was given back to make it so: sentences without a full stop. */
export interface Bared {
  readonly rows: readonly PackageVersion[]
  readonly placeholder: PackageVersion
  readonly returned: readonly string[]
}

/** An empty index that nobody else has: needs no blob, pulls as nothing, and says what it is. */
export function placeholderFor(tag: string): { readonly bytes: Uint8Array; readonly digest: Digest } {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE,
      manifests: [],
      annotations: { [PLACEHOLDER]: tag, [`${PLACEHOLDER}.id`]: randomUUID() }
    })
  )
  return { bytes, digest: sha256Of(bytes) }
}

/**
 * Takes tags off a placeholder that somebody put there by copying the tag that it had taken: nobody wants a tag on an
 * empty index, so each goes back to what the listing shows it on.
 *
 * @param versions as this run listed them
 * @returns sentences without a full stop, on those that are back where they were, and on those that stay
 */
export async function takeOff(
  placeholder: Digest,
  tags: readonly string[],
  versions: readonly PackageVersion[],
  scope: ApplyContext
): Promise<{ readonly returned: readonly string[]; readonly stuck: readonly string[] }> {
  const putter = tagPutter(scope, new Set([placeholder]))
  const returned: string[] = []
  const stuck: string[] = []
  for (const tag of tags) {
    const came = `Somebody put the tag ${tag} on the placeholder, an empty index, while that had the stripped tag.`
    const [holder, ...others] = versions.filter(version => version.tags.includes(tag))
    if (holder === undefined || others.length > 0) {
      stuck.push(`${came} What it was on before is unknown`)
      continue
    }
    // The registry may show it where it was; to put it there once more does no harm.
    const isTheirs = (on: Digest): boolean => on !== placeholder && on !== holder.digest
    const put = await orFailure(async () => ({ on: await putter.put(holder, tag, isTheirs) }))
    const was = `It was on ${shortDigest(holder.digest)} when this run listed the package`
    if ('problem' in put) stuck.push(`${came} ${was}. ${put.sentence.replace(/\.$/, '')}`)
    else {
      const now = put.on === undefined ? 'is back there' : `is on ${shortDigest(put.on)} by now`
      returned.push(`${came} ${was}, and ${now}: put it on what is meant, if that is another image`)
    }
  }
  returned.push(...(await putter.lookBehind()).map(sentence => sentence.replace(/\.$/, '')))
  return { returned, stuck }
}

/** What is true of a tag that was stripped. */
const OFF = 'the tag is off the image'

/** Where nobody knows whether a placeholder was stored. */
export const mayBeOn = (placeholder: Digest, tag: string, why: string): string =>
  `${why} If it was carried out, the tag is on the placeholder ${placeholder}, an empty index, and the next run removes ` +
  `both: ${ifPushed(tag)}`

/** Where nobody could look behind the PUT, or not to the end. */
export const mayStay = (placeholder: Digest, tag: string, why: string): string =>
  `it was sent, and what became of it is unknown: ${why} The tag is on the placeholder ${placeholder}, an empty index, or ` +
  `on nothing, and the next run removes both: ${ifPushed(tag)}`

/** A push that nobody could look for may have lost its tag. */
const ifPushed = (tag: string): string =>
  `if somebody pushed it right before, put it on that image: ${putBy(tag, '<digest>')}`

/** Why a placeholder stays for now: a phrase. */
export const notListed = (tag: string): string =>
  `GitHub does not list it with this tag alone, so who had the tag before is unknown: ${ifPushed(tag)}. The next run removes ` +
  'the placeholder, unless it has other tags by then'

/** The outcome of untagging, with what was given back on the way: somebody has to look at that. */
export const withReturned = (end: Performed, returned: readonly string[]): Performed =>
  returned.length === 0 ? end : failed([end.detail || OFF, ...returned].join('. '))

/** The outcome of untagging, by what became of the placeholder, where `end` is true of the tag by then. */
export function withPlaceholder(removed: Performed, placeholder: Digest, end: Performed): Performed {
  if (removed.status === 'done' || removed.status === 'already') return end
  const told = end.detail === '' ? OFF : end.detail
  // The tag may stand on it, so that it must not stay without a word.
  const status = removed.status === 'skipped' || end.status === 'failed' ? 'failed' : removed.status
  return {
    ...removed,
    status,
    detail: `${told}, but the placeholder ${placeholder} stays: ${removed.detail}`
  }
}

/** The outcome where a tag could not be given back that the placeholder took; `cause` is a sentence. */
export const notGivenBack = ({ digest }: PackageVersion, tag: string, cause: string): Performed =>
  failed(
    `the placeholder took the tag from ${digest}, where it was put meanwhile, and it is not back there. ${cause} ` +
      `Put it back: ${putBy(tag, digest)}`
  )
