import type { Context } from '../context.ts'
import { lackingRights } from '../github/token.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import { readArrivals } from '../inventory/manifests.ts'
import type { Plan, Step } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'
import type { Journal } from '../report/journal.ts'
import { sentEntry } from '../report/record-build.ts'
import type { Changes, PackageTask } from './apply.ts'
import { detectDrift } from './drift.ts'
import type { Perform } from './execute.ts'
import { remover } from './remove.ts'
import { untagger } from './untag.ts'
import { verifyDeletions } from './verify.ts'

/** What a real run does to a package whose plan deletes: the steps, and then a look at what was deleted. */
export function deletions(
  plan: Plan,
  loaded: LoadedPackage,
  context: Context
): NonNullable<PackageTask['changes']> {
  return (journal): Changes => ({
    perform: applier(plan, loaded, context, journal),
    afterwards: (outcomes, report) => verifyDeletions({ plan, loaded, outcomes }, context, journal, report)
  })
}

/** Checks every step against the world as it is now, puts it into the journal, and sends it. */
function applier(
  plan: Plan,
  { inventory, listing }: LoadedPackage,
  context: Context,
  journal: Journal
): Perform {
  const { packages, registry, clock } = context
  const pkg = plan.package
  const repository = repositoryOf(pkg)
  const announce = (step: Step): void => journal.append(sentEntry(pkg.name, step, clock.now()))

  const going = plan.steps.filter(step => step.action === 'delete')
  const drift = detectDrift(
    listing,
    going.map(step => step.version),
    {
      page: page => packages.page(pkg, page),
      version: id => packages.version(pkg, id),
      needs: arrivals => readArrivals(arrivals, digest => registry.readManifest(repository, digest))
    },
    clock
  )
  const remove = remover(
    drift,
    {
      remove: (version, precondition) =>
        packages.remove(pkg, version.id, () => {
          if (!precondition()) return false
          announce(deletionOf(version))
          return true
        }),
      version: id => packages.version(pkg, id)
    },
    lackingRights(context.tokenKind, pkg, context.serverUrl),
    clock
  )
  const untag = untagger(
    drift,
    {
      head: tag => registry.headTag(repository, tag),
      put: (version, tag, bytes, mediaType) => {
        announce({ action: 'untag', version, tag })
        return registry.putManifest(repository, tag, bytes, mediaType)
      },
      newest: async () => (await packages.page(pkg, 1)).seen
    },
    new Set(inventory.versions.map(version => version.digest)),
    remove,
    clock
  )
  const stays = tagsThatStay(plan)
  return step => {
    if (step.action === 'untag') return untag(step.version, step.tag, stays.get(step.version.id) ?? [])
    if (step.action === 'delete') return remove(step.version)
    throw new Error('a step that restores is none of a plan that deletes')
  }
}

/** By version id, the tags that an untagged version keeps. */
function tagsThatStay(plan: Plan): Map<number, readonly string[]> {
  return new Map(
    plan.decisions.flatMap(decision =>
      decision.verdict === 'keep' && decision.untag.length > 0
        ? [[decision.version.id, decision.version.tags.filter(tag => !decision.untag.includes(tag))] as const]
        : []
    )
  )
}

function deletionOf(version: PackageVersion): Step {
  return { action: 'delete', version, after: [], root: version.digest }
}
