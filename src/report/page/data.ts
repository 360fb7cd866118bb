import { createHash } from 'node:crypto'
import type { Decision, Outcome, Reason } from '../../model/decision.ts'
import { type Digest, describedBy, referrerTag } from '../../model/digest.ts'
import type { Content } from '../../model/package.ts'
import type { PackageRun, RunResult } from '../../model/run.ts'
import { count, formatNumber } from '../../util/format.ts'
import { grouped } from '../../util/grouped.ts'
import { plainAddress } from '../markdown.ts'
import { groupOf, isPart, outcomeWord, phrase } from '../phrases.ts'
import { tally, UNDONE } from '../tally.ts'
import { failures, warningsOf } from '../verdict.ts'

/** What the page's script reads: `client.js` knows these names. Texts are plain, and many rows share them. */
export type PageData = ReturnType<typeof pageData>

type Tone = 'stays' | 'goes' | 'trouble'

/** One version; `k` … are places in the lists above, and `c` and `s` places among the rows. */
interface Row {
  /** Package, version id, digest, tags. */
  readonly p: number
  readonly i: number
  readonly d: string
  readonly t: readonly string[]
  /** The newest date, milliseconds since 1970; null where there is none. */
  readonly a: number | null
  /** State, group. */
  readonly k: number
  readonly g: number
  /** Every reason. */
  readonly r: readonly string[]
  /** What it names as an index, and what it describes. */
  readonly c?: readonly number[]
  readonly s?: number
  /** What it is: a platform, a media type of an artifact. */
  readonly n?: string
}

/** More rows than this make a browser slow: then kept parts of images are left out. */
const MOST_ROWS = 100_000

/** All that the page shows of a run. */
export function pageData(run: RunResult) {
  const groups = interned<string>(text => text)
  const states = interned<{ word: string; tone: Tone }>(({ word, tone }) => `${tone} ${word}`)
  const total = run.packages.reduce((sum, one) => sum + (one.plan?.decisions.length ?? 0), 0)
  const isListed = ({ reasons }: Decision): boolean => total <= MOST_ROWS || !isPart(reasons[0])
  const rows: Row[] = []
  for (const [place, one] of run.packages.entries()) {
    const decisions = (one.plan?.decisions ?? []).filter(isListed)
    for (const { state, group, ...row } of rowsOf(one, decisions, rows.length))
      rows.push({ p: place, ...row, k: states.place(state), g: groups.place(group) })
  }
  return {
    title: titleOf(run),
    mode: run.mode,
    dryRun: run.dryRun,
    /** ISO 8601 in UTC. */
    started: new Date(run.started).toISOString(),
    planDigest: planDigest(run),
    failures: failures(run),
    warnings: warningsOf(run),
    packages: run.packages.map(({ package: { name, url } }) => ({ name, url: plainAddress(url) })),
    /** Why versions stay or go, in groups. */
    groups: groups.values,
    states: states.values,
    rows,
    /** Kept parts of images that have no row, where there would be too many rows for a browser. */
    hidden: total - rows.length
  }
}

/** A row for each of some decisions on a package. @param first the place of the first of them among all rows */
function* rowsOf(run: PackageRun, decisions: readonly Decision[], first: number) {
  const outcomes = new Map(run.outcomes.map(outcome => [outcome.step.version.id, outcome]))
  const placeOf = new Map(decisions.map(({ version }, index) => [version.digest, first + index]))
  const byTag = new Map(decisions.map(({ version }, index) => [referrerTag(version.digest), first + index]))
  const names = namesIn(run)
  const parts = partsByRoot(run)
  for (const decision of decisions) {
    const { id, digest, tags, created, updated } = decision.version
    const date = Math.max(created ?? Number.NEGATIVE_INFINITY, updated ?? Number.NEGATIVE_INFINITY)
    const name = names.get(digest)
    yield {
      i: id,
      d: digest,
      t: tags,
      a: Number.isFinite(date) ? date : null,
      state: stateOf(decision, outcomes.get(id)),
      group: groupOf(decision),
      r: [...decision.reasons.map((reason: Reason) => phrase(reason)), ...detailOf(outcomes.get(id))],
      ...subjectOf(decision, byTag),
      ...edgesOf(run.contents?.get(digest), placeOf, parts.get(digest)),
      ...(name === undefined ? {} : { n: name })
    }
  }
}

/** The same for the same steps in the same order, whatever else changes: `sha256:<hex>`. */
export function planDigest({ packages }: RunResult): string {
  const hash = createHash('sha256')
  for (const { package: pkg, plan } of packages) {
    for (const step of plan?.steps ?? []) {
      const tag = step.action === 'untag' ? step.tag : ''
      hash.update(`${JSON.stringify([pkg.name, step.action, step.version.digest, tag])}\n`)
    }
  }
  return `sha256:${hash.digest('hex')}`
}

/** What comes or goes with each root, where no manifests were read that would say it. */
function partsByRoot({ contents, plan }: PackageRun): ReadonlyMap<Digest, Digest[]> {
  const steps = contents === undefined ? (plan?.steps ?? []) : []
  return grouped(
    steps.flatMap(step =>
      step.action === 'untag' || step.root === step.version.digest
        ? []
        : [[step.root, step.version.digest] as const]
    )
  )
}

function titleOf(run: RunResult): string {
  const action = run.mode === 'restore' ? 'restore' : 'delete'
  const steps = run.packages.flatMap(one => one.plan?.steps ?? [])
  const changes = steps.filter(step => step.action === action).length
  const versions = run.packages.reduce((sum, one) => sum + tally(one).versions, 0)
  const where = `${count(versions, 'version')} in ${count(run.packages.length, 'package')} of ${run.owner}`
  return run.dryRun
    ? `Dry run: ${formatNumber(changes)} of ${where} would be ${action}d`
    : `Mode ${run.mode}: ${where}`
}

function stateOf(decision: Decision, outcome: Outcome | undefined): { word: string; tone: Tone } {
  if (outcome === undefined || outcome.step.action === 'untag') {
    return decision.verdict === 'keep'
      ? { word: 'stays', tone: 'stays' }
      : { word: 'due, not deleted', tone: 'trouble' }
  }
  const tone: Tone = outcome.step.action === 'restore' ? 'stays' : 'goes'
  const isTrouble = outcome.status === 'failed' || UNDONE.includes(outcome.status)
  return { word: outcomeWord(outcome), tone: isTrouble ? 'trouble' : tone }
}

function detailOf(outcome: Outcome | undefined): string[] {
  return outcome === undefined || outcome.detail === '' ? [] : [outcome.detail]
}

function edgesOf(
  content: Content | undefined,
  placeOf: ReadonlyMap<Digest, number>,
  parts: readonly Digest[] = []
): Pick<Row, 'c' | 's'> {
  const { children = [], subject } = content?.state === 'read' ? content.manifest : {}
  const places = [...children.map(({ digest }) => digest), ...parts].flatMap(
    child => placeOf.get(child) ?? []
  )
  const described = subject === undefined ? undefined : placeOf.get(subject)
  return {
    ...(places.length === 0 ? {} : { c: places }),
    ...(described === undefined ? {} : { s: described })
  }
}

/** What a part describes by its tag alone, as cosign's `sha256-….sig` do. */
function subjectOf({ version, reasons }: Decision, byTag: ReadonlyMap<string, number>): Pick<Row, 's'> {
  if (reasons[0].code !== 'owned' && !isPart(reasons[0])) return {}
  const place = version.tags.map(tag => byTag.get(describedBy(tag) ?? '')).find(one => one !== undefined)
  return place === undefined ? {} : { s: place }
}

/** What versions are to those who named or read them: `linux/amd64`, `attestation`, `index`. */
function namesIn({ contents }: PackageRun): ReadonlyMap<Digest, string> {
  const names = new Map<Digest, string>()
  for (const [digest, content] of contents ?? []) {
    if (content.state !== 'read') continue
    const { form, kind, artifactType, children } = content.manifest
    if (!names.has(digest)) names.set(digest, form === 'index' ? 'index' : (artifactType ?? kind))
    for (const child of children) {
      const name = child.platform ?? (child.describes === undefined ? undefined : 'attestation')
      if (name !== undefined) names.set(child.digest, name)
    }
  }
  return names
}

/** Values that are told by their places in a list. */
function interned<T>(keyOf: (value: T) => string) {
  const places = new Map<string, number>()
  const values: T[] = []
  return {
    values,
    place(value: T): number {
      const key = keyOf(value)
      const known = places.get(key)
      if (known !== undefined) return known
      places.set(key, values.length)
      return values.push(value) - 1
    }
  }
}
