import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { findTags } from '../inventory/evidence.ts'
import { gitHubDenies } from '../inventory/gone.ts'
import { repositoryOf } from '../inventory/load.ts'
import { SIDE_BY_SIDE } from '../inventory/select-packages.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import type { Inventory, Package, PackageVersion } from '../model/package.ts'
import { isTag } from '../model/tag.ts'
import { notListed } from '../policy/purge-names.ts'
import { nameOf } from '../report/phrases.ts'
import { eachOf } from '../util/concurrency.ts'
import { count } from '../util/format.ts'

/**
 * What of these names is there, or may be, all the same, because GitHub's list may lag; a sentence each.
 *
 * @param names which need not be there and are in no list
 */
export async function stillThere(
  pkg: Package,
  names: readonly string[],
  context: Context
): Promise<Map<string, string>> {
  const references = names.filter(name => parseDigest(name) !== undefined || isTag(name))
  const heads = await findTags(context.registry, repositoryOf(pkg), references, context.clock)
  const doubts = new Map<string, string>()
  for (const name of names) {
    const head = heads.get(name)
    if (head?.state === 'found') doubts.set(name, notListed(name))
    else if (head?.state === 'unread') doubts.set(name, unknown(name, head.cause))
    else if (head === undefined)
      doubts.set(
        name,
        unknown(name, 'only a list tells of a short digest. If it may be absent, give the full digest')
      )
    else if (isId(name)) {
      const doubt = await doubtOnId(pkg, name, context)
      if (doubt !== undefined) doubts.set(name, doubt)
    }
  }
  return doubts
}

const isId = (name: string): boolean => /^[1-9]\d*$/.test(name) && Number.isSafeInteger(Number(name))

/** A sentence where GitHub has a version that it does not list, or does not say whether it has. */
async function doubtOnId(pkg: Package, name: string, context: Context): Promise<string | undefined> {
  const answer = await orFailure(async () => ({
    isDenied: await gitHubDenies(pkg, Number(name), context)
  }))
  if ('sentence' in answer) return unknown(name, answer.sentence.replace(/\.$/, ''))
  return answer.isDenied
    ? undefined
    : `"${name}" is there, but GitHub's list does not show it yet: run again.`
}

const unknown = (name: string, cause: string): string => `Whether "${name}" is there is unknown: ${cause}.`

/** What was deleted may be served for a moment longer; these are the pauses between tries, in milliseconds. */
const PAUSES = [0, 500, 2_000, 8_000, 1_000]

/** What a look shows of a tag or a digest that should be gone; neither where the registry has it. */
interface Left {
  readonly of: string
  readonly on?: Digest
  readonly unknown?: string
  readonly isDenied?: true
}

/**
 * Sentences where the registry has one of these versions, because another push may have brought it back, or one of
 * these tags, because it was moved or pushed again, or does not say whether it has.
 */
export async function stillPullable(
  { package: pkg, contents }: Inventory,
  versions: readonly PackageVersion[],
  tags: readonly string[],
  context: Context
): Promise<string[]> {
  const named = new Map<string, PackageVersion>(versions.map(version => [version.digest, version]))
  // What nobody could read before cannot be pulled either.
  const odd = versions.filter(({ digest }) => contents.get(digest)?.state === 'unread')
  const left = await stillServed(pkg, [...named.keys()], new Set(odd.map(({ digest }) => digest)), context)
  const standing = await stillServed(pkg, tags, new Set(), context)
  return [...sentenceOn(left, named), ...standing.map(sentenceOnTag)]
}

/** Looks again with pauses: one denial may be a slip, so it takes two in a row. */
async function stillServed(
  pkg: Package,
  wanted: readonly string[],
  odd: ReadonlySet<string>,
  { registry, clock }: Context
): Promise<readonly Left[]> {
  let left: readonly Left[] = wanted.map(of => ({ of }))
  const look = async ({ of, isDenied }: Left): Promise<readonly Left[]> => {
    // A package that went with its last version may not be read at all.
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), of))
    if ('problem' in head) return head.problem === 'left' ? [{ of, unknown: head.sentence }] : []
    if (head.state === 'missing') return isDenied ? [] : [{ of, isDenied: true }]
    if (head.state === 'found') return [{ of, on: head.digest }]
    return odd.has(of) ? [] : [{ of, unknown: head.cause }]
  }
  for (const pause of PAUSES) {
    if (left.length > 0) await clock.sleep(pause)
    left = (await eachOf(left, SIDE_BY_SIDE, look)).flat()
  }
  return left
}

function sentenceOn(left: readonly Left[], named: ReadonlyMap<string, PackageVersion>): string[] {
  const [first] = left
  const version = named.get(first?.of ?? '')
  if (first === undefined || version === undefined) return []
  const example = `The first is ${nameOf(version)} (${first.of}).`
  const what = `${count(left.length, 'deleted version')} can still be pulled by digest`
  return first.unknown === undefined
    ? [`${what}. ${example} If somebody pushed it again, purge it again.`]
    : [`Whether ${what} is unknown: ${first.unknown}. ${example} Try to pull it.`]
}

function sentenceOnTag({ of: tag, on, unknown: cause }: Left): string {
  if (on === undefined)
    return `Whether the tag ${tag} is gone is unknown${cause === undefined ? '' : `: ${cause}`}. Try to pull it.`
  return (
    `The tag ${tag} still stands, on ${on}. Purge that digest if it must go as well; if the tag had moved there before ` +
    'and something else went in its place, restore that with the report of this run.'
  )
}
