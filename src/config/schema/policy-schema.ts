import * as z from 'zod'
import { SIGNATURES } from '../../model/check.ts'
import { PROTECT_SOURCES } from '../../model/decision.ts'
import { AGE_FROM, VISIBILITIES } from '../../model/package.ts'
import { coveredBy, matchesNothing } from '../../policy/cover.ts'
import { parsePackagePatterns } from '../../policy/pattern.ts'
import { platforms } from '../fields/plain-fields.ts'
import type { Read } from '../fields/read.ts'
import { gitTagPatterns } from '../fields/tag-fields.ts'
import * as templates from '../fields/templates.ts'
import { optionalName } from '../package-selection.ts'
import { policyTest } from './policy-test-schema.ts'
import { checkReach, checkRule } from './rule-check.ts'
import {
  age,
  asList,
  count,
  packagePattern,
  read,
  rule,
  ruleFrom,
  some,
  type WrittenRule
} from './rule-schema.ts'

/**
 * What may stand in a policy file, key by key. The published JSON Schema is made of it (`scripts/generate.ts`),
 * so every key says what it means.
 */

const settings = {
  grace: age.optional().describe('Nothing younger is ever deleted; default 24h'),
  'age-from': z.enum(AGE_FROM).optional().describe('The date that ages count from; default newest'),
  'min-remaining': count.optional().describe('Delete nothing if fewer tagged images would remain'),
  'max-deletions': count.optional().describe('Delete nothing if the plan has more deletions'),
  'max-deletion-percent': z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('Delete nothing if the plan has more deletions, in percent of all versions'),
  'deletions-per-run': count.optional().describe('Budget: oldest first, the rest in the next runs')
}

const defaults = z.strictObject(settings).transform(inCamelCase)

type Camel<Key> = Key extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Key

/** The keys of a policy as the program calls them: `age-from` as `ageFrom`. */
function inCamelCase<T extends object>(
  written: T
): { [Key in keyof T as Camel<Key & string>]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(written).map(([key, value]) => [
    key.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    value
  ])
  return Object.fromEntries(entries)
}

/** What one text of an input may be, or a list of such texts. */
const asInput = <T>(parse: Read<readonly T[]>) => some(read(parse)).transform(lists => [lists].flat(2) as T[])

const expected = z
  .strictObject({
    'git-tags': asInput(gitTagPatterns).optional().describe('Git tags that must have an image'),
    'image-tags': asInput(templates.imageTags)
      .optional()
      .describe('The image tags that satisfy a git tag, any of them'),
    platforms: asInput(platforms).optional().describe('Platforms that every image must have'),
    signed: z.enum(SIGNATURES).optional().describe('What every image must be signed with'),
    visibility: z.enum(VISIBILITIES).optional().describe('The visibility that the package must have')
  })
  .transform(inCamelCase)

const packageShape = z
  .strictObject({
    match: some(packagePattern).describe('Package names; * is one segment, ** is all'),
    repository: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, 'Write it as `owner/name`.')
      .optional()
      .describe(
        'owner/name: whose branches, git tags and pull requests count; default: the one it is linked to'
      ),
    expect: expected.optional().describe('What mode check expects; where it says nothing, the inputs count'),
    ...settings,
    rules: z
      .array(rule.superRefine(checkRule))
      .superRefine(checkNames)
      .transform((rules, context) => {
        for (const [index, one] of rules.entries()) checkReach(one, index, context)
        return rules.map(ruleFrom)
      })
  })
  .transform(({ match, rules, expect = {}, ...settings }) => {
    const entries = asList(match).map(inLowerCase)
    return {
      match: parsePackagePatterns(entries.map(entry => optionalName(entry) ?? entry)),
      /** The names in `match` that need not exist. */
      optional: entries.map(optionalName).filter(name => name !== undefined),
      rules,
      settings: inCamelCase(settings),
      /** What a check expects of them. */
      expect
    }
  })

/** What the file says about the packages that it matches; settings that it does not mention are absent. */
export type PackageEntry = z.output<typeof packageShape>

function checkNames(rules: readonly WrittenRule[], context: z.RefinementCtx): void {
  const seen = new Set<string>()
  rules.forEach(({ name }, index) => {
    if (name === undefined) return
    const message = `Another rule of this package is called \`${name}\`. Give each rule its own name.`
    if (seen.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message })
    seen.add(name)
  })
}

/** Packages in a policy: each is compared with each. */
const MOST_PATTERNS = 2_000

/** The first entry that matches decides, so a package that an earlier one matches never reaches a later one. */
function checkOrder(entries: readonly PackageEntry[], context: z.RefinementCtx): void {
  const refuse = (index: number, message: string): void =>
    context.addIssue({ code: 'custom', path: ['packages', index, 'match'], message })
  const wanted = entries.map(({ match: { sources } }) => {
    const named = sources.filter(source => !source.startsWith('!'))
    return named.length > 0 ? named : ['**']
  })
  if (wanted.flat().length > MOST_PATTERNS) {
    refuse(
      0,
      `The policy names packages by more than ${MOST_PATTERNS} patterns. Use globs, such as \`app-*\`.`
    )
    return
  }
  const covered = entries.map(({ match }, index) => coveredBy(match.sources, wanted.slice(index + 1).flat()))
  entries.forEach(({ match: { sources } }, index) => {
    if (matchesNothing(sources, '**')) {
      refuse(
        index,
        'It matches no package, because the `!` patterns exclude everything that the others match.'
      )
      return
    }
    for (const pattern of wanted[index] ?? []) {
      const earlier = entries.slice(0, index).find((_, at) => covered[at]?.has(pattern))
      if (earlier === undefined) continue
      refuse(
        index,
        `\`${pattern}\` is never reached: the earlier entry \`${earlier.match.sources.join(', ')}\` matches it, and the ` +
          'first that matches decides. Put the special entry above the general one.'
      )
    }
  })
}

/** The registry's names are in lower case, however people write them. */
function inLowerCase(pattern: string): string {
  return /^!?\//.test(pattern) ? pattern : pattern.toLowerCase()
}

/** What is in use besides the registry: layer 0 keeps what it names. */
const protect = z.strictObject({
  files: some(z.string().min(1))
    .optional()
    .describe('Files whose image references and digests stay, and must be there for a check'),
  list: z.string().min(1).optional().describe('A file with one image reference a line'),
  git: some(z.enum(PROTECT_SOURCES)).optional().describe('Keep what these name in the repository')
})

/** A policy file, from the values that YAML gives to what they mean. */
export const policySchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format'),
    defaults: defaults.optional().describe('For packages that do not say otherwise'),
    protect: protect.optional().describe('What is in use, and therefore stays'),
    packages: z
      .array(packageShape)
      .min(1)
      .describe('The first entry that matches a package decides about it'),
    tests: z.array(policyTest).optional().describe('Cases that the policy must decide as expected')
  })
  .transform((written, context) => {
    checkOrder(written.packages, context)
    const { defaults: common, protect: use, packages, tests = [] } = written
    return {
      protect: { files: asList(use?.files), list: use?.list, git: asList(use?.git) },
      packages: packages.map(entry => ({ ...entry, settings: { ...common, ...entry.settings } })),
      tests
    }
  })

/** A policy file, read and checked. */
export interface PolicyFile extends z.output<typeof policySchema> {
  /** Where a value stands, as `policy.yml:6:18`. */
  at(path: readonly PropertyKey[]): string
}
