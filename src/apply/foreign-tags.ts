import { orFailure } from '../errors.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'

/** The requests that giving back tags takes which somebody put on a placeholder. */
export interface ForeignRequests {
  /** The versions that the listing of this run shows with a tag. */
  stoodOn(tag: string): readonly PackageVersion[]
  /** Puts a tag on a version unless it is on something else than the placeholder by now, whose digest comes back then. */
  giveBackFrom(placeholder: Digest, version: PackageVersion, tag: string): Promise<Digest | undefined>
}

/** What became of them: sentences without a full stop. */
export interface Returned {
  /** On those that are back where they were. */
  readonly back: readonly string[]
  /** On those that stay on the placeholder. */
  readonly stuck: readonly string[]
}

/**
 * Takes tags off a placeholder that somebody put there by copying the tag that it had taken: nobody wants a tag on an
 * empty index, so each goes back to what the listing shows it on.
 */
export async function takeOff(
  placeholder: Digest,
  tags: readonly string[],
  requests: ForeignRequests
): Promise<Returned> {
  const back: string[] = []
  const stuck: string[] = []
  for (const tag of tags) {
    const came = `Somebody put the tag ${tag} on the placeholder, an empty index, while that had the stripped tag.`
    const [holder, ...others] = requests.stoodOn(tag)
    if (holder === undefined || others.length > 0) {
      stuck.push(`${came} What it was on before is unknown`)
      continue
    }
    const put = await orFailure(async () => ({ on: await requests.giveBackFrom(placeholder, holder, tag) }))
    const was = `It was on ${shortDigest(holder.digest)} when this run listed the package`
    if ('problem' in put) stuck.push(`${came} ${was}. ${put.sentence.replace(/\.$/, '')}`)
    else if (put.on === undefined)
      back.push(`${came} ${was}, and is back there: put it on what is meant, if that is another image`)
  }
  return { back, stuck }
}
