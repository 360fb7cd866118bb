import * as z from 'zod'
import { messageOf } from '../errors.ts'
import { parseDigest } from '../model/digest.ts'
import { parseAge } from '../policy/age.ts'
import { parsePatterns, parseRange } from '../policy/pattern.ts'
import { parseTagPatterns, refuseSlip } from '../policy/pattern-slip.ts'
import { checkRule } from './rule-check.ts'

/**
 * What may stand in a policy file, key by key. The published JSON Schema is made of it (`scripts/generate.ts`),
 * so every key says what it means.
 */

/** A check that is told by a thrown sentence. */
const checked = (check: (text: string) => void) =>
  z.string().superRefine((text, context) => {
    try {
      check(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
  })

const age = z
  .string()
  .refine(text => parseAge(text) !== undefined, {
    error: ({ input }) =>
      `\`${input}\` is no age. Write for instance \`36h\`, \`30d\`, \`2 weeks\` or \`1 year\`.`
  })
  .meta({ examples: ['36h', '30d', '2 weeks', '1 year'] })

const tagPattern = checked(text => void parseTagPatterns([text]))
const packagePattern = checked(text => {
  refuseSlip(text.toLowerCase(), 'package')
  parsePatterns([text])
})
const glob = checked(text => {
  if (/^!?(?:\/|semver:)/.test(text)) throw new Error(`The pattern \`${text}\` must be a glob here.`)
  parsePatterns([text])
})
const range = checked(text => void parseRange(text, 'include'))
const digest = z.string().refine(text => parseDigest(text) !== undefined, {
  error: ({ input }) => `\`${input}\` is no full digest. Write \`sha256:\` and all 64 digits, in lower case.`
})
const moment = z.string().refine(text => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)), {
  error: ({ input }) => `\`${input}\` is no point in time. Write for instance \`2026-06-30T12:00:00Z\`.`
})

/** One, or a list of them. */
const some = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)])

const match = z.strictObject({
  tags: some(tagPattern).optional().describe('Tags: a glob, !pattern, /regex/ or semver:RANGE'),
  semver: range.optional().describe('A range over X.Y.Z tags with an optional v; * is all'),
  prerelease: z
    .enum(['include', 'exclude', 'only'])
    .optional()
    .describe('Pre-releases within semver; keep rules include them by default, delete rules exclude them'),
  variants: some(z.string().min(1)).optional().describe('Suffixes such as alpine: each a family of its own'),
  untagged: z.literal(true).optional().describe('Versions without a tag that nothing points to'),
  state: some(z.enum(['ghost', 'partial', 'orphaned']))
    .optional()
    .describe('All children gone, some gone, or what it describes gone'),
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
    .optional()
    .describe('Annotation or config label: globs on its value'),
  kind: some(z.enum(['image', 'artifact', 'cache']))
    .optional()
    .describe('Default: image and artifact; a tagged build cache only goes by a rule that names it')
})

const count = z.int().min(0)

const rule = z.strictObject({
  name: z.string().min(1).optional().describe('What reports call it'),
  action: z.enum(['keep', 'delete']),
  match: match.describe('What the rule is about: every field must hold, of a list any entry'),
  'keep-at-least': count.optional().describe('The newest of each group to keep'),
  'keep-within': age.optional().describe('Keep what is younger'),
  'keep-hourly': count.optional().describe('Keep the newest of each of that many last hours that have any'),
  'keep-daily': count.optional().describe('Keep the newest of each of that many last days that have any'),
  'keep-weekly': count
    .optional()
    .describe('Keep the newest of each of that many last ISO weeks that have any'),
  'keep-monthly': count.optional().describe('Keep the newest of each of that many last months that have any'),
  'keep-yearly': count.optional().describe('Keep the newest of each of that many last years that have any'),
  'group-by': z
    .string()
    .optional()
    .describe('Each group counts for itself: semver-minor, semver-major or a named group of the patterns'),
  'rank-by': z
    .enum(['created', 'updated', 'semver'])
    .optional()
    .describe('What newest means: semver where match.semver is used, else created'),
  'tag-match': z.enum(['all', 'any']).optional().describe('any: one matching tag is enough to delete'),
  untag: z.boolean().optional().describe('Strip the matching tags where other tags hold the version')
})

export type RuleSchema = z.infer<typeof rule>

const settings = {
  grace: age.optional().describe('Nothing younger is ever deleted; default 24h'),
  'age-from': z
    .enum(['newest', 'created', 'updated'])
    .optional()
    .describe('The date that ages count from; default newest'),
  'min-remaining': count.optional().describe('Delete nothing if fewer tagged images would remain'),
  'max-deletions': count.optional().describe('Delete nothing if the plan has more deletions'),
  'max-deletion-percent': z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('Delete nothing if the plan has more deletions, in percent of all versions'),
  'deletions-per-run': count.optional().describe('Budget: oldest first, the rest next run')
}

const settingsShape = z.strictObject(settings)
export type SettingsSchema = z.infer<typeof settingsShape>

const packageShape = z
  .strictObject({
    match: some(packagePattern).describe('Package names; * is one segment, ** is all'),
    ...settings,
    rules: z.array(rule.superRefine(checkRule))
  })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>()
    rules.forEach(({ name }, index) => {
      if (name === undefined) return
      const message = `Another rule of this package is called \`${name}\`. Give each a name of its own.`
      if (seen.has(name)) context.addIssue({ code: 'custom', path: ['rules', index, 'name'], message })
      seen.add(name)
    })
  })

const protect = z.strictObject({
  files: some(z.string().min(1)).optional().describe('Files whose image references and digests stay'),
  list: z.string().min(1).optional().describe('A file with one image reference a line'),
  git: some(z.enum(['git-tags', 'releases', 'branches', 'pull-requests']))
    .optional()
    .describe('What these name in the repository stays')
})

const name = z.string().min(1)

const test = z.strictObject({
  name: name.describe('What the case shows'),
  package: name.optional().describe('The package that it is about; default: the first entry'),
  now: moment,
  versions: z.array(
    z.strictObject({
      digest: name.describe('Any name that is unique in the case'),
      tags: z.array(name).optional(),
      created: moment,
      updated: moment.optional().describe('Default: as created'),
      children: z.array(name).optional(),
      subject: name.optional(),
      kind: z.enum(['image', 'artifact', 'cache']).optional(),
      labels: z.record(z.string(), z.string()).optional()
    })
  ),
  'in-use': z.array(z.strictObject({ by: name, tag: name.optional(), digest: name.optional() })).optional(),
  'pull-requests': z
    .record(
      z.string().regex(/^\d+$/),
      z.strictObject({ state: z.enum(['open', 'closed']), closed: moment.optional() })
    )
    .optional(),
  branches: z.array(name).optional(),
  'git-tags': z.array(name).optional(),
  expect: z.strictObject({
    delete: z.array(name).describe('Digests that the plan deletes'),
    untag: z.record(z.string(), z.array(name)).optional(),
    stop: z.boolean().optional().describe('A brake holds'),
    apply: z.array(name).optional().describe('Digests that this run deletes, in order')
  })
})

export type TestSchema = z.infer<typeof test>

export const policySchema = z.strictObject({
  version: z.literal(1).describe('Of this format'),
  defaults: settingsShape.optional().describe('For packages that do not say otherwise'),
  protect: protect.optional().describe('What is in use, and therefore stays'),
  packages: z.array(packageShape).min(1).describe('The first entry that matches a package decides on it'),
  tests: z.array(test).optional().describe('Cases that the policy must decide as expected')
})

export type PolicySchema = z.infer<typeof policySchema>

/** The JSON Schema of a policy file, draft 2020-12. */
export function policyJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { io: 'input' })
  return { $schema, title: 'ghcr-steward policy', ...schema }
}
