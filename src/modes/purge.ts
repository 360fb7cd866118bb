import { deletions } from '../apply/applier.ts'
import { type ApplyContext, apply, notPlanned, type PackageTask } from '../apply/apply.ts'
import type { Perform, Performed } from '../apply/execute.ts'
import { packageRemover } from '../apply/whole-package.ts'
import type { Inputs } from '../config/inputs.ts'
import { entriesOf } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import { ExpectedError, orFailure } from '../errors.ts'
import { findTags } from '../inventory/evidence.ts'
import { choosePackages, load, repositoryOf, SIDE_BY_SIDE } from '../inventory/load.ts'
import { decideOnTags } from '../inventory/moved-tags.ts'
import { type Outcome, type Plan, WHOLE_PACKAGE } from '../model/decision.ts'
import { parseDigest } from '../model/digest.ts'
import type { Inventory, Package, PackageVersion } from '../model/package.ts'
import type { RunResult } from '../model/run.ts'
import { isTag } from '../model/tag.ts'
import { decidePurge, purgeEverything } from '../policy/purge.ts'
import { notListed } from '../policy/purge-names.ts'
import { nameOf } from '../report/phrases.ts'
import { inventoryHash } from '../report/record-build.ts'
import { eachOf, once } from '../util/concurrency.ts'
import { count } from '../util/format.ts'

/**
 * The emergency: what is named goes now, keep rules and grace notwithstanding, with its children and referrers,
 * but never anything that a remaining image needs. The journal is the same, so this can be undone, too.
 */
export async function purge(inputs: Inputs, context: Context): Promise<RunResult> {
  const started = context.clock.now()
  const wholePackage = inputs.purge.includes(WHOLE_PACKAGE)
  const { chosen, absent } = await choosePackages(inputs.packages, context)
  const tasks = await eachOf(chosen, SIDE_BY_SIDE, async ({ pkg, problem }) => {
    if (problem !== undefined) return notPlanned(pkg, problem)
    const task = await orFailure(() =>
      wholePackage ? planPackagePurge(pkg, context) : planPurge(pkg, inputs.purge, context)
    )
    return 'problem' in task ? notPlanned(pkg, task) : task
  })
  const confirm = entriesOf(inputs.packages).join(' ')
  return apply(tasks, { mode: 'purge', dryRun: inputs.dryRun, started, absent, confirm }, context)
}

async function planPurge(pkg: Package, names: readonly string[], context: Context): Promise<PackageTask> {
  const listed = await load(pkg, context, () => true)
  listed.recollection.keep(listed.listing.versions, context.clock.now())
  const { loaded, decided } = await decideOnTags(
    listed,
    inventory => {
      const purged = decidePurge(inventory, names)
      const going = new Set(purged.plan.steps.map(({ version }) => version.digest))
      return { ...purged, going, wanted: [], ranked: [] }
    },
    context
  )
  const { plan, refused, absent, unread } = decided
  const doubts = await stillThere(pkg, absent, context)
  return {
    run: {
      package: pkg,
      plan,
      outcomes: [],
      contents: loaded.inventory.contents,
      alarms: [...refused, ...doubts.values()],
      warnings: [
        ...absent.filter(name => !doubts.has(name)).map(name => `"${name}" is not there.`),
        ...unread.map(({ ref, cause }) => `${ref} could not be read (${cause}). This purge leaves it alone.`)
      ]
    },
    changes: thenPull(loaded.inventory, deletions(plan, loaded)),
    deferred: false
  }
}

/** What of these names the registry has, or may have, all the same, because GitHub's list may lag; a sentence each. */
async function stillThere(
  pkg: Package,
  names: readonly string[],
  { registry, clock }: Context
): Promise<Map<string, string>> {
  const references = names.filter(name => parseDigest(name) !== undefined || isTag(name))
  const heads = await findTags(registry, repositoryOf(pkg), references, clock)
  const doubts = new Map<string, string>()
  for (const [name, head] of heads) {
    if (head.state === 'found') doubts.set(name, notListed(name))
    if (head.state === 'unread') doubts.set(name, `Whether "${name}" is there is unknown: ${head.cause}.`)
  }
  return doubts
}

/** After the deletions, and the look at them, tries whether what went can still be pulled. */
function thenPull(
  inventory: Inventory,
  changes: NonNullable<PackageTask['changes']>
): NonNullable<PackageTask['changes']> {
  return scope => {
    const { perform, afterwards } = changes(scope)
    return {
      perform,
      async afterwards(outcomes) {
        const after = await afterwards(outcomes)
        const isDone = ({ status }: Outcome): boolean => status === 'done' || status === 'already'
        const done = after.outcomes.filter(isDone)
        // What something else needs came back at once, and the second look says so.
        const back = new Set(done.flatMap(({ step }) => (step.action === 'restore' ? [step.version.id] : [])))
        const gone = done.flatMap(({ step }) => (back.has(step.version.id) ? [] : [step.version]))
        const pullable = await stillPullable(inventory, gone, scope.context)
        return { ...after, alarms: [...(after.alarms ?? []), ...pullable] }
      }
    }
  }
}

/** What was deleted may be served for a moment longer; these are the pauses between tries, in milliseconds. */
const PAUSES = [0, 500, 2_000, 8_000, 1_000]

/**
 * A sentence where the registry has one of these versions, because another push may have brought it back, or does not
 * say whether it has.
 */
async function stillPullable(
  { package: pkg, contents }: Inventory,
  versions: readonly PackageVersion[],
  { registry, clock }: Context
): Promise<string[]> {
  // One denial may be a slip, so it takes two in a row.
  let left: readonly { version: PackageVersion; unknown?: string; isDenied?: true }[] = versions.map(
    version => ({ version })
  )
  const look = async ({ version, isDenied }: (typeof left)[number]): Promise<typeof left> => {
    // A package that went with its last version may not be read at all.
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), version.digest))
    if ('problem' in head) return head.problem === 'left' ? [{ version, unknown: head.sentence }] : []
    if (head.state === 'missing') return isDenied ? [] : [{ version, isDenied: true }]
    if (head.state === 'found') return [{ version }]
    // What nobody could read before cannot be pulled either.
    return contents.get(version.digest)?.state === 'unread' ? [] : [{ version, unknown: head.cause }]
  }
  for (const pause of PAUSES) {
    if (left.length > 0) await clock.sleep(pause)
    left = (await eachOf(left, SIDE_BY_SIDE, look)).flat()
  }
  const [first] = left
  if (first === undefined) return []
  const example = `The first is ${nameOf(first.version)} (${first.version.digest}).`
  const what = `${count(left.length, 'deleted version')} can still be pulled by digest`
  return first.unknown === undefined
    ? [`${what}. ${example} If somebody pushed it again, purge it again.`]
    : [`Whether ${what} is unknown: ${first.unknown}. ${example} Try to pull it.`]
}

/** Lists what goes with the package; what its manifests say does not matter. */
async function planPackagePurge(pkg: Package, context: Context): Promise<PackageTask> {
  const { versions } = await context.packages.listVersions(pkg)
  if (versions.some(({ tags }) => tags.includes(WHOLE_PACKAGE))) {
    throw new ExpectedError(
      `Nothing is purged. \`${WHOLE_PACKAGE}\` is a tag of ${pkg.name}, so it is not clear what is meant: give the ` +
        'digest of that version, or take the tag away to purge the package.'
    )
  }
  const plan = purgeEverything({ package: pkg, versions })
  return {
    run: { package: pkg, plan, outcomes: [], warnings: [] },
    changes: scope => ({
      perform: removeUnchanged(plan, scope),
      afterwards: async outcomes => ({ outcomes })
    }),
    deferred: false
  }
}

/** Deletes the package if it is still what was listed. */
function removeUnchanged({ decisions }: Plan, scope: ApplyContext): Perform {
  const { pkg, context } = scope
  const planned = inventoryHash(decisions.map(({ version }) => version))
  const remove = packageRemover(scope)
  const changed = once(async (): Promise<Performed | undefined> => {
    // What was counted before says nothing of now.
    const { versions } = await context.packages.listVersions({ ...pkg, versionCount: undefined })
    return inventoryHash(versions) === planned
      ? undefined
      : { status: 'skipped', detail: 'the package changed after the listing: run it again' }
  })
  return async () => (await changed()) ?? remove()
}
