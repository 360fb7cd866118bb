import * as z from 'zod'
import { BROKEN_STATES } from '../../model/decision.ts'
import { parseDigest } from '../../model/digest.ts'
import { KINDS } from '../../model/manifest.ts'
import { parsePatterns, parseRange, parseTextGlobs } from '../../policy/pattern.ts'
import type { GroupBy, KeepClauses, Match, Period, Rule } from '../../policy/rule.ts'
import { ageAdvice, parseAge } from '../../policy/time.ts'
import { present } from '../../util/present.ts'
import { refuseMetadata } from '../fields/metadata-lines.ts'
import { refuseSlip } from '../fields/pattern-slip.ts'
import { attempt, type Read, refuse } from '../fields/read.ts'
import { checkPattern, digestAdvice } from '../fields/tag-fields.ts'

/** One rule of a policy file, key by key, and the kinds of values that settings share with it. */

/** What `parse` refuses is told, and checks of several keys go on: all that is wrong is told at once. */
const telling =
  <T>(parse: Read<T>) =>
  (input: string, { issues }: z.RefinementCtx<string>): T => {
    const reading = attempt(parse, input)
    if ('value' in reading) return reading.value
    issues.push({ code: 'custom', message: reading.problems.join(' '), input, continue: true })
    return z.NEVER
  }

/** Text that `parse` understands. */
export const read = <T>(parse: Read<T>, schema = z.string()) => schema.transform(telling(parse))

/** Text that stays as it is written, also where `check` refuses it. */
const checked = (check: (text: string) => void) => z.string().superRefine(telling(check))

/** Milliseconds. A number without a unit is none, except 0. */
export const age = z.union([
  read(
    text => parseAge(text) ?? refuse(`\`${text}\` is not an age. ${ageAdvice(text)}`),
    z.string().meta({ examples: ['36h', '30d', '2 weeks', '1 year'] })
  ),
  z
    .number()
    .refine(number => number === 0, {
      error: ({ input }) =>
        `It must be text, and YAML reads it as ${String(input)}. ${ageAdvice(String(input))}`
    })
    .meta({ const: 0 })
])

const tagPattern = checked(text => {
  refuseMetadata(text, 'patterns')
  checkPattern(text, 'image tag')
})
export const packagePattern = checked(text => {
  refuseSlip(text.toLowerCase(), 'package')
  parsePatterns([text])
})
const glob = checked(text => {
  if (/^!?(?:\/|semver:)/.test(text)) refuse(`The pattern \`${text}\` must be a glob here.`)
  refuseSlip(text, 'label value')
  parsePatterns([text])
})
const range = read(text => parseRange(text, 'include'))
const digest = read(text => parseDigest(text) ?? refuse(`\`${text}\` ${digestAdvice(text)}`))

/** One, or a list of them. */
export const some = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])

const match = z.strictObject({
  tags: some(tagPattern).optional().describe('Tags: a glob, !pattern, /regex/ or semver:RANGE'),
  semver: range.optional().describe('A range over X.Y.Z tags with an optional v; * is all'),
  prerelease: z
    .enum(['include', 'exclude', 'only'])
    .optional()
    .describe('Pre-releases within semver; keep rules include them by default, delete rules exclude them'),
  variants: some(z.string().min(1)).optional().describe('Suffixes such as alpine: each is a separate family'),
  untagged: z.literal(true).optional().describe('Versions without a tag that nothing points to'),
  state: some(z.enum(BROKEN_STATES))
    .optional()
    .describe('ghost: all children are gone; partial: some are; orphaned: what it describes is gone'),
  digests: some(digest).optional().describe('Full digests'),
  'older-than': age.optional().describe('Only what is older; narrows what is counted, too'),
  'newer-than': age.optional().describe('Only what is newer; narrows what is counted, too'),
  'untagged-for': age.optional().describe('Time since it was first seen without a tag'),
  'pull-request': z
    .literal('closed')
    .optional()
    .describe('The pull request whose number the named group "pr" holds is closed'),
  'closed-for': age.optional().describe('For longer than this'),
  branch: z
    .literal('deleted')
    .optional()
    .describe('The branch that the named group "branch", or the whole tag, names is gone'),
  'git-tag': z
    .literal('deleted')
    .optional()
    .describe('The git tag that the named group "tag", or the whole tag, names is gone'),
  labels: z
    .record(z.string(), some(glob))
    .refine(labels => Object.keys(labels).length > 0, 'It must not be empty.')
    .optional()
    .describe('Annotation or config label: globs on its value'),
  kind: some(z.enum(KINDS))
    .optional()
    .describe('Default: image and artifact; a tagged build cache is deleted only by a rule that names it')
})

export const count = z.int().min(0)

export const rule = z.strictObject({
  name: z.string().min(1).optional().describe('Its name in reports'),
  action: z.enum(['keep', 'delete']),
  match: match.describe('What the rule selects: every field must match, of a list any entry'),
  'keep-at-least': count.optional().describe('The newest of each group to keep'),
  'keep-within': age.optional().describe('Keep everything younger'),
  'keep-hourly': count.optional().describe('Keep the newest of each of the last N hours that have any'),
  'keep-daily': count.optional().describe('Keep the newest of each of the last N days that have any'),
  'keep-weekly': count.optional().describe('Keep the newest of each of the last N ISO weeks that have any'),
  'keep-monthly': count.optional().describe('Keep the newest of each of the last N months that have any'),
  'keep-yearly': count.optional().describe('Keep the newest of each of the last N years that have any'),
  'group-by': z
    .string()
    .optional()
    .describe('Counts each group separately: semver-minor, semver-major or a named group of the patterns'),
  'rank-by': z
    .enum(['created', 'updated', 'semver'])
    .optional()
    .describe('What newest means: semver where match.semver is used, otherwise created'),
  'tag-match': z.enum(['all', 'any']).optional().describe('any: one matching tag is enough to delete'),
  untag: z.boolean().optional().describe('Strip the matching tags where other tags hold the version')
})

/** A rule as the file has it, with its ages, digests and ranges read. */
export type WrittenRule = z.infer<typeof rule>

/** The rule that a checked one means; `index` is its place in the list, which is its name where it has none. */
export function ruleFrom(written: WrittenRule, index: number): Rule {
  const base = {
    name: written.name ?? `rule ${index + 1}`,
    match: matchFrom(written),
    keep: keepFrom(written),
    ...present({ groupBy: groupFrom(written['group-by']) }),
    rankBy: written['rank-by'] ?? (written.match.semver === undefined ? 'created' : 'semver')
  }
  return written.action === 'keep'
    ? { ...base, action: 'keep' }
    : { ...base, action: 'delete', tagMatch: written['tag-match'] ?? 'all', untag: written.untag ?? false }
}

function matchFrom({ match, action }: WrittenRule): Match {
  const preReleases = action === 'keep' ? 'include' : 'exclude'
  return present<Match>({
    tags:
      match.tags === undefined
        ? undefined
        : parsePatterns(asList(match.tags), action === 'keep' ? 'include' : 'named'),
    semver: match.semver && {
      range: match.semver,
      preReleases: match.prerelease ?? preReleases,
      variants: asList(match.variants)
    },
    untagged: match.untagged ?? (match['untagged-for'] === undefined ? undefined : true),
    states: match.state && new Set(asList(match.state)),
    digests: match.digests && new Set(asList(match.digests)),
    olderThan: match['older-than'],
    newerThan: match['newer-than'],
    untaggedFor: match['untagged-for'],
    pullRequest: match['pull-request'] && { closedFor: match['closed-for'] ?? 0 },
    branchDeleted: match.branch && true,
    gitTagDeleted: match['git-tag'] && true,
    labels:
      match.labels &&
      new Map(Object.entries(match.labels).map(([label, globs]) => [label, parseTextGlobs(asList(globs))])),
    kinds: match.kind && new Set(asList(match.kind))
  })
}

function keepFrom(written: WrittenRule): KeepClauses {
  const periods = new Map<Period, number>()
  for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
    const count = written[`keep-${period}`]
    if (count !== undefined) periods.set(period, count)
  }
  return { ...present({ atLeast: written['keep-at-least'], within: written['keep-within'] }), periods }
}

function groupFrom(group: string | undefined): GroupBy | undefined {
  if (group === undefined) return undefined
  return group === 'semver-minor' || group === 'semver-major' ? { by: group } : { by: 'group', group }
}

export function asList<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}
