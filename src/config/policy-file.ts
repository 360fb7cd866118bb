import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { InputError, messageOf } from '../errors.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import { parseAge } from '../policy/age.ts'
import { type Patterns, parsePatterns, parseRange } from '../policy/pattern.ts'
import type { GroupBy, KeepClauses, Match, Period, Policy, Rule } from '../policy/rule.ts'
import { type PolicySchema, policySchema, type SettingsSchema, type TestSchema } from './policy-schema.ts'
import { asList } from './rule-check.ts'
import type { RuleSchema } from './rule-schema.ts'
import { type SchemaError, schemaErrors } from './schema-errors.ts'

/** What is in use beside the registry: layer 0 keeps what it names. */
export interface Protect {
  /** Globs of files whose references stay. */
  readonly files: readonly string[]
  /** A file with one image reference a line. */
  readonly list: string | undefined
  readonly git: readonly ('git-tags' | 'releases' | 'branches' | 'pull-requests')[]
}

/** A case that the policy must decide as it says. */
export type PolicyTest = TestSchema

/** A policy file, read and checked. */
export interface PolicyFile {
  readonly protect: Protect
  readonly packages: readonly PackageEntry[]
  readonly tests: readonly PolicyTest[]
}

/** What the file says of the packages that it matches; settings that it does not mention are absent. */
export interface PackageEntry {
  readonly match: Patterns
  readonly rules: readonly Rule[]
  readonly settings: Partial<Omit<Policy, 'rules'>>
}

/**
 * Reads a policy file.
 *
 * @param text YAML 1.2
 * @param fileName for the messages
 * @throws InputError with all that is wrong with it at once, each with line and column
 */
export function parsePolicyFile(text: string, fileName: string): PolicyFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${fileName}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    throw new InputError(document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message}.`))
  }
  const misplaced = prototypeKeys(document)
  if (misplaced.length > 0) {
    throw new InputError(
      misplaced.map(offset => `${at(offset)}: \`__proto__\` cannot be a key of a policy. Remove it.`)
    )
  }
  const result = policySchema.safeParse(contentOf(document, fileName), { reportInput: true })
  if (result.success) return fileFrom(result.data)
  const faults = schemaErrors(result.error.issues, policySchema)
    .map(fault => ({ offset: offsetOf(document, fault), sentence: `${nameOf(fault)}${fault.sentence}` }))
    .sort((a, b) => a.offset - b.offset)
  throw new InputError(faults.map(({ offset, sentence }) => `${at(offset)}: ${sentence}`))
}

/** Settings where nobody says anything. */
const DEFAULTS: Policy = { rules: [], grace: 24 * 3_600_000, ageFrom: 'newest' }

/**
 * The policy for one package: that of the first entry that matches its name.
 *
 * @param inputs what the plain inputs say: their rules hold too, and their brakes and budget, of two the stricter;
 *   their grace and `age-from` where the file is silent
 * @returns undefined when no entry matches: then the package is not touched
 */
export function policyFor(
  file: PolicyFile,
  packageName: string,
  inputs: Policy = DEFAULTS
): Policy | undefined {
  const entry = file.packages.find(({ match }) => match.scan([packageName]).has(packageName))
  return entry && policyOf(entry, inputs)
}

/** The policy of one entry, and of the plain inputs. */
export function policyOf({ rules, settings }: PackageEntry, inputs: Policy = DEFAULTS): Policy {
  return {
    ...inputs,
    ...settings,
    ...present<Partial<Policy>>({
      minRemaining: stricter(Math.max, settings.minRemaining, inputs.minRemaining),
      maxDeletions: stricter(Math.min, settings.maxDeletions, inputs.maxDeletions),
      maxDeletionPercent: stricter(Math.min, settings.maxDeletionPercent, inputs.maxDeletionPercent),
      deletionsPerRun: stricter(Math.min, settings.deletionsPerRun, inputs.deletionsPerRun)
    }),
    rules: [...rules, ...inputs.rules]
  }
}

function stricter(
  choose: (...limits: number[]) => number,
  ...limits: readonly (number | undefined)[]
): number | undefined {
  const set = limits.filter(limit => limit !== undefined)
  return set.length === 0 ? undefined : choose(...set)
}

function contentOf(document: Document, fileName: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new InputError([`${fileName}: ${messageOf(error)}.`])
  }
}

/** Where `__proto__` is a key: no object of JavaScript can hold it as one, so a condition on it would be lost. */
function prototypeKeys(document: Document): number[] {
  const offsets: number[] = []
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__') offsets.push(key.range?.[0] ?? 0)
    }
  })
  return offsets
}

/** `packages[0].rules[1].match.tags: `, nothing for the file itself. */
function nameOf({ path }: SchemaError): string {
  const keys = path.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`
  )
  return keys.length === 0 ? '' : `${keys.join('')}: `
}

/** Where the value stands, or the key; for what is missing, where it should have been. */
function offsetOf(document: Document, { path, key }: SchemaError): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    const keyNode = key && length === path.length ? keyNodeOf(document, path) : undefined
    const range = (keyNode ?? node)?.range
    if (range) return range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function keyNodeOf(document: Document, path: readonly PropertyKey[]): Node | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(
    item => isPair(item) && isScalar(item.key) && String(item.key.value) === path.at(-1)
  )
  return pair?.key as Node | undefined
}

function fileFrom({ defaults = {}, protect, packages, tests = [] }: PolicySchema): PolicyFile {
  return {
    protect: { files: asList(protect?.files), list: protect?.list, git: asList(protect?.git) },
    packages: packages.map(({ match, rules, repository, ...settings }) => ({
      match: parsePatterns(asList(match).map(inLowerCase)),
      rules: rules.map(ruleFrom),
      settings: {
        ...settingsFrom(defaults),
        ...settingsFrom(settings),
        ...present<Pick<Policy, 'repository'>>({ repository })
      }
    })),
    tests
  }
}

/** The registry's names are in lower case, however people write them. */
function inLowerCase(pattern: string): string {
  return /^!?\//.test(pattern) ? pattern : pattern.toLowerCase()
}

function settingsFrom(shape: SettingsSchema): PackageEntry['settings'] {
  return present({
    grace: ageIn(shape.grace),
    ageFrom: shape['age-from'],
    minRemaining: shape['min-remaining'],
    maxDeletions: shape['max-deletions'],
    maxDeletionPercent: shape['max-deletion-percent'],
    deletionsPerRun: shape['deletions-per-run']
  })
}

function ruleFrom(shape: RuleSchema, index: number): Rule {
  const groupBy = groupFrom(shape['group-by'])
  const base = {
    name: shape.name ?? `rule ${index + 1}`,
    match: matchFrom(shape),
    keep: keepFrom(shape),
    ...(groupBy === undefined ? {} : { groupBy }),
    rankBy: shape['rank-by'] ?? (shape.match.semver === undefined ? 'created' : 'semver')
  }
  return shape.action === 'keep'
    ? { ...base, action: 'keep' }
    : { ...base, action: 'delete', tagMatch: shape['tag-match'] ?? 'all', untag: shape.untag ?? false }
}

function matchFrom({ match, action }: RuleSchema): Match {
  const preReleases = action === 'keep' ? 'include' : 'exclude'
  const untagged = match.untagged ?? (match['untagged-for'] === undefined ? undefined : true)
  return present<Match>({
    tags:
      match.tags === undefined
        ? undefined
        : parsePatterns(asList(match.tags), action === 'keep' ? 'include' : 'named'),
    semver:
      match.semver === undefined
        ? undefined
        : {
            range: parseRange(match.semver, 'include'),
            preReleases: match.prerelease ?? preReleases,
            variants: asList(match.variants)
          },
    untagged,
    states: setOf(match.state),
    digests: setOf(match.digests === undefined ? undefined : digestsIn(match.digests)),
    olderThan: ageIn(match['older-than']),
    newerThan: ageIn(match['newer-than']),
    untaggedFor: ageIn(match['untagged-for']),
    pullRequest: match['pull-request'] && { closedFor: ageIn(match['closed-for']) ?? 0 },
    branchDeleted: match.branch && true,
    gitTagDeleted: match['git-tag'] && true,
    labels:
      match.labels &&
      new Map(Object.entries(match.labels).map(([label, globs]) => [label, parsePatterns(asList(globs))])),
    kinds: setOf(match.kind)
  })
}

function keepFrom(shape: RuleSchema): KeepClauses {
  const periods = new Map<Period, number>()
  for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
    const count = shape[`keep-${period}`]
    if (count !== undefined) periods.set(period, count)
  }
  return { ...present({ atLeast: shape['keep-at-least'], within: ageIn(shape['keep-within']) }), periods }
}

function groupFrom(group: string | undefined): GroupBy | undefined {
  if (group === undefined) return undefined
  return group === 'semver-minor' || group === 'semver-major' ? { by: group } : { by: 'group', group }
}

function digestsIn(texts: string | readonly string[]): Digest[] {
  return asList(texts)
    .map(parseDigest)
    .filter(digest => digest !== undefined)
}

function ageIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseAge(text)
}

function setOf<T>(values: T | readonly T[] | undefined): ReadonlySet<T> | undefined {
  return values === undefined ? undefined : new Set(asList(values))
}

/** Without the keys that are undefined: an absent field is one that nobody spoke of. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
