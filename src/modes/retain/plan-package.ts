import { type Candidate, dismiss } from '../../apply/apply.ts'
import type { Services } from '../../context.ts'
import { readLabels } from '../../inventory/labels.ts'
import { type Matters, orProblem, type Surveyed, survey } from '../../inventory/load.ts'
import type { Package } from '../../model/package.ts'
import { couldChange } from '../../policy/could-change.ts'
import { policyHash } from '../../policy/hash.ts'
import { inquire } from '../../policy/inquiry.ts'
import { wantedLabels } from '../../policy/labels.ts'
import { decide } from '../../policy/plan.ts'
import type { Policy } from '../../policy/rule.ts'
import type { Approved } from '../../policy/saved-plan.ts'
import type { World } from '../../policy/usage.ts'
import type { AskWorld } from '../../usage/ask.ts'
import { applyTo } from './approval.ts'

/** What is done with a package beside deciding on it. */
export interface Errand {
  readonly askWorld: AskWorld
  /** A tag or a digest whose verdict is to be explained. */
  readonly explain: string | undefined
  readonly approved: Approved | undefined
}

/** Reads one package and decides on it, or finds what of an approved plan still holds. */
export async function consider(
  pkg: Package,
  policy: Policy,
  errand: Errand,
  services: Services
): Promise<Candidate> {
  // One moment for all decisions: nothing may come of age between them.
  const now = services.clock.now()
  const seen = await orProblem(() => look(pkg, policy, errand, services, now))
  if ('problem' in seen) return dismiss(pkg, seen)
  const { surveyed, world, troubles } = seen
  const { inventory, reads } = surveyed
  const { approved, explain } = errand
  const plan = decide(inventory, policy, world, now)
  if (approved !== undefined) {
    const applied = applyTo(surveyed, approved, plan, policy)
    return { ...applied, run: { ...applied.run, alarms: troubles } }
  }
  const explanations =
    explain === undefined ? {} : { explanations: inquire(explain, plan, inventory, policy, world, now) }
  return {
    run: {
      package: pkg,
      plan,
      outcomes: [],
      ...explanations,
      policy: policyHash(policy),
      reads,
      alarms: troubles,
      warnings: []
    },
    surveyed,
    left: false
  }
}

/** All that the decision rests on, asked in the order in which one thing tells what else is worth asking. */
interface Seen {
  readonly surveyed: Surveyed
  readonly world: World
  readonly troubles: readonly string[]
}

async function look(
  pkg: Package,
  policy: Policy,
  { askWorld, explain, approved }: Errand,
  services: Services,
  now: number
): Promise<Seen> {
  let asked: Awaited<ReturnType<AskWorld>> | undefined
  const matters: Matters = async (versions, untaggedSince) => {
    asked = await askWorld(pkg, policy, versions)
    if (approved !== undefined) return approved.deletions.size > 0
    const isMeant = versions.some(({ digest, tags }) => digest === explain || tags.includes(explain ?? ''))
    return isMeant || couldChange(pkg, versions, policy, { ...asked.world, untaggedSince }, now)
  }
  const surveyed = await survey(pkg, services, matters)
  if (asked === undefined) throw new Error('the survey did not ask what matters')
  const { inventory, untaggedSince } = surveyed
  const world = { ...asked.world, untaggedSince }
  const wanted = wantedLabels(inventory, policy, world, now)
  const { labels, troubles } = await readLabels(pkg, wanted, inventory, services.registry)
  return { surveyed, world: { ...world, labels }, troubles: [...asked.troubles, ...troubles] }
}
