import { belowGrace } from '../policy/age.ts'
import type { PolicyFile } from './policy-schema.ts'

/**
 * Sentences about ages that cannot do what they seem to be meant for, because `grace` keeps what is so young, each with
 * its place in the file.
 *
 * @param grace what holds where the file does not say
 */
export function idleAges({ packages, at }: PolicyFile, grace: number): string[] {
  return packages.flatMap(({ rules, settings }, entry) => {
    const least = settings.grace ?? grace
    return rules.flatMap(({ action, match, keep }, index) => {
      if (action === 'keep') return []
      const ages: [readonly string[], number | undefined][] = [
        [['match', 'older-than'], match.olderThan],
        [['keep-within'], keep.within]
      ]
      const idle = ages.filter(([, age]) => age !== undefined && age < least)
      const place = (key: readonly string[]): string => at(['packages', entry, 'rules', index, ...key])
      const none = match.newerThan !== undefined && match.newerThan <= least
      return [
        ...idle.map(([key]) => `${place(key)}: \`${key.at(-1)}\` is below the grace. ${belowGrace(least)}`),
        ...(none
          ? [`${place(['match', 'newer-than'])}: The rule can delete nothing. ${belowGrace(least)}`]
          : [])
      ]
    })
  })
}
