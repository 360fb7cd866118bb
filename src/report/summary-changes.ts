import type { Decision, Outcome, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Package } from '../model/package.ts'
import { count, formatNumber } from '../util/format.ts'
import { code, LEFT, RIGHT, section } from './markdown.ts'
import { columnsFor, FEW_ROWS, type ReasonColumns, type Verdicts, versionCell } from './summary-lists.ts'
import { deletionsIn, GONE, hidesImages } from './tally.ts'

/** Roots of images that were changed, and how many of the changed versions are parts of each. */
function imagesIn(changes: readonly { readonly step: Step }[]): { root: Digest; parts: number }[] {
  const images = new Map<Digest, number>()
  for (const { step } of changes) {
    if (step.action === 'untag') continue
    images.set(step.root, (images.get(step.root) ?? 0) + (step.version.digest === step.root ? 0 : 1))
  }
  return [...images].map(([root, parts]) => ({ root, parts }))
}

type Image = { readonly root: Digest; readonly parts: number; readonly decision: Decision | undefined }

/** `2 images, and 4 parts of them …`: says what the column of parts counts. */
function withParts(images: number, versions: number): string {
  const parts = versions - images
  const them = images === 1 ? 'it' : 'them'
  const of =
    parts === 0 ? '' : `, and ${count(parts, 'part')} of ${them} (platforms, attestations, signatures)`
  return `${count(images, 'image')}${of}`
}

/** One row an image: a root, and how many of its children and referrers go with it. */
export function deletedPart(
  verdicts: Verdicts,
  outcomes: readonly Outcome[],
  most: number,
  pkg: Package
): string {
  const went = deletionsIn(outcomes, GONE)
  const isPlanned = went.some(outcome => outcome.status === 'planned')
  // What is gone has no page; a link in each of thousands of rows would leave room for half of them.
  const link = isPlanned && imagesIn(went).length <= FEW_ROWS ? pkg : undefined
  const reasons = imagesIn(went).flatMap(({ root }) => verdicts.get(root)?.reasons[0] ?? [])
  const title = isPlanned ? 'Would be deleted' : 'Deleted'
  return changedPart(title, went, verdicts, most, columnsFor(reasons), link)
}

/** The same of what is restored. */
export function restoredPart(verdicts: Verdicts, outcomes: readonly Outcome[], most: number): string {
  const back = outcomes.filter(
    ({ step, status }) => step.action === 'restore' && (status === 'done' || status === 'planned')
  )
  const title = back.some(({ status }) => status === 'planned') ? 'Would be restored' : 'Restored'
  return changedPart(title, back, verdicts, most, [])
}

/** A row for each image that was changed, or for each version where nobody knows the images. */
function changedPart(
  title: string,
  changes: readonly Outcome[],
  verdicts: Verdicts,
  most: number,
  columns: ReasonColumns,
  link?: Package
): string {
  const images = imagesIn(changes).map(image => ({ ...image, decision: verdicts.get(image.root) }))
  const versions = new Map(changes.map(({ step: { version } }) => [version.digest, version]))
  const first = changes[0] && verdicts.get(changes[0].step.version.digest)?.reasons[0]
  const isHidden = first !== undefined && hidesImages(first)
  const hasParts = changes.length > images.length
  return section(
    `${title}: ${isHidden ? count(changes.length, 'version') : withParts(images.length, changes.length)}`,
    images,
    isHidden ? 'version' : 'image',
    most,
    [
      LEFT(isHidden ? 'Version' : 'Image', ({ root, decision }) => {
        const version = versions.get(root) ?? decision?.version
        return version === undefined ? code(shortDigest(root)) : versionCell(version, link)
      }),
      ...(hasParts
        ? [RIGHT('Parts', ({ parts }: Image) => (parts === 0 ? '' : `+${formatNumber(parts)}`))]
        : []),
      ...columns.map(({ cell, ...head }) => ({
        ...head,
        cell: ({ decision }: Image) => (decision === undefined ? '' : cell(decision))
      }))
    ]
  )
}
