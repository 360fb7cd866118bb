import { coveredBy } from '../policy/cover.ts'
import { type DeleteRule, keepsShare, type Rule } from '../policy/rule.ts'
import { belowGrace } from '../policy/time.ts'
import { globBetweenSlashes } from './fields/regex-slip.ts'
import type { PolicyFile } from './schema/policy-schema.ts'

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
export function globs(patterns: readonly string[], of?: string): string[] {
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
