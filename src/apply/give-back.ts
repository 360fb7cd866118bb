import { ExpectedError, orFailure } from '../errors.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { TagHead } from '../registry/read.ts'
import { eachOf } from '../util/concurrency.ts'
import { some } from '../util/format.ts'
import type { ApplyContext } from './apply.ts'
import { type PutTag, tagPutter } from './put-tag.ts'
import { addUnasked, type Claim, claimsIn, headsOf, on, ownershipOf, type TagHolders } from './tag-holders.ts'

/** Tags may move late, and an answer may be from before: the pauses before each look, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]
/** The same, as long as the last look found a tag in the wrong place. */
const MORE_PAUSES = [8_000, 8_000]
/** How many tags are put back at once. */
const PUTS_AT_ONCE = 4

/** What must be told: sentences, of which the alarms make the run red. */
export interface Told {
  readonly warnings: string[]
  readonly alarms: string[]
}

/** A tag that a restore took from its holder, or may have. */
interface Taken extends Claim {
  readonly tag: string
  /** What came back and has it now. */
  readonly on: Digest
}

/** What is known of tags around restores. */
export interface Around {
  readonly before: TagHolders
  /** Those that the restores may have moved, each with what came back, as `on` names it. */
  readonly moved: ReadonlySet<string>
  /** What may have come back, with the tags that it is known to have had. */
  readonly restored: readonly PackageVersion[]
}

/** Gives tags back that restores took, as `TagGuard` says. */
export async function giveBackTags(
  { before, moved, restored }: Around,
  listed: readonly PackageVersion[],
  scope: ApplyContext
): Promise<Told> {
  if (restored.length === 0) return { warnings: [], alarms: [] }
  const { pkg, context } = scope
  const back = new Set(restored.map(({ digest }) => digest))
  const claims = claimsIn(before, back)
  const putTag = tagPutter(scope)
  const given = new Map<string, Digest>()
  const had = new Set(restored.flatMap(({ digest, tags }) => tags.map(tag => on(digest, tag))))
  const stood = new Set<string>()
  let late: Taken[] = []
  let heads: ReadonlyMap<string, TagHead> = new Map()
  let taken: Taken[] = []
  let problems: ReadonlyMap<string, string> = new Map()
  let unasked: string | undefined
  for (const [look, pause] of [...PAUSES, ...MORE_PAUSES].entries()) {
    if (look >= PAUSES.length && taken.length + late.length === 0) break
    await context.clock.sleep(pause)
    if (look === PAUSES.length - 1) unasked = await addUnasked(claims, before, restored, pkg, context)
    heads = await headsOf(pkg, [...claims.keys()], context)
    const found = await takenBy(back, claims, heads, scope)
    // Somebody may have moved it since it was seen elsewhere, unless that is where it was before the deletion.
    late = found.filter(
      one => !moved.has(on(one.on, one.tag)) || (stood.has(one.tag) && !had.has(on(one.on, one.tag)))
    )
    taken = found.filter(one => !late.includes(one))
    for (const [tag, head] of heads) if (head.state === 'found' && !back.has(head.digest)) stood.add(tag)
    problems = await putBack(taken, before.ids, given, putTag, scope)
  }
  for (const [tag, holder] of given) {
    const head = heads.get(tag)
    if (head?.state !== 'found' || head.digest !== holder) given.delete(tag)
  }
  const told = new Set([...given.keys(), ...[...taken, ...late].map(({ tag }) => tag)])
  const open = new Map([...claims].filter(([tag]) => !told.has(tag) && heads.get(tag)?.state === 'found'))
  const rows = listed.filter(({ digest }) => back.has(digest))
  return {
    warnings: givenBack(given),
    alarms: [
      ...notGivenBack(taken, problems),
      ...movedLate(late),
      ...unseen(heads),
      ...(unasked === undefined
        ? []
        : [
            `Not all tags of the package could be asked for, and which of the others the restore took is unknown: ${unasked}`
          ]),
      ...(await contradicted(rows, open, scope))
    ]
  }
}

/** The tags that stand on what came back and that another version had. */
async function takenBy(
  back: ReadonlySet<Digest>,
  claims: Map<string, Claim>,
  heads: ReadonlyMap<string, TagHead>,
  { pkg, context }: ApplyContext
): Promise<Taken[]> {
  const taken: Taken[] = []
  for (const [tag, claim] of claims) {
    const head = heads.get(tag)
    const { holder } = claim
    if (head?.state !== 'found' || head.digest === holder || !back.has(head.digest)) continue
    const of = holder === undefined ? undefined : await ownershipOf(pkg, [tag], holder, context)
    if (of?.isPlaceholder === true) claims.delete(tag)
    else if (of?.doubt === undefined) taken.push({ ...claim, tag, on: head.digest })
    else taken.push({ tag, on: head.digest, holder: undefined, doubt: of.doubt })
  }
  return taken
}

/** Sentences on tags that GitHub goes on listing on what came back, though the registry has them elsewhere. */
async function contradicted(
  rows: readonly PackageVersion[],
  claims: ReadonlyMap<string, Claim>,
  { pkg, context }: ApplyContext
): Promise<string[]> {
  const sentences: string[] = []
  for (const { id, digest, tags } of rows) {
    for (const tag of tags) {
      const claim = claims.get(tag)
      if (claim === undefined || claim.holder === digest) continue
      if ((await context.packages.version(pkg, id)).seen?.tags.includes(tag) !== true) continue
      const { holder } = claim
      if (holder !== undefined && (await ownershipOf(pkg, [tag], holder, context)).isPlaceholder) continue
      sentences.push(
        `Whether the restore took the tag ${tag} from another version is unknown: GitHub lists it on ${shortDigest(digest)}, ` +
          'which came back, and the registry does not. Look where it is.'
      )
    }
  }
  return sentences
}

/** Puts tags back on their holders, and says of which it could not, or did not: somebody else has it by now. */
async function putBack(
  taken: readonly Taken[],
  ids: TagHolders['ids'],
  given: Map<string, Digest>,
  putTag: PutTag,
  scope: ApplyContext
): Promise<ReadonlyMap<string, string>> {
  const problems = new Map<string, string>()
  await eachOf(taken, PUTS_AT_ONCE, async ({ tag, holder, on: taker }) => {
    if (holder === undefined) return
    const put = await orFailure(async () => {
      const id = ids.get(holder) ?? (await listed(scope)).get(holder)
      if (id === undefined)
        throw new ExpectedError('GitHub does not list that version: put the tag back on it.')
      // It may be carried out although no answer comes: the next look tells.
      given.set(tag, holder)
      return { on: await putTag({ id, digest: holder }, tag, digest => digest !== taker) }
    })
    if ('problem' in put) problems.set(tag, put.sentence)
    else if (put.on !== undefined && put.on !== holder)
      problems.set(tag, `It is on ${shortDigest(put.on)} by now, as one witness says, so it was left alone.`)
  })
  return problems
}

/** What was pushed right before the restore may be missing from the earlier list. */
async function listed({ pkg, context: { packages } }: ApplyContext): Promise<TagHolders['ids']> {
  return new Map((await packages.listVersions(pkg)).versions.map(({ digest, id }) => [digest, id]))
}

/** A sentence for each holder: a version may have had thousands of tags. */
function givenBack(given: ReadonlyMap<string, Digest>): string[] {
  return [...Map.groupBy(given, ([, holder]) => holder)].map(([holder, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return `The restore had taken the tag ${some(tags, 5)} from ${shortDigest(holder)}: it is back there.`
  })
}

function notGivenBack(taken: readonly Taken[], problems: ReadonlyMap<string, string>): string[] {
  return [...Map.groupBy(taken, ({ holder, doubt }) => holder ?? doubt)].map(([why, ones]) => {
    const tags = ones.map(({ tag }) => tag)
    const [problem = 'Put it back.'] = tags.flatMap(tag => problems.get(tag) ?? [])
    return ones.some(({ holder }) => holder === undefined)
      ? `Whether another version had the tag ${some(tags, 5)} before the restore is unknown: ${why}.`
      : `The restore took the tag ${some(tags, 5)} from ${why}, and it is not back there. ${problem}`
  })
}

function movedLate(late: readonly Taken[]): string[] {
  return late.map(
    ({ tag, on, holder, doubt }) =>
      `The tag ${tag} came to ${shortDigest(on)} with the restore or after it, and ` +
      `${holder === undefined ? `what had it before is unknown (${doubt})` : `was on ${shortDigest(holder)} before`}. ` +
      'Either somebody put it there, or GitHub did, so it is left there: look whether it belongs there.'
  )
}

/** What nobody can tell of tags that somebody had before. */
function unseen(heads: ReadonlyMap<string, TagHead>): string[] {
  const open = [...heads].filter(([, { state }]) => state !== 'found')
  const [first] = open.map(([, head]) => (head.state === 'unread' ? head.cause : 'the registry denies it'))
  const tags = open.map(([tag]) => tag)
  return first === undefined
    ? []
    : [`It is unknown whether the restore took the tag ${some(tags, 5)} from another version: ${first}.`]
}
