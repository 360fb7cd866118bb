import { deletions } from '../../apply/applier.ts'
import { notPlanned, type PackageTask } from '../../apply/apply.ts'
import { subjectsBack } from '../../apply/look/subjects-back.ts'
import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { readLabels } from '../../inventory/labels.ts'
import { type LoadedPackage, load, type Matters } from '../../inventory/load.ts'
import { decideOnTags } from '../../inventory/moved-tags.ts'
import { readSizes } from '../../inventory/sizes.ts'
import { findSubjects, type Siblings, type Subjects } from '../../inventory/subjects.ts'
import type { Decision, Plan } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import { type Inventory, type Package, versionsCalled } from '../../model/package.ts'
import type { Usage } from '../../model/usage.ts'
import { couldChange } from '../../policy/could-change.ts'
import { explainVersion } from '../../policy/explain-version.ts'
import { wantedLabels } from '../../policy/labels.ts'
import { decide } from '../../policy/plan.ts'
import { type Policy, policyHash } from '../../policy/rule.ts'
import { type Application, type Approved, restsOnContents } from '../../policy/saved-plan.ts'
import { stuckPhrase } from '../../report/phrases.ts'
import type { ReadUsage } from '../../usage/ask.ts'
import { count, formatNumber } from '../../util/format.ts'
import { appliedTask, applyTo } from './approval.ts'
import { type PlacedTold, tellPlaced } from './placed.ts'

/** What is done with a package besides deciding on it. */
export interface PlanOptions {
  readonly readUsage: ReadUsage
  /** The packages in which a signature's subject may be. */
  readonly siblings: () => Promise<Siblings>
  /** A tag, a digest or a version id whose verdict is to be explained. */
  readonly explain: string | undefined
  readonly approved: Approved | undefined
  /** Find out how large what is deleted is. */
  readonly sizes: boolean
}

/** Reads one package and decides on it, or finds what of an approved plan still holds; then, where asked, its sizes. */
export async function planPackage(
  pkg: Package,
  policy: Policy,
  options: PlanOptions,
  context: Context
): Promise<PackageTask> {
  // One moment for all decisions: nothing may come of age between them.
  const now = context.clock.now()
  const seen = await orFailure(() => lookAndDecide(pkg, policy, options, context, now))
  if ('problem' in seen) return notPlanned(pkg, seen)
  const { loaded, applied, errors, placed } = seen
  const { approved, sizes } = options
  const decided =
    applied && approved
      ? appliedTask(loaded, approved, applied, policy)
      : taskOf(seen, policy, options.explain, now)
  const run = { ...decided.run, alarms: [...errors, ...placed.alarms] }
  const task = { ...decided, run, warnings: warningsOf(seen) }
  return sizes ? withSizes(task, loaded.inventory, context) : task
}

/** What is known of a package, and what follows from that. */
interface Decided extends Seen {
  /** By the policy of this run. */
  readonly plan: Plan
  /** What still holds of an approved plan, and is done in place of that. */
  readonly applied: Application | undefined
  /** Of tags on placeholders. */
  readonly placed: PlacedTold
}

async function lookAndDecide(
  pkg: Package,
  policy: Policy,
  options: PlanOptions,
  context: Context,
  now: number
): Promise<Decided> {
  const { approved } = options
  const seen = await look(pkg, policy, options, context, now)
  const wanted = digestsIn(policy, seen.usage)
  const { loaded, decided } = await decideOnTags(
    seen.loaded,
    found => {
      const plan = decide(found, policy, seen.usage, now)
      const applied = approved && applyTo(found, approved, plan, policy)
      const ranked = rankedIn(plan, applied?.plan ?? plan)
      return { plan, applied, going: goingBy(plan, approved), wanted, ranked }
    },
    context
  )
  const { plan, applied } = decided
  const placed = tellPlaced(loaded.inventory, plan, policy, approved, seen.usage, now)
  return { ...seen, loaded, plan, applied, placed }
}

function taskOf(
  { loaded, usage, plan }: Decided,
  policy: Policy,
  explain: string | undefined,
  now: number
): PackageTask {
  const { inventory, reads } = loaded
  return {
    run: {
      package: inventory.package,
      plan,
      outcomes: [],
      explanations: explain === undefined ? [] : explainVersion(explain, plan, inventory, policy, usage, now),
      policy: policyHash(policy),
      reads,
      contents: inventory.contents,
      warnings: []
    },
    changes: deletions(plan, loaded),
    deferred: false
  }
}

/** What must be said of a package, whether this run decides on it or applies a plan. */
function warningsOf({ loaded, plan, applied, warnings, placed }: Decided): string[] {
  const { stuck, steps } = applied?.plan ?? plan
  // What is skipped stands among the steps, too.
  const going = steps.filter(({ version }) => applied?.skipped.has(version.id) !== true)
  return [
    ...unseenVersions(loaded),
    ...placed.warnings,
    ...subjectsBack(going, loaded),
    ...warnings,
    // Red where nothing goes at all; said where something else does.
    ...(stuck !== undefined && steps.length > 0 ? [stuckPhrase(stuck)] : [])
  ]
}

/** With the sizes of what goes. What nobody can measure can still be deleted. */
async function withSizes(
  task: PackageTask,
  inventory: Inventory,
  { registry }: Context
): Promise<PackageTask> {
  const read = await orFailure(() => readSizes(inventory, task.run.plan?.steps ?? [], registry))
  return 'problem' in read
    ? { ...task, warnings: [...(task.warnings ?? []), `Sizes are unknown: ${read.sentence}`] }
    : { ...task, run: { ...task.run, blobs: read } }
}

/** What the plan changes, and what was approved, which today's rules need not say. */
function goingBy({ steps, decisions }: Plan, approved: Approved | undefined): Set<Digest> {
  const isApproved = ({ version: { id } }: Decision): boolean =>
    approved?.deletions.has(id) === true || approved?.strips.has(id) === true
  return new Set([...steps, ...decisions.filter(isApproved)].map(({ version }) => version.digest))
}

/**
 * What takes a place that another version would have without it, which what nobody could read does not; and the images
 * that must remain for others to go, by the plan that is carried out.
 */
function rankedIn({ decisions }: Plan, { counted }: Plan): Digest[] {
  const ranked = decisions.flatMap(({ verdict, reasons, version }) =>
    verdict === 'keep' && reasons.some(({ code }) => code === 'newest' || code === 'bucket')
      ? [version.digest]
      : []
  )
  return [...new Set([...ranked, ...counted])]
}

/** What is to stay by its digest, wherever that is said. */
function digestsIn({ rules }: Policy, { inUse }: Usage): Digest[] {
  const kept = rules.flatMap(({ action, match }) => (action === 'keep' ? [...(match.digests ?? [])] : []))
  return [...kept, ...inUse.flatMap(({ digest }) => digest ?? [])]
}

/** All that the decision rests on, asked in the order in which one thing tells what else is worth asking. */
interface Seen {
  readonly loaded: LoadedPackage
  readonly usage: Usage
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

const NO_SUBJECTS: Subjects = { elsewhere: new Map(), beside: [], warnings: [] }

async function look(
  pkg: Package,
  policy: Policy,
  { readUsage, siblings, explain, approved }: PlanOptions,
  context: Context,
  now: number
): Promise<Seen> {
  let asked: Awaited<ReturnType<ReadUsage>> | undefined
  const matters: Matters = async (versions, untaggedSince) => {
    asked = await readUsage(pkg, policy, versions)
    if (approved !== undefined) return restsOnContents(approved)
    const isMeant = explain !== undefined && versionsCalled(versions, explain).length > 0
    return isMeant || couldChange(pkg, versions, policy, { ...asked.usage, untaggedSince }, now)
  }
  const listed = await load(pkg, context, matters)
  if (asked === undefined) throw new Error('`load` did not ask what matters')
  try {
    // Only what is in the package tells what else is worth asking for: subjects elsewhere, and labels.
    const { elsewhere, beside, warnings } = deletesOrphans(policy, approved)
      ? await findSubjects(listed.inventory, siblings, context)
      : NO_SUBJECTS
    const inventory = { ...listed.inventory, elsewhere, beside }
    const usage = { ...asked.usage, untaggedSince: listed.untaggedSince }
    const wanted = wantedLabels(inventory, policy, usage, now)
    const loaded = { ...listed, inventory }
    const { labels, errors } = await readLabels(pkg, wanted, loaded, context.registry)
    return { loaded, usage: { ...usage, labels }, warnings, errors: [...asked.errors, ...errors] }
  } finally {
    // Whatever failed: what was read need not be read again.
    listed.recollection.keep(listed.listing.versions, context.clock.now())
  }
}

/** That GitHub counts more than it lists is no verdict on anything, but somebody should know. */
function unseenVersions({ listing: { unseen, versions } }: LoadedPackage): string[] {
  if (unseen === 0) return []
  return [
    `GitHub counts ${count(unseen, 'version')} more than the ${formatNumber(versions.length)} that it lists, every time. ` +
      "The registry's list of tags was used as well, and untagged versions that an unlisted index could need stay, " +
      'except the parts of images that are deleted.'
  ]
}

function deletesOrphans({ rules }: Policy, approved: Approved | undefined): boolean {
  const isApproved = [...(approved?.deletions ?? [])].some(
    id => approved?.versions.get(id)?.brokenAs === 'orphaned'
  )
  return (
    isApproved ||
    rules.some(({ action, match }) => action === 'delete' && match.states?.has('orphaned') === true)
  )
}
