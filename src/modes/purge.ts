import { deletions } from '../apply/applier.ts'
import { type ApplyContext, apply, notPlanned, type PackageTask } from '../apply/apply.ts'
import { newTagsReader } from '../apply/drift/new-tags.ts'
import type { Perform } from '../apply/execute.ts'
import { packageRemover } from '../apply/whole-package.ts'
import type { Inputs } from '../config/inputs.ts'
import { entriesOf } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import { ExpectedError, orFailure } from '../errors.ts'
import { load, repositoryOf } from '../inventory/load.ts'
import { askMovable, decideOnTags } from '../inventory/moved-tags.ts'
import { SIDE_BY_SIDE } from '../inventory/select-packages.ts'
import { type Outcome, type Plan, WHOLE_PACKAGE } from '../model/decision.ts'
import { beginningOf, parseDigest } from '../model/digest.ts'
import { type Inventory, inOtherCapitals, type Package } from '../model/package.ts'
import type { RunResult } from '../model/run.ts'
import { decidePurge, purgeEverything } from '../policy/purge.ts'
import { tagsNamed } from '../policy/purge-names.ts'
import { inventoryHash } from '../report/record-build.ts'
import { eachOf } from '../util/concurrency.ts'
import { choose } from './choose.ts'
import { stillPullable, stillThere } from './purge-looks.ts'
import { brokenWithout, forgetting } from './purge-memory.ts'

/**
 * The emergency: what is named goes now, keep rules and grace notwithstanding, with its children and referrers,
 * but never anything that a remaining image needs. The journal is the same, so this can be undone, too.
 */
export async function purge(inputs: Inputs, context: Context): Promise<RunResult> {
  const started = context.clock.now()
  const wholePackage = inputs.purge.includes(WHOLE_PACKAGE)
  const { chosen, absent, unmatched, why } = await choose(inputs.packages, inputs, context)
  const tasks = await eachOf(chosen, SIDE_BY_SIDE, async ({ pkg, problem }) => {
    if (problem !== undefined) return notPlanned(pkg, problem)
    const task = await orFailure(() =>
      wholePackage ? planPackagePurge(pkg, context) : planPurge(pkg, inputs.purge, context)
    )
    return 'problem' in task ? notPlanned(pkg, task) : task
  })
  const confirm = entriesOf(inputs.packages).join(' ')
  const { dryRun } = inputs
  const facts = { mode: 'purge', dryRun, started, absent, confirm, warnings: unmatched } as const
  return { ...(await apply(tasks, facts, context)), ...why }
}

async function planPurge(pkg: Package, names: readonly string[], context: Context): Promise<PackageTask> {
  const { recall, forgotten } = forgetting(names)
  const listed = await load(pkg, context, () => true, recall)
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
  const capitals = misspeltAmong(absent, loaded.inventory)
  return {
    run: {
      package: pkg,
      plan,
      outcomes: [],
      contents: loaded.inventory.contents,
      alarms: [...refused, ...doubts.values(), ...capitals.values()],
      warnings: [
        ...absent.filter(name => !doubts.has(name) && !capitals.has(name)).map(notThere),
        ...unread.map(({ ref, cause }) => `${ref} could not be read (${cause}). This purge leaves it alone.`)
      ]
    },
    changes: thenPull(loaded.inventory, names, deletions(plan, loaded)),
    deferred: false,
    warnings: brokenWithout(forgotten, loaded.inventory)
  }
}

/** What may be absent, and is there as a tag that differs by capital letters alone, is rather misspelt: each with a sentence. */
function misspeltAmong(absent: readonly string[], { versions }: Inventory): ReadonlyMap<string, string> {
  const find = inOtherCapitals(versions)
  return new Map(
    absent.flatMap(name => {
      const tag = find(name)
      if (tag === undefined) return []
      const sentence = `There is no \`${name}\`, but there is \`${tag}\`, which is not purged. Write \`${tag}\`, or leave \`${name}?\` out.`
      return [[name, sentence] as const]
    })
  )
}

/** Only a list tells of a short digest, so no more is said of it than that. */
function notThere(name: string): string {
  return parseDigest(name) === undefined && beginningOf(name) !== undefined
    ? `No tag "${name}" is there, and GitHub lists no digest that begins so.`
    : `"${name}" is not there.`
}

/** After the deletions, and the look at them, tries whether what went can still be pulled. */
function thenPull(
  inventory: Inventory,
  names: readonly string[],
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
        const named = tagsNamed(names).filter(tag => gone.some(({ tags }) => tags.includes(tag)))
        const pullable = await stillPullable(inventory, gone, named, scope.context)
        return { ...after, alarms: [...(after.alarms ?? []), ...pullable] }
      }
    }
  }
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
  const listed = decisions.map(({ version }) => version)
  return packageRemover(scope, async () => {
    const heads = await askMovable(listed, context.registry, repositoryOf(pkg))
    // The lists come last: they show what was pushed meanwhile. What was counted before says nothing of now.
    const { versions } = await context.packages.listVersions({ ...pkg, versionCount: undefined })
    if (inventoryHash(versions) !== inventoryHash(listed)) return 'the package changed after the listing'
    const { found, unread } = await newTagsReader({ versions }, context.registry, repositoryOf(pkg))()
    // One that is listed may have been moved to a push which GitHub does not list yet.
    const digests = new Set(versions.map(({ digest }) => digest))
    const moved = heads.flatMap(([tag, head]) =>
      head.state === 'found' && !digests.has(head.digest) ? [tag] : []
    )
    const [tag] = [...found.values(), ...moved]
    if (tag !== undefined) return `the registry has the tag ${tag}, which GitHub does not list there`
    return unread === undefined
      ? undefined
      : `whether the registry has a tag which GitHub does not list, is unknown (${unread})`
  })
}
