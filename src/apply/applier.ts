import { PER_PAGE } from '../github/lists.ts'
import type { Room } from '../github/rate-limit/aside.ts'
import { arrivalsReader } from '../inventory/arrivals.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import { once } from '../util/concurrency.ts'
import { count } from '../util/format.ts'
import type { ApplyContext, Changes, PackageTask } from './apply.ts'
import { absencesOf, mindingAbsences } from './drift/absences.ts'
import { withoutDeleted } from './drift/deleted-rows.ts'
import { type DriftDetector, detectDrift } from './drift/drift.ts'
import { type NewTags, newTagsReader } from './drift/new-tags.ts'
import { CONCURRENT, type Perform } from './execute.ts'
import { lastDeleted } from './look/earlier.ts'
import { deletionsOf, leaveToNext } from './look/leave-to-next.ts'
import { verifyDeletions } from './look/verify.ts'
import { remover } from './remove.ts'
import { type Leftovers, leftoversOf } from './untag/leftovers.ts'
import { strippingOf } from './untag/stripping.ts'
import { untagger } from './untag/untag.ts'

/** What a real run does to a package whose plan deletes: the steps, and then a look at what was deleted. */
export function deletions(plan: Plan, loaded: LoadedPackage): NonNullable<PackageTask['changes']> {
  return (scope): Changes => {
    let deleted = 0
    const room = roomForLook(plan, lastDeleted(loaded).length)
    const release = scope.context.setAside(() => room(deleted))
    const leftovers = leftoversOf(plan, loaded, scope)
    const { perform, drift } = applier(plan, loaded, leftovers, scope)
    // A run that is cancelled, or killed, takes no look at what it deleted: the next one has to.
    const leaveAhead = once(() => {
      const now = Math.floor(scope.context.clock.now())
      leaveToNext(loaded, deletionsOf(plan, loaded, now), [], now)
      return loaded.recollection.stored()
    })
    return {
      async perform(step) {
        if (step.action === 'delete') await leaveAhead()
        const performed = await perform(step)
        if (step.action === 'delete' && performed.status === 'done') deleted++
        return performed
      },
      async afterwards(outcomes) {
        try {
          const verified = await verifyDeletions({ plan, loaded, outcomes, adopted: drift.needed }, scope)
          const { alarms = [] } = verified
          return {
            ...verified,
            alarms: [...alarms, ...(await leftovers.tell()), ...stoppedBy(drift, outcomes)]
          }
        } finally {
          release()
        }
      }
    }
  }
}

/** A sentence where what nobody can read has kept deletions from being sent. */
function stoppedBy(drift: DriftDetector, outcomes: readonly Outcome[]): string[] {
  const unread = drift.unread()
  const left = outcomes.filter(({ step, status }) => step.action === 'delete' && status === 'skipped')
  if (unread === undefined || left.length === 0) return []
  const stay = `${count(left.length, 'version')} that should be deleted ${left.length === 1 ? 'stays' : 'stay'}`
  return [`Since the listing, ${unread}: ${stay}. Run again later.`]
}

/** What the second look asks of a small package: the newest versions, twice what was deleted, and the count of a larger one. */
const LOOK_REQUESTS = 4
/** What the second look may wait for lists that lag, in milliseconds. */
const TIME_ASIDE = 60_000
/** More tags are not read every few seconds: an answer of the registry holds 10,000 of them. */
const MOST_TAGS = 100_000
const NOTHING_NEW: NewTags = { found: new Map(), unread: undefined, isUnlisted: false }

/** What one untagging takes behind its PUT: a look for the placeholder, its deletion, and the look that it is gone. */
const REQUESTS_OF_UNTAG = 4

/** What the look at so many deletions, and those of the last run, takes, with the restores if the largest image must come back. */
function roomForLook({ steps }: Plan, past: number): (deleted: number) => Room {
  if (steps.length === 0) return () => ({ requests: 0, ms: 0 })
  const sizes = new Map<Digest, number>()
  for (const step of steps) {
    if (step.action === 'delete') sizes.set(step.root, (sizes.get(step.root) ?? 0) + 1)
  }
  const restores = [...sizes.values()].reduce((most, size) => Math.max(most, size), 0)
  const untags = Math.min(steps.filter(({ action }) => action === 'untag').length, CONCURRENT)
  return deleted => ({
    // A restore that is denied is sent once more.
    requests:
      LOOK_REQUESTS + 2 * restores + 2 * Math.floor((deleted + past) / PER_PAGE) + REQUESTS_OF_UNTAG * untags,
    ms: TIME_ASIDE
  })
}

/** Checks every step against the world as it is now, puts it into the journal, and sends it. */
function applier(
  plan: Plan,
  loaded: LoadedPackage,
  leftovers: Leftovers,
  scope: ApplyContext
): { readonly perform: Perform; readonly drift: DriftDetector } {
  const { inventory, listing } = loaded
  const { pkg, context } = scope
  const { packages, urgentPackages, registry, clock } = context
  const repository = repositoryOf(pkg)
  const known = new Set(inventory.versions.map(({ id }) => id))
  const gone = new Set(listing.versions.flatMap(({ id }) => (known.has(id) ? [] : [id])))
  const newTags = newTagsReader(inventory, registry, repository)
  const isLarge = inventory.versions.reduce((sum, { tags }) => sum + tags.length, 0) > MOST_TAGS
  const drift = detectDrift(
    { ...listing, versions: inventory.versions },
    plan.steps.flatMap(step => (step.action === 'delete' ? [step.version] : [])),
    plan.steps.flatMap(step => (step.action === 'untag' ? [step.tag] : [])),
    {
      page: async page =>
        withoutDeleted(await packages.page(pkg, page), gone, id => packages.version(pkg, id)),
      // A placeholder has to go: its tag was put on it already.
      version: id => (known.has(id) ? packages : urgentPackages).version(pkg, id),
      async newTags() {
        const { found, unread, isUnlisted } = isLarge ? NOTHING_NEW : await newTags()
        return { found, unread: isUnlisted ? unread : undefined }
      },
      needs: arrivalsReader(inventory.contents, digest => registry.readManifest(repository, digest), clock)
    },
    clock
  )
  const awaited = new Set(plan.steps.flatMap(step => (step.action === 'delete' ? step.after : [])))
  const open = new Set(loaded.recollection.deletions.unchecked.map(({ id }) => id))
  const minding = mindingAbsences(drift, absencesOf(plan, inventory), registry, repository, clock)
  const remove = remover(minding, ({ digest }) => awaited.has(digest), scope)
  const untag = untagger(strippingOf(plan, loaded, drift, leftovers, scope))
  return {
    drift,
    async perform(step) {
      if (step.action === 'delete') {
        const performed = await remove(step.version)
        // GitHub's list shows late what an earlier run deleted without a look: if it comes back, it needs the rest.
        return performed.status === 'already' && open.has(step.version.id)
          ? { ...performed, holds: true }
          : performed
      }
      if (step.action === 'untag') return untag(step)
      throw new Error('a step that restores is none of a plan that deletes')
    }
  }
}
