import { ExpectedError, orFailure } from '../../errors.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { ApplyContext } from '../apply.ts'
import type { TagPutter } from './put-tag.ts'
import { type Behind, type Claim, claimsIn, claimsOn, fateOf, on, type TagHolders } from './tag-claims.ts'
import { headsOf, phraseOf } from './tag-heads.ts'
import { ownershipOf, unaskedTags } from './tag-holders.ts'

/** Tags may move late, and an answer may be from before: the pauses before each look, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]
/** The same, as long as the last look found a tag in the wrong place. */
const MORE_PAUSES = [8_000, 8_000]
/** How many tags are put back at once. */
const PUTS_AT_ONCE = 4

/** What is known of tags around restores, and grows with each look. */
export interface Around extends Behind {
  readonly before: TagHolders
  /** What may have come back, with the tags that it is known to have had. */
  readonly restored: readonly PackageVersion[]
  readonly stood: Set<string>
  readonly returned: Set<string>
  /** Tags that were put back, and on what. */
  readonly given: Map<string, Digest>
  readonly putter: TagPutter
}

/** A tag on what came back that somebody else had, or may have had: with both a holder and a doubt it may be nobody. */
export interface Wrong extends Claim {
  readonly tag: string
  readonly on: Digest
  readonly state: 'taken' | 'came'
  /** Why it could not be put back: a sentence. */
  readonly problem?: string
}

/** What the looks behind restores showed. */
export interface Looked {
  /** Who had tags before. */
  readonly claims: ReadonlyMap<string, Claim>
  /** Where they are. */
  readonly heads: ReadonlyMap<string, TagHead>
  readonly wrong: readonly Wrong[]
  /** Why not all tags that came back are known: a sentence. */
  readonly unasked: string | undefined
}

/** Looks where tags are behind restores, and puts those back that the restores took. Throws nothing that was foreseen. */
export async function giveBackTags(around: Around, scope: ApplyContext): Promise<Looked> {
  const { before, back, restored, stood, returned, given } = around
  const { pkg, context } = scope
  let claims = claimsIn(before, back)
  let heads: ReadonlyMap<string, TagHead> = new Map()
  let wrong: readonly Wrong[] = []
  let unasked: string | undefined
  for (const [look, pause] of [...PAUSES, ...MORE_PAUSES].entries()) {
    if (look >= PAUSES.length && wrong.length === 0) break
    await context.clock.sleep(pause)
    if (look === PAUSES.length - 1) {
      const more = await unaskedTags(before, restored, pkg, context)
      claims = claimsIn(before, back, more.tags)
      unasked = more.problem
    }
    heads = await headsOf(pkg, [...claims.keys()], context)
    const found = await wrongIn(claims, heads, around, scope)
    for (const [tag, head] of heads) {
      if (head.state !== 'found' || back.has(head.digest)) continue
      stood.add(tag)
      if (given.get(tag) === head.digest) returned.add(tag)
    }
    wrong = await eachOf(found, PUTS_AT_ONCE, one => putBack(one, around, scope))
  }
  return { claims, heads, wrong, unasked }
}

/**
 * Gives back right behind one restore what another version is known to have had: a run may end at any time. Throws nothing
 * that was foreseen.
 *
 * @param version with the tags that it is known to have had
 */
export async function giveBackAtOnce(
  { digest, tags }: PackageVersion,
  around: Around,
  scope: ApplyContext
): Promise<void> {
  const { before, back, moved } = around
  const came = { ...around, moved: moved.union(namesOf(digest, tags)) }
  const claims = claimsOn(tags, before, back)
  if (claims.size === 0) return
  const heads = await headsOf(scope.pkg, [...claims.keys()], scope.context)
  const found = await wrongIn(claims, heads, came, scope)
  await eachOf(found, PUTS_AT_ONCE, one => putBack(one, came, scope))
}

/** Names tags on a version. */
export const namesOf = (digest: Digest, tags: readonly string[]): ReadonlySet<string> =>
  new Set(tags.map(tag => on(digest, tag)))

/** The tags that stand on what came back and that another version had; what a placeholder had nobody had. */
async function wrongIn(
  claims: Map<string, Claim>,
  heads: ReadonlyMap<string, TagHead>,
  around: Around,
  scope: ApplyContext
): Promise<Wrong[]> {
  const wrong: Wrong[] = []
  for (const [tag, claim] of claims) {
    const fate = fateOf(tag, claim, heads.get(tag), around)
    if (fate.state !== 'taken' && fate.state !== 'came') continue
    const { isPlaceholder, doubt = claim.doubt } = await ownerOf(tag, claim, scope)
    if (isPlaceholder) claims.delete(tag)
    else wrong.push({ ...fate, tag, holder: claim.holder, doubt })
  }
  return wrong
}

async function ownerOf(tag: string, { holder }: Claim, { pkg, context }: ApplyContext) {
  if (holder === undefined) return { isPlaceholder: false }
  const owner = await orFailure(() => ownershipOf(pkg, [tag], holder, context))
  return 'problem' in owner ? { isPlaceholder: false, doubt: phraseOf(owner.sentence) } : owner
}

/** Puts a tag back that was taken for sure. It may be carried out although no answer comes: the next look tells. */
async function putBack(wrong: Wrong, { before, given, putter }: Around, scope: ApplyContext): Promise<Wrong> {
  const { tag, holder, doubt, state, on } = wrong
  if (state !== 'taken' || holder === undefined || doubt !== '') return wrong
  const put = await orFailure(async () => {
    const id = before.ids.get(holder) ?? (await listed(scope)).get(holder)
    if (id === undefined) throw new ExpectedError('GitHub does not list that version.')
    given.set(tag, holder)
    return { by: await putter.put({ id, digest: holder }, tag, digest => digest !== on && digest !== holder) }
  })
  if ('problem' in put) return { ...wrong, problem: put.sentence }
  if (put.by === undefined) return wrong
  given.delete(tag)
  return {
    ...wrong,
    problem: `It is on ${shortDigest(put.by)} by now, as one witness says, so it was left alone.`
  }
}

/** What was pushed right before the restore may be missing from the earlier list. */
async function listed({ pkg, context: { packages } }: ApplyContext): Promise<TagHolders['ids']> {
  return new Map((await packages.listVersions(pkg)).versions.map(({ digest, id }) => [digest, id]))
}

/**
 * Tags that GitHub goes on listing on what came back, though the registry has them elsewhere, each with what it is listed
 * on. Where GitHub does not answer, what it listed holds.
 *
 * @param rows what came back, as GitHub listed it
 * @param claims who had the tags that the registry shows elsewhere
 */
export async function contradicted(
  rows: readonly PackageVersion[],
  claims: ReadonlyMap<string, Claim>,
  scope: ApplyContext
): Promise<ReadonlyMap<string, Digest>> {
  const { pkg, context } = scope
  const found = new Map<string, Digest>()
  for (const { id, digest, tags } of rows) {
    for (const tag of tags) {
      const claim = claims.get(tag)
      if (claim === undefined || claim.holder === digest) continue
      const look = await orFailure(() => context.packages.version(pkg, id))
      const isOn = 'problem' in look || look.seen?.tags.includes(tag) === true
      if (isOn && !(await ownerOf(tag, claim, scope)).isPlaceholder) found.set(tag, digest)
    }
  }
  return found
}
