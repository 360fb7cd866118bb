import type { TagState } from '../model/check.ts'
import type { Decision, Outcome, Step } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { count } from '../util/format.ts'
import { missingImages, missingTags } from './check-tally.ts'
import { phrase } from './phrases.ts'
import { broughtBack, total } from './tally.ts'

/** The action's outputs, in the order of action.yml. */
export const OUTPUT_NAMES = [
  'deleted-count',
  'planned-count',
  'kept-count',
  'failed-count',
  'untagged-count',
  'restored-count',
  'deleted',
  'failed',
  'missing',
  'missing-tags',
  'checked-tags',
  'dispatched',
  'packages',
  'incomplete',
  'report'
] as const

export type OutputName = (typeof OUTPUT_NAMES)[number]

export interface Outputs {
  readonly values: Readonly<Record<OutputName, string>>
  /** Sentences about what had to be cut. */
  readonly warnings: readonly string[]
}

/** The outputs of a run that did nothing. */
export const EMPTY_OUTPUTS: Readonly<Record<OutputName, string>> = {
  'deleted-count': '0',
  'planned-count': '0',
  'kept-count': '0',
  'failed-count': '0',
  'untagged-count': '0',
  'restored-count': '0',
  deleted: '[]',
  failed: '[]',
  missing: '[]',
  'missing-tags': '',
  'checked-tags': '',
  dispatched: '[]',
  packages: '[]',
  incomplete: 'false',
  report: ''
}

/** An entry of the outputs `deleted` and `failed`. */
interface ChangeEntry {
  readonly package: string
  readonly id: number
  readonly digest: Digest
  readonly tags: readonly string[]
  readonly reason: string
}

/** GitHub takes 1 MB of outputs from a whole job, counted about as UTF-16; no single array may use it up. */
const MOST_CHARACTERS = 150_000

/**
 * What the action hands to later steps. Arrays that would be too large for GitHub are cut after their first
 * entries, with a warning; the report has all of them.
 *
 * @param reportPath where the JSON report is
 */
export function outputs(run: RunResult, reportPath: string): Outputs {
  const warnings: string[] = []
  const noteCut = (name: OutputName, dropped: number): void => {
    if (dropped === 0) return
    warnings.push(
      `The output \`${name}\` lacks its last ${count(dropped, 'entry', 'entries')}, ` +
        'for GitHub limits the size of outputs; the JSON report has all.'
    )
  }
  const array = (name: OutputName, entries: readonly unknown[]): string => {
    const parts = fitting(entries.map(one => JSON.stringify(one)))
    noteCut(name, entries.length - parts.length)
    return `[${parts.join(',')}]`
  }
  const lines = (name: OutputName, entries: readonly string[]): string => {
    const parts = fitting(entries)
    noteCut(name, entries.length - parts.length)
    return parts.join('\n')
  }
  const sums = total(run.packages)
  const left = sums.left > 0 || run.packages.some(one => one.outcomes.some(({ status }) => status === 'left'))
  return {
    values: {
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
    },
    warnings
  }
}

/** A package as the input `packages` takes it: a name that begins with the owner is a slip without the owner in front. */
function packageEntry({ package: { name, owner } }: PackageRun): string {
  const login = owner.login.toLowerCase()
  return name.startsWith(`${login}/`) ? `${login}/${name}` : name
}

/** The same in a dry run and in a real one. */
function plannedDeletions({ plan }: PackageRun): readonly Step[] {
  return plan?.steps.filter(step => step.action === 'delete') ?? []
}

function deleted(run: PackageRun): ChangeEntry[] {
  const verdicts = new Map<Digest, Decision>()
  for (const decision of run.plan?.decisions ?? []) verdicts.set(decision.version.digest, decision)
  const back = broughtBack(run.outcomes)
  return run.outcomes
    .filter(({ step, status }) => step.action === 'delete' && status === 'done' && !back.has(step.version.id))
    .map(outcome => {
      const decision = verdicts.get(outcome.step.version.digest)
      return entry(run, outcome, decision === undefined ? '' : phrase(decision.reasons[0]))
    })
}

function failed(run: PackageRun): ChangeEntry[] {
  return run.outcomes
    .filter(({ status }) => status === 'failed')
    .map(outcome => entry(run, outcome, outcome.detail))
}

function entry(run: PackageRun, outcome: Outcome, reason: string): ChangeEntry {
  const { id, digest, tags } = outcome.step.version
  return { package: run.package.name, id, digest, tags, reason }
}

/** As many from the start as fit, each with what stands between two. */
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

/** An entry of the output `missing`. */
interface MissingEntry {
  readonly package: string
  readonly tag: string
  readonly state: TagState
  readonly lacks: readonly string[]
  /** Image tags any of which would do. */
  readonly images: readonly string[]
}

/** An entry of the output `dispatched`. */
interface DispatchedEntry {
  readonly tag: string
  readonly workflow: string
  readonly repository: string
  readonly url: string
  readonly status: string
}

function missingEntries({ packages }: RunResult): MissingEntry[] {
  return missingImages(packages).map(({ run, check: { tag, state, lacks, images } }) => ({
    package: run.package.name,
    tag,
    state,
    lacks,
    images
  }))
}

/** What was really started: only that has an address. */
function dispatchedEntries({ check }: RunResult): DispatchedEntry[] {
  return (check?.dispatches ?? []).flatMap(({ tag, workflow, repository, url, status }) =>
    url === undefined ? [] : [{ tag, workflow, repository, url, status }]
  )
}
