import type { Step } from '../model/decision.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { count } from '../util/format.ts'
import { phrase } from './phrases.ts'
import { deletionsIn, missingImages, missingTags, total } from './tally.ts'

/** GitHub takes 1 MB of outputs from a whole job, counted about as UTF-16; no single array may use it up. */
const MOST_CHARACTERS = 150_000

/** What of a run its outputs tell. */
type Told = Pick<RunResult, 'packages' | 'check' | 'incomplete'>

/**
 * What the action hands to later steps, in the order of action.yml. Arrays that would be too large for GitHub are cut after their first
 * entries, with a warning; the report has all of them.
 *
 * @param reportPath where the JSON report is
 * @returns the values, and sentences about what had to be cut
 */
export function outputs(run: Told, reportPath: string) {
  const warnings: string[] = []
  const cut = (name: string, entries: readonly string[]): string[] => {
    const parts = fitting(entries)
    if (parts.length < entries.length) {
      warnings.push(
        `The output \`${name}\` lacks its last ${count(entries.length - parts.length, 'entry', 'entries')}, ` +
          'because GitHub limits the size of outputs; the JSON report has all.'
      )
    }
    return parts
  }
  const lines = (name: string, entries: readonly string[]): string => cut(name, entries).join('\n')
  const array = (name: string, entries: readonly unknown[]): string =>
    `[${cut(
      name,
      entries.map(one => JSON.stringify(one))
    ).join(',')}]`
  const sums = total(run.packages)
  const left = sums.left > 0 || run.packages.some(one => one.outcomes.some(({ status }) => status === 'left'))
  const values = {
    'deleted-count': String(sums.deleted),
    'planned-count': String(run.packages.flatMap(plannedDeletions).length),
    'kept-count': String(sums.kept),
    'failed-count': String(run.packages.flatMap(failed).length),
    'untagged-count': String(sums.untagged),
    'restored-count': String(sums.restored),
    deleted: array('deleted', run.packages.flatMap(deleted)),
    failed: array('failed', run.packages.flatMap(failed)),
    missing: array('missing', missingEntries(run)),
    'missing-tags': lines('missing-tags', missingTags(run)),
    'checked-tags': lines('checked-tags', run.check?.expected ?? []),
    dispatched: array('dispatched', dispatchedEntries(run)),
    packages: array('packages', run.packages.map(packageEntry)),
    incomplete: String(run.incomplete !== undefined || left),
    report: reportPath
  }
  return { values, warnings }
}

/** The outputs of a run that did nothing. */
export const EMPTY_OUTPUTS = outputs({ packages: [] }, '').values

export type OutputName = keyof typeof EMPTY_OUTPUTS

/** A package as the input `packages` takes it: a name that begins with the owner is a slip without the owner in front. */
function packageEntry({ package: { name, owner } }: PackageRun): string {
  const login = owner.login.toLowerCase()
  return name.startsWith(`${login}/`) ? `${login}/${name}` : name
}

/** The same in a dry run and in a real one. */
function plannedDeletions({ plan }: PackageRun): readonly Step[] {
  return plan?.steps.filter(step => step.action === 'delete') ?? []
}

function deleted(run: PackageRun): object[] {
  const verdicts = new Map(run.plan?.decisions.map(decision => [decision.version.digest, decision]))
  return deletionsIn(run.outcomes, ['done']).map(({ step }) => {
    const decision = verdicts.get(step.version.digest)
    return changeEntry(run, step, decision === undefined ? '' : phrase(decision.reasons[0]))
  })
}

function failed(run: PackageRun): object[] {
  return run.outcomes
    .filter(({ status }) => status === 'failed')
    .map(({ step, detail }) => changeEntry(run, step, detail))
}

/** An entry of the outputs `deleted` and `failed`. */
function changeEntry(run: PackageRun, { version: { id, digest, tags } }: Step, reason: string): object {
  return { package: run.package.name, id, digest, tags, reason }
}

/** As many from the start as fit, separators included. */
function fitting(entries: readonly string[]): string[] {
  const parts: string[] = []
  let room = MOST_CHARACTERS
  for (const part of entries) {
    room -= part.length + 1
    if (room < 0) break
    parts.push(part)
  }
  return parts
}

/** Any one of `images`, which are tags, would do. */
function missingEntries({ packages }: Told): object[] {
  return missingImages(packages).map(({ run, check: { tag, state, lacks, images } }) => ({
    package: run.package.name,
    tag,
    state,
    lacks,
    images
  }))
}

/** What was really started: only that has an address. */
function dispatchedEntries({ check }: Told): object[] {
  return (check?.dispatches ?? []).flatMap(({ tag, workflow, repository, url, status }) =>
    url === undefined ? [] : [{ tag, workflow, repository, url, status }]
  )
}
