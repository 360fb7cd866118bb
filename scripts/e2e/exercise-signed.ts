import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../../src/report/record.ts'
import { act, exercise, type Scene } from './exercise.ts'
import { bodyOf } from './expected.ts'
import type { Signed, SignedPackage } from './signed.ts'
import type { Workshop } from './workshop.ts'

/** What goes of a package whose tags say it all. */
const RETENTION = { 'keep-tags': 'v*', 'delete-tags': 'build-*' }

const nameOf = ({ repository }: SignedPackage): string => repository.split('/').slice(1).join('/')

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

/** Retention of an image a run: every run that stops early leaves nothing broken, and the last one nothing over. */
export async function exerciseBudget(pkg: SignedPackage, scene: Scene): Promise<void> {
  const { checks } = scene
  const name = nameOf(pkg)
  const inputs = { packages: name, ...RETENTION, 'deletions-per-run': String(pkg.going.manifests.length) }
  let runs = 0
  for (let deleted = '?'; deleted !== '0' && runs < 20; runs++) {
    const { outputs } = await act(`${name}, run ${runs + 1}`, inputs, scene)
    deleted = outputs['deleted-count'] ?? '0'
    checks.same(await holes(pkg, scene), [], `${name}: every tag is whole after run ${runs + 1}`)
  }
  await lookAt(pkg, false, `${name} after all runs`, scene)
}

/** What must hold of both images and of all that describes them, by the registry's files and by the clients. */
async function lookAt(pkg: SignedPackage, isBack: boolean, when: string, scene: Scene): Promise<void> {
  const { checks, registry } = scene
  const { repository, signer, kept, going } = pkg
  const { manifests, tags } = await registry.shelf(repository)
  const left = going.manifests.filter(digest => manifests.has(digest))
  checks.sameLines(
    left,
    isBack ? going.manifests : [],
    `${when}: the image that goes ${isBack ? 'is back' : 'left nothing'}`
  )
  const lost = kept.manifests.filter(digest => !manifests.has(digest))
  checks.same(lost, [], `${when}: the image that stays lost nothing`)
  const expected = tagsOf(pkg, true).concat(isBack ? tagsOf(pkg, false) : [])
  checks.sameLines(tags.keys(), expected, `${when}: the tags are the right ones`)
  for (const image of isBack ? [kept, going] : [kept]) await askClients(image, signer, when, checks)
}

async function askClients(
  { index, referrers }: Signed,
  signer: SignedPackage['signer'],
  when: string,
  checks: Scene['checks']
): Promise<void> {
  if (signer.has('oras')) {
    checks.sameLines(
      await signer.discover(index),
      referrers,
      `${when}: oras finds all that describes ${index}`
    )
  }
  if (!signer.has('cosign')) return
  const complaint = await signer.verify(index)
  checks.that(complaint === undefined, `${when}: cosign verifies ${index}`, complaint)
}

/** Tags that cannot be pulled whole, each with what is missing. */
async function holes({ repository }: SignedPackage, { registry }: Scene): Promise<string[]> {
  const shelf = await registry.shelf(repository)
  const missing: string[] = []
  for (const [tag, root] of shelf.tags) {
    const below = new Set([root])
    for (const digest of below) {
      if (!shelf.manifests.has(digest)) missing.push(`${tag} lacks ${digest}`)
      else
        for (const child of (await bodyOf(registry, repository, digest)).manifests ?? [])
          below.add(child.digest)
    }
  }
  return missing
}

async function restore(name: string, record: RunRecord, scene: Scene, workshop: Workshop): Promise<void> {
  const file = join(workshop.dir, `report-of-${name.replaceAll('/', '-')}.json`)
  writeFileSync(file, JSON.stringify(record))
  await act(`undo of ${name}`, { mode: 'restore', packages: name, restore: file }, scene)
}

const tagsOf = ({ tags }: SignedPackage, stays: boolean): string[] =>
  [...tags].filter(([, stay]) => stay === stays).map(([tag]) => tag)
