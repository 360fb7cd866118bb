import { coveredBy } from '../policy/cover.ts'
import { type DeleteRule, keepsShare, type Rule } from '../policy/rule.ts'
import { belowGrace } from '../policy/time.ts'
import { globBetweenSlashes } from './fields/regex-slip.ts'
import { FIELDS, isDefault, nameOf, variableOf } from './input-table.ts'
import type { Inputs } from './inputs.ts'
import type { PolicyFile } from './schema/policy-schema.ts'

/** Nobody chooses the default of these inputs with a blank: images that somebody wanted to keep are at stake. */
const NEVER_BLANK = ['keepAtLeast', 'grace', 'dryRun'] as const

/**
 * Sentences about inputs that an expression left empty. The runner hands the default over where a workflow does not
 * name an input, so a blank stands where one did.
 */
export function blankInputs(env: NodeJS.ProcessEnv): string[] {
  const blank = NEVER_BLANK.filter(key => env[variableOf(key)]?.trim() === '')
  return blank.map(
    (key, index) =>
      `Input \`${nameOf(key)}\` is blank, so the default \`${FIELDS[key].default}\` applies.` +
      (index === 0 ? ' If an expression should have filled it, check the name of its variable.' : '')
  )
}

/** Sentences about inputs that are legal but cannot do what they seem to be meant for. */
export function inputWarnings(inputs: Inputs): string[] {
  const slips = [...globsIn(inputs), ...keptPatterns(inputs)]
  if (inputs.mode === 'check') return [...slips, ...checkWarnings(inputs)]
  if (inputs.mode !== 'retain' || inputs.plan !== undefined) return []
  return inputs.policy === undefined ? [...slips, ...idleInputs(inputs)] : slips
}

/** Globs between slashes, in every list of patterns. */
function globsIn(inputs: Inputs): string[] {
  return (['deleteTags', 'keepTags', 'gitTags', 'skipTags'] as const).flatMap(key =>
    globs(inputs[key]).map(sentence => `Input \`${nameOf(key)}\`: ${sentence}`)
  )
}

/** Patterns of `delete-tags` that delete nothing, because `keep-tags` has them as well. */
function keptPatterns({ deleteTags, keepTags }: Inputs): string[] {
  // An empty list of patterns is all.
  if (keepTags.length === 0) return []
  const covered = coveredBy(
    keepTags,
    deleteTags.filter(pattern => !pattern.startsWith('!'))
  )
  return [...covered].map(
    pattern =>
      `Input \`delete-tags\`: nothing that matches \`${pattern}\` is deleted, because \`keep-tags\` keeps it.`
  )
}

/** Inputs of a run without a policy that have no effect. */
function idleInputs(inputs: Inputs): string[] {
  const deletesTags = inputs.deleteTags.length > 0
  if (!deletesTags && !inputs.deleteUntagged && inputs.deleteBroken.length === 0) {
    return [
      'Nothing is deleted, because no input asks for it: set `delete-tags`, `delete-untagged` or `delete-broken`.'
    ]
  }
  const idleAge = inputs.olderThan !== undefined && inputs.olderThan < inputs.grace
  const idle = withoutEffect([
    [inputs.keepAtLeast > 0 && !deletesTags, 'keep-at-least', 'delete-tags'],
    [inputs.untag && !deletesTags, 'untag', 'delete-tags'],
    [
      inputs.rankBy === 'updated' && inputs.keepAtLeast + inputs.keepUntagged === 0,
      'rank-by',
      'keep-at-least` or `keep-untagged'
    ],
    [inputs.tagsRepository !== undefined && inputs.protect.length === 0, 'tags-repository', 'protect'],
    [templatesGiven(inputs) && inputs.protect.length === 0, 'git-tags` or `image-tags', 'protect'],
    [inputs.keepUntagged > 0 && !inputs.deleteUntagged, 'keep-untagged', 'delete-untagged']
  ])
  return idleAge ? [...idle, `Input \`older-than\` is below the grace. ${belowGrace(inputs.grace)}`] : idle
}

/** A sentence for each input that has no effect without another one. */
function withoutEffect(
  inputs: readonly (readonly [isIdle: boolean, name: string, other: string])[]
): string[] {
  return inputs
    .filter(([isIdle]) => isIdle)
    .map(([, name, other]) => `Input \`${name}\` has no effect, because \`${other}\` is not set.`)
}

function templatesGiven({ gitTags, imageTags }: Inputs): boolean {
  return !isDefault('gitTags', gitTags) || !isDefault('imageTags', imageTags)
}

function checkWarnings({ dispatchWorkflow, wait, dispatchRef, dispatchToken }: Inputs): string[] {
  if (dispatchWorkflow !== undefined) return []
  return withoutEffect([
    [wait !== undefined, 'wait', 'dispatch-workflow'],
    [dispatchRef !== undefined, 'dispatch-ref', 'dispatch-workflow'],
    [dispatchToken !== undefined, 'dispatch-token', 'dispatch-workflow']
  ])
}

type Place = (key: readonly string[]) => string

/**
 * Sentences about what cannot do what it seems to be meant for, each with its place in the file: a delete rule, because
 * `grace` keeps what is so young, or a keep rule what it selects; a glob between slashes.
 *
 * @param grace what holds where the file does not say
 * @param others the rules that the plain inputs stand for, which hold too
 */
export function idleRules(
  { packages, at }: PolicyFile,
  grace: number,
  others: readonly Rule[] = []
): string[] {
  return packages.flatMap(({ match, rules, settings }, entry) => [
    ...globs(match.sources, 'packages').map(sentence => `${at(['packages', entry, 'match'])}: ${sentence}`),
    ...rules.flatMap((rule, index) => {
      const place: Place = key => at(['packages', entry, 'rules', index, ...key])
      const odd = globs(rule.match.tags?.sources ?? []).map(
        sentence => `${place(['match', 'tags'])}: ${sentence}`
      )
      if (rule.action === 'keep') return odd
      return [
        ...odd,
        ...idleAges(rule, settings.grace ?? grace, place),
        ...keptWhole(rule, [...rules, ...others], place)
      ]
    })
  ])
}

/** Sentences about the patterns of a list that are globs between slashes. */
function globs(patterns: readonly string[], of?: string): string[] {
  return patterns.map(pattern => globBetweenSlashes(pattern, of)).filter(sentence => sentence !== undefined)
}

function idleAges({ match, keep }: DeleteRule, grace: number, place: Place): string[] {
  const ages: [readonly string[], number | undefined][] = [
    [['match', 'older-than'], match.olderThan],
    [['keep-within'], keep.within]
  ]
  const idle = ages.filter(([, age]) => age !== undefined && age < grace)
  const isYoung = match.newerThan !== undefined && match.newerThan <= grace
  return [
    ...idle.map(([key]) => `${place(key)}: \`${key.at(-1)}\` is below the grace. ${belowGrace(grace)}`),
    ...(isYoung
      ? [`${place(['match', 'newer-than'])}: The rule cannot delete anything. ${belowGrace(grace)}`]
      : [])
  ]
}

function keptWhole({ match }: DeleteRule, rules: readonly Rule[], place: Place): string[] {
  const wanted = match.tags?.sources.filter(source => !source.startsWith('!')) ?? []
  const keepers = rules.flatMap(rule => {
    const { tags, ...rest } = rule.match
    const isWhole = rule.action === 'keep' && !keepsShare(rule) && Object.keys(rest).length === 0
    return isWhole && tags !== undefined
      ? [{ name: rule.name, covered: coveredBy(tags.sources, wanted) }]
      : []
  })
  const whole = keepers.find(({ covered }) => wanted.length > 0 && wanted.every(one => covered.has(one)))
  const tags = place(['match', 'tags'])
  if (whole !== undefined) {
    return [
      `${tags}: The rule cannot delete anything, because the rule \`${whole.name}\` keeps everything that it selects.`
    ]
  }
  return wanted.flatMap(pattern => {
    const keeper = keepers.find(({ covered }) => covered.has(pattern))
    return keeper === undefined
      ? []
      : `${tags}: Nothing that matches \`${pattern}\` is deleted, because the rule \`${keeper.name}\` keeps it.`
  })
}
