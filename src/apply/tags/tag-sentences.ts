import { type Digest, shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import { nameOf, putBy } from '../../report/phrases.ts'
import { some } from '../../util/format.ts'
import type { Wrong } from './give-back.ts'
import type { Claim } from './tag-claims.ts'

/** Sentences on what restores did to tags; each is for all tags of one holder, because a version may have thousands. */

/** The way out for one tag, or for each of several. */
const way = (tags: readonly string[], holder: Digest): string =>
  `ut it back: ${putBy(tags.length === 1 ? (tags[0] as string) : '<tag>', holder)}.`

const namesOf = (ones: readonly { readonly tag: string }[]): string[] => ones.map(({ tag }) => tag)

export const mayTake = (tags: readonly string[], holder: Digest, version: PackageVersion): string =>
  `The tag ${some(tags, 5)} is on ${holder} now. If the restore of ${nameOf(version)} takes it, this run puts it back there.`

export function givenBack(given: ReadonlyMap<string, Digest>): string[] {
  return [...Map.groupBy(given, ([, holder]) => holder)].map(([holder, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return `The restore had taken the tag ${some(tags, 5)} from ${shortDigest(holder)}: it is back there.`
  })
}

/** What is on something that came back. */
export function wrongSentences(wrong: readonly Wrong[]): string[] {
  const taken = wrong.filter(({ state }) => state === 'taken')
  const sure = taken.filter(({ doubt }) => doubt === '')
  const late = wrong.filter(({ state }) => state === 'came')
  return [
    ...notGivenBack(sure),
    ...perhapsTaken(taken.filter(({ doubt }) => doubt !== '')),
    ...late.map(came)
  ]
}

function notGivenBack(sure: readonly Wrong[]): string[] {
  return [...Map.groupBy(sure, ({ holder }) => holder as Digest)].map(([holder, ones]) => {
    const tags = namesOf(ones)
    const problem = ones.flatMap(one => one.problem ?? []).map(text => `${text} `)[0] ?? ''
    return `The restore took the tag ${some(tags, 5)} from ${holder}, and it is not back there. ${problem}If it belongs there, p${way(tags, holder)}`
  })
}

/** A claim that nobody can tell the end of, or that may be nobody's; `doubt` says why. */
interface Perhaps extends Claim {
  readonly tag: string
}

function perhapsTaken(ones: readonly Perhaps[]): string[] {
  return [...Map.groupBy(ones, ({ holder, doubt }) => `${holder} ${doubt}`).values()].map(same => {
    const [{ holder, doubt }] = same as [Perhaps]
    const tags = namesOf(same)
    return holder === undefined
      ? `Whether another version had the tag ${some(tags, 5)} before the restore is unknown: ${doubt}.`
      : `The restore may have taken the tag ${some(tags, 5)} from ${shortDigest(holder)} (${doubt}): if it is not there, p${way(tags, holder)}`
  })
}

function came({ tag, on, holder, doubt }: Wrong): string {
  const before =
    holder === undefined ? `what had it before is unknown (${doubt})` : `was on ${shortDigest(holder)} before`
  return (
    `The tag ${tag} came to ${shortDigest(on)} with the restore or after it, and ${before}. ` +
    'Either somebody put it there, or GitHub did, so it is left there: look whether it belongs there.'
  )
}

/** Tags that somebody had and that nobody can see now. */
export function unseen(claims: ReadonlyMap<string, Claim>, heads: ReadonlyMap<string, TagHead>): string[] {
  const open = [...claims].flatMap(([tag, { holder, doubt }]): Perhaps[] => {
    const head = heads.get(tag)
    if (head?.state === 'found') return []
    const cause = head?.state === 'unread' ? head.cause : 'the registry denies it'
    return [{ tag, holder, doubt: doubt === '' ? cause : doubt }]
  })
  const unknown = open.filter(({ holder }) => holder === undefined)
  const [first] = unknown
  const others = `It is unknown whether the restore took the tag ${some(namesOf(unknown), 5)} from another version: ${first?.doubt}.`
  return [
    ...perhapsTaken(open.filter(({ holder }) => holder !== undefined)),
    ...(first === undefined ? [] : [others])
  ]
}

export const notAllAsked = (sentence: string): string =>
  `Not all tags of the package could be asked for, and which of the others the restore took is unknown: ${sentence}`

export const listedOn = (tag: string, digest: Digest): string =>
  `Whether the restore took the tag ${tag} from another version is unknown: GitHub lists it on ${shortDigest(digest)}, ` +
  'which came back, and the registry does not. Look where it is.'
