import { BudgetError, orFailure } from '../errors.ts'
import type { Look } from '../github/packages.ts'
import type { Room } from '../github/rate-limit/aside.ts'
import { lackingRights } from '../github/token.ts'
import { arrivalsReader, type Read } from '../inventory/arrivals.ts'
import { findTag } from '../inventory/evidence.ts'
import { isStillThere, registryDenies } from '../inventory/gone.ts'
import { imagesAmong } from '../inventory/images-among.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import type { Outcome, Plan, Step } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { sentEntry } from '../report/record-build.ts'
import { once } from '../util/concurrency.ts'
import { count } from '../util/format.ts'
import type { ApplyContext, Changes, PackageTask } from './apply.ts'
import { type DriftDetector, detectDrift } from './drift.ts'
import { deletionsOf, leaveToNext } from './earlier.ts'
import { CONCURRENT, type Perform } from './execute.ts'
import { newTagsReader } from './new-tags.ts'
import { remover } from './remove.ts'
import { putTag, putTagUnless } from './restore.ts'
import { watchTags } from './tag-taken.ts'
import { untagger } from './untag.ts'
import { verifyDeletions } from './verify.ts'
import { failed } from './write.ts'

/** What a real run does to a package whose plan deletes: the steps, and then a look at what was deleted. */
export function deletions(plan: Plan, loaded: LoadedPackage): NonNullable<PackageTask['changes']> {
  return (scope): Changes => {
    let deleted = 0
    const room = roomForLook(plan)
    const release = scope.context.setAside(() => room(deleted))
    const { perform, drift } = applier(plan, loaded, scope)
    // A run that is cancelled, or killed, takes no look at what it deleted: the next one has to.
    const leaveAhead = once(() => {
      const now = Math.floor(scope.context.clock.now())
      const versions = plan.steps.map(({ version }) => version)
      leaveToNext(loaded, deletionsOf(plan, versions, now), [], now)
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
          return { ...verified, alarms: [...(verified.alarms ?? []), ...stoppedBy(drift, outcomes)] }
        } finally {
          release()
        }
      }
    }
  }
}

/** A sentence where a new version that nobody can read has kept deletions from being sent. */
function stoppedBy(drift: DriftDetector, outcomes: readonly Outcome[]): string[] {
  const unread = drift.unread()
  const left = outcomes.filter(({ step, status }) => step.action === 'delete' && status === 'skipped')
  if (unread === undefined || left.length === 0) return []
  return [
    `The version ${unread}, which was pushed meanwhile, could not be read, so it may need anything, and ` +
      `${count(left.length, 'version')} that should be deleted ${left.length === 1 ? 'stays' : 'stay'}. Run again later.`
  ]
}

/** Pages that the second look reads of a small package: the newest versions, and twice what was deleted. */
const LOOK_PAGES = 3
/** What the second look may wait for lists that lag, in milliseconds. */
const TIME_ASIDE = 60_000
/** More tags than one answer of the registry holds are not read every few seconds. */
const MOST_TAGS = 10_000
/** Rows on a page of the list of deleted versions. */
const PER_PAGE = 100

/** What one untagging takes behind its PUT: a look for the placeholder, its deletion, and the look that it is gone. */
const REQUESTS_OF_UNTAG = 4

/** What the look at so many deletions takes, with the restores if the largest image must come back. */
function roomForLook({ steps }: Plan): (deleted: number) => Room {
  const sizes = new Map<Digest, number>()
  for (const step of steps) {
    if (step.action === 'delete') sizes.set(step.root, (sizes.get(step.root) ?? 0) + 1)
  }
  const untags = steps.filter(({ action }) => action === 'untag').length
  const forUntags = REQUESTS_OF_UNTAG * Math.min(untags, CONCURRENT)
  if (sizes.size === 0) return () => ({ requests: forUntags, ms: untags === 0 ? 0 : TIME_ASIDE })
  const restores = [...sizes.values()].reduce((most, size) => Math.max(most, size), 0)
  return deleted => ({
    // A restore that is denied is sent once more.
    requests: LOOK_PAGES + 2 * restores + 2 * Math.floor(deleted / PER_PAGE) + forUntags,
    ms: TIME_ASIDE
  })
}

/** Checks every step against the world as it is now, puts it into the journal, and sends it. */
function applier(
  plan: Plan,
  { inventory, listing }: LoadedPackage,
  scope: ApplyContext
): { readonly perform: Perform; readonly drift: DriftDetector } {
  const { pkg, context, journal } = scope
  const { packages, registry, clock } = context
  const repository = repositoryOf(pkg)
  const sent = new Map<string, number>()
  const note = (step: Step, more: number): void => {
    sent.set(keyOf(step), (sent.get(keyOf(step)) ?? 0) + more)
  }
  const announce = (step: Step): void => {
    note(step, 1)
    journal.append(sentEntry(pkg.name, step, clock.now()))
  }

  const awaited = new Set(plan.steps.flatMap(step => (step.action === 'delete' ? step.after : [])))
  const images = new Set(inventory.versions.map(version => version.digest))
  // Others wait for it, or it is a placeholder, at which no second look is taken.
  const isChecked = ({ digest }: PackageVersion) => awaited.has(digest) || !images.has(digest)
  const urgent = { ...context, packages: context.urgentPackages }
  // A placeholder has to go: its tag was put on it already.
  const known = new Set(inventory.versions.map(({ id }) => id))
  const clientFor = (id: number) => (known.has(id) ? packages : context.urgentPackages)
  const going = plan.steps.filter(step => step.action === 'delete')
  const stripped = plan.steps.flatMap(step => (step.action === 'untag' ? [step.tag] : []))
  const sightings = watchTags(new Set(stripped))
  sightings.note(inventory.versions)
  const read: Read = digest => registry.readManifest(repository, digest)
  const needs = arrivalsReader(inventory.contents, read, clock)
  const newTags = newTagsReader(inventory, registry, repository)
  const isLarge = inventory.versions.reduce((sum, { tags }) => sum + tags.length, 0) > MOST_TAGS
  const drift = detectDrift(
    listing,
    going.map(step => step.version),
    {
      page: async page => {
        const look = await packages.page(pkg, page)
        sightings.note(look.seen)
        return look
      },
      version: id => clientFor(id).version(pkg, id),
      newTags: async () => (isLarge ? new Map() : (await newTags()).found),
      needs
    },
    clock
  )
  const readVersion = async (id: number): Promise<Look<PackageVersion | undefined>> => {
    const look = await clientFor(id).version(pkg, id)
    if (look.seen !== undefined) drift.note([look.seen])
    return look
  }
  const remove = remover(
    drift,
    {
      async remove(version, precondition) {
        const step: Step = { action: 'delete', version, after: [], root: version.digest }
        const answer = await clientFor(version.id).remove(pkg, version.id, () => {
          if (!precondition()) return false
          announce(step)
          return true
        })
        // A limit turned it away: what was sent before that, if anything, may be done.
        if (answer.kind === 'limited') note(step, -1)
        return answer
      },
      version: readVersion,
      isGone: async version => !isChecked(version) || !(await isStillThere(pkg, version, urgent)),
      isDenied: version => registryDenies(pkg, version.digest, context)
    },
    lackingRights(context.tokenKind, pkg, context.serverUrl),
    clock
  )
  const untag = untagger(
    drift,
    {
      head: tag => findTag(registry, repository, tag, clock),
      put: (version, tag, bytes, mediaType) => {
        announce({ action: 'untag', version, tag })
        return registry.putManifest(repository, tag, bytes, mediaType)
      },
      prepare: () => registry.prepareToPut(repository),
      newest: async () => sightings.note(drift.note((await packages.page(pkg, 1)).seen)),
      version: async id => (await readVersion(id)).seen,
      newestNow: async () => sightings.note(drift.note((await urgent.packages.page(pkg, 1)).seen)),
      images: async versions => {
        // After the end of the time nothing is read any more; then any of them may have lost the tag.
        const found = await orFailure(async () => ({ images: await imagesAmong(versions, read) }))
        return 'problem' in found ? versions : found.images
      },
      isKnown: id => known.has(id),
      elsewhere: sightings.elsewhere,
      giveBack: (version, tag) => putTag(version, tag, scope),
      stoodOn: tag => inventory.versions.filter(({ tags }) => tags.includes(tag)),
      giveBackFrom: (placeholder, version, tag) =>
        putTagUnless(version, tag, holder => holder !== placeholder, scope)
    },
    images,
    remove,
    clock
  )
  const stays = tagsThatStay(plan)
  const perform: Perform = async step => {
    if (step.action === 'untag') return untag(step.version, step.tag, stays.get(step.version.id) ?? [])
    if (step.action === 'delete') return remove(step.version)
    throw new Error('a step that restores is none of a plan that deletes')
  }
  const surely: Perform = async step => {
    try {
      return await perform(step)
    } catch (error) {
      // What was sent before there was no more room may be done, so it must be looked at like all that failed.
      if (!(error instanceof BudgetError && (sent.get(keyOf(step)) ?? 0) > 0)) throw error
      return failed(`it was sent, and what became of it is unknown: ${error.message}`)
    }
  }
  return { perform: surely, drift }
}

const keyOf = (step: Step): string => `${step.version.id} ${step.action === 'untag' ? step.tag : ''}`

/** By version id, the tags that an untagged version keeps. */
function tagsThatStay(plan: Plan): Map<number, readonly string[]> {
  return new Map(
    plan.decisions.flatMap(decision =>
      decision.verdict === 'keep' && decision.untag.length > 0
        ? [
            [
              decision.version.id,
              [...new Set(decision.version.tags).difference(new Set(decision.untag))]
            ] as const
          ]
        : []
    )
  )
}
