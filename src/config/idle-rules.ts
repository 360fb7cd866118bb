import { coveredBy } from '../policy/cover.ts'
import { type DeleteRule, keepsShare, type Rule } from '../policy/rule.ts'
import { belowGrace } from '../policy/time.ts'
import type { PolicyFile } from './policy-schema.ts'

type Place = (key: readonly string[]) => string

/**
 * Sentences about delete rules that cannot do what they seem to be meant for, each with its place in the file: `grace`
 * keeps what is so young, or a keep rule all that they select.
 *
 * @param grace what holds where the file does not say
 */
export function idleRules({ packages, at }: PolicyFile, grace: number): string[] {
  return packages.flatMap(({ rules, settings }, entry) =>
    rules.flatMap((rule, index) => {
      if (rule.action === 'keep') return []
      const place: Place = key => at(['packages', entry, 'rules', index, ...key])
      return [...idleAges(rule, settings.grace ?? grace, place), ...keptWhole(rule, rules, place)]
    })
  )
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
  if (wanted.length === 0) return []
  const keeper = rules.find(rule => {
    const { tags, ...rest } = rule.match
    const isWhole = rule.action === 'keep' && !keepsShare(rule) && Object.keys(rest).length === 0
    return isWhole && tags !== undefined && coveredBy(tags.sources, wanted).size === new Set(wanted).size
  })
  if (keeper === undefined) return []
  return [
    `${place(['match', 'tags'])}: The rule cannot delete anything, because the rule \`${keeper.name}\` keeps everything that it selects.`
  ]
}
