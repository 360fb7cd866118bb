import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../../src/report/record.ts'
import { bodyOf, isManifest } from './body.ts'
import { act, exercise, type Scene } from './exercise.ts'
import { manifestsOf, type Signed, type SignedPackage } from './signed.ts'
import type { Workshop } from './workshop.ts'

/** What goes of a package whose tags say it all: `0.*` are charts. */
export const RETENTION = { 'keep-tags': 'v*, 1.*', 'delete-tags': 'build-*, 0.*' }

export const nameOf = ({ repository }: SignedPackage): string => repository.split('/').slice(1).join('/')

/**
 * Retention, undo and purge of signed images: what described the deleted image goes with it and comes back with it,
 * whether untagged versions are deleted or not, and the clients themselves find the rest whole after each step.
 */
export async function exerciseSigned(
  pkg: SignedPackage,
  deleteUntagged: boolean,
  scene: Scene,
  workshop: Workshop
): Promise<void> {
  const name = nameOf(pkg)
  const inputs = { packages: name, ...RETENTION, 'delete-untagged': String(deleteUntagged) }
  const record = await exercise(`retention of ${name}`, inputs, [pkg], scene)
  await lookAt(pkg, false, `${name} after retention`, scene)

  await restore(name, record, scene, workshop)
  await lookAt(pkg, true, `${name} after undo`, scene)

  const purge = { mode: 'purge', packages: name, purge: tagsOf(pkg, false).join(' '), confirm: name }
  await act(`purge of ${name}`, purge, scene)
  await lookAt(pkg, false, `${name} after purge`, scene)
}

/**
 * Retention with room for the image alone, not for the chart beside it: each run ends whole, the last leaves nothing over.
 * Then all of it comes back without a report, by the time of its deletion.
 */
export async function exerciseBudget(pkg: SignedPackage, scene: Scene): Promise<void> {
  const { checks } = scene
  const name = nameOf(pkg)
  const room = String(manifestsOf(pkg.going).length - 1)
  const inputs = { packages: name, ...RETENTION, 'deletions-per-run': room }
  const left: string[] = []
  for (const run of ['first', 'second', 'third']) {
    const { outputs } = await act(`${name}, ${run} run`, inputs, scene)
    left.push(outputs['incomplete'] ?? '')
    checks.same(await holes(pkg, scene), [], `${name}: every tag is whole after the ${run} run`)
  }
  checks.same(left, ['true', 'false', 'false'], `${name}: it says when something is left`)
  await lookAt(pkg, false, `${name} after all runs`, scene)
  await act(`undo of ${name} by time`, { mode: 'restore', packages: name, restore: 'since 1h' }, scene)
  await lookAt(pkg, true, `${name} after undo by time`, scene)
}

/** What must hold of both images and of all that describes them, by the registry's files and by the clients. */
export async function lookAt(pkg: SignedPackage, isBack: boolean, when: string, scene: Scene): Promise<void> {
  const { checks, registry } = scene
  const { repository, signer, kept, going } = pkg
  const { manifests, tags } = await registry.stored(repository)
  const ofGoing = manifestsOf(going)
  checks.sameLines(
    ofGoing.filter(digest => manifests.has(digest)),
    isBack ? ofGoing : [],
    `${when}: the image that goes ${isBack ? 'is back' : 'left nothing'}`
  )
  const lost = manifestsOf(kept).filter(digest => !manifests.has(digest))
  checks.same(lost, [], `${when}: the image that stays lost nothing`)
  const expected = tagsOf(pkg, true).concat(isBack ? tagsOf(pkg, false) : [])
  checks.sameLines(tags.keys(), expected, `${when}: the tags are the right ones`)
  for (const image of isBack ? [kept, going] : [kept]) await askClients(image, signer, when, checks)
}

async function askClients(
  { index, chart, referrers }: Signed,
  signer: SignedPackage['signer'],
  when: string,
  checks: Scene['checks']
): Promise<void> {
  for (const client of ['oras', 'regctl'] as const) {
    if (!signer.has(client)) continue
    const found = await signer.discover(client, index)
    checks.sameLines(found, referrers, `${when}: ${client} finds all that describes ${index}`)
  }
  if (signer.has('cosign')) {
    const complaint = await signer.verify(index)
    checks.that(complaint === undefined, `${when}: cosign verifies ${index} in every form`, complaint)
  }
  if (signer.has('helm')) {
    checks.that(await signer.hasChart(chart), `${when}: helm pulls the chart ${chart}`)
  }
}

/** Tags that cannot be pulled whole, each with what is missing. */
export async function holes({ repository }: SignedPackage, { registry }: Scene): Promise<string[]> {
  const stored = await registry.stored(repository)
  const missing: string[] = []
  for (const [tag, root] of stored.tags) {
    const below = new Set([root])
    for (const digest of below) {
      if (!stored.manifests.has(digest)) missing.push(`${tag} lacks ${digest}`)
      else
        for (const child of (await bodyOf(registry, repository, digest)).manifests ?? [])
          if (isManifest(child)) below.add(child.digest)
    }
  }
  return missing
}

/** Undoes the run of this report. */
export async function restore(
  name: string,
  record: RunRecord,
  scene: Scene,
  workshop: Workshop
): Promise<void> {
  const inputs = { mode: 'restore', packages: name, restore: reportFile(name, record, workshop) }
  await act(`undo of ${name}`, inputs, scene)
}

/** A file with this report, as a later job would have downloaded it. */
export function reportFile(name: string, record: RunRecord, workshop: Workshop): string {
  const file = join(workshop.dir, `report-of-${name.replaceAll('/', '-')}.json`)
  writeFileSync(file, JSON.stringify(record))
  return file
}

const tagsOf = ({ tags }: SignedPackage, stays: boolean): string[] =>
  [...tags].filter(([, stay]) => stay === stays).map(([tag]) => tag)
