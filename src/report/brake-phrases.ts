import type { Brake, IdleKeep, PatternHits } from '../model/brake.ts'
import type { PackageVersion } from '../model/package.ts'
import { count, formatNumber } from '../util/format.ts'
import { nameOf, quote } from './phrases.ts'

/** The wording for what holds a plan, and for patterns and rules that do nothing. */

/** The sentence about a limit that the plan crossed; it names the input and both numbers. */
export function brakePhrase(brake: Brake): string {
  if (brake.input === 'keep-pattern') {
    return (
      `Pattern ${quote(brake.pattern)} of rule ${quote(brake.rule)} matches no tag, and another rule deletes all tagged ` +
      `images: nothing was deleted. ${meantTag(brake)}` +
      'Correct its spelling or remove it. To keep a tag that does not exist yet, put it in one ' +
      'pattern with one that does, such as `{v*,latest}`.'
    )
  }
  if (brake.input === 'keep-rule') {
    const isOld = !['kind', 'labels', 'digests', 'tags', 'semver'].includes(brake.field)
    return (
      `The rule ${quote(brake.rule)} keeps nothing, because ${whyIdleKeep(brake)}, and another rule deletes all tagged images: ` +
      `nothing was deleted. Correct the rule or remove it.${isOld ? ' To keep the newest at any age, write a second keep rule with the same tags and `keep-at-least: 1`.' : ''}`
    )
  }
  if (brake.input === 'unlimited') {
    return (
      `The rule ${quote(brake.rule)} would delete all tagged images that are older than \`grace\` (${count(brake.going, 'image')}), and ` +
      'nothing limits it: nothing was deleted. Set `keep-tags`, `keep-at-least` or `older-than`; if a variable gives their value, check ' +
      'its name. To delete all of them, set `max-deletion-percent: 100`.'
    )
  }
  const { value } = brake
  const limit = formatNumber(brake.limit)
  switch (brake.input) {
    case 'min-remaining':
      return `The plan would leave ${count(value, 'tagged image')}, and \`min-remaining\` asks for ${limit}: nothing was deleted.`
    case 'max-deletions':
      return `The plan has ${count(value, 'deletion')}, and \`max-deletions\` allows ${limit}: nothing was deleted.`
    case 'max-deletion-percent':
      return `The plan would delete ${decimal(value)} % of the versions, and \`max-deletion-percent\` allows ${decimal(brake.limit)} %: nothing was deleted.`
  }
}

/** Why a keep rule keeps nothing: a clause. */
function whyIdleKeep({ field, byTags }: Pick<IdleKeep, 'field' | 'byTags'>): string {
  const none = byTags ? 'no version that its tags name' : 'no tagged version'
  switch (field) {
    case 'tags':
      return 'its `!` patterns take out every tag that the others match'
    case 'semver':
      return 'no tag matches both its `tags` and its `semver`'
    case 'older-than':
      return `${none} is as old as \`older-than\` says`
    case 'newer-than':
    case 'keep-within':
      return `${none} is as young as \`${field}\` says`
    case 'age':
      return `${none} has the age that \`older-than\` and \`newer-than\` say`
    default:
      return `${none} has its \`${field}\``
  }
}

/** The warning about a keep rule that keeps nothing, where what it names goes. @param going what goes of it, at least one */
export function idleKeepPhrase(
  rule: string,
  idle: Pick<IdleKeep, 'field' | 'byTags'>,
  going: readonly PackageVersion[]
): string {
  const [first] = going
  const names = `${first === undefined ? '' : nameOf(first)}${going.length > 1 ? ` and ${going.length - 1} more are` : ' is'}`
  return `The rule ${quote(rule)} keeps nothing, because ${whyIdleKeep(idle)}, so ${names} deleted: check what the rule says.`
}

/** The sentence about a pattern that matched no tag anywhere. */
export function unmatchedPhrase(hits: PatternHits): string {
  const { pattern, rule } = hits
  return isProtective(hits)
    ? `Pattern ${quote(pattern)} of rule ${quote(rule)} matched no tag, so it protects nothing: check its spelling. ${meantTag(hits)}${regexHint(pattern)}${meantNumber(hits)}`.trim()
    : `Pattern ${quote(pattern)} of rule ${quote(rule)} matched no tag, so it ${hits.action === 'keep' ? 'excludes nothing' : 'deletes nothing'}.`
}

/** A number is the name of a tag, and rarely meant as one. */
function meantNumber({ action, pattern }: PatternHits): string {
  return action === 'keep' && /^\d{1,3}$/.test(pattern)
    ? `To keep a number of images, write \`keep-at-least: ${pattern}\`.`
    : ''
}

/** What people write for what no tag is called: a sentence. */
const MEANINGS: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^(?:all|any|everything)$/i, () => 'For all tags, write `*`.'],
  [/^untagged$/i, () => 'For untagged images, write `delete-untagged: true`.'],
  [/^(?:semver|versions?|v?x\.y(?:\.z)?)$/i, () => 'For tags that are versions, write `semver:*`.'],
  [/^\w[\w.-]*[._-]$/, text => `For all tags that begin so, write \`${text}*\`.`]
]

/** The tag that was meant, as a sentence and a blank; nothing where none is like the pattern. */
export function meantTag({ pattern, near }: Pick<PatternHits, 'pattern' | 'near'>): string {
  const text = pattern.replace(/^!/, '')
  const meaning = MEANINGS.find(([words]) => words.test(text))
  if (meaning !== undefined) return `${meaning[1](text)} `
  if (near === undefined) return ''
  if (/^[\w.-]+$/.test(text)) return `Did you mean \`${near}\`? `
  return `Capital letters count, and there is a tag \`${near}\`. `
}

/** What to write for a glob that looks like a regular expression, such as `main-.*`: a sentence and a blank, or nothing. */
export function regexHint(pattern: string): string {
  const [, not, text] = /^(!?)(?!\/|semver:)(.*(?<![\d*])\.\*.*)$/.exec(pattern) ?? []
  return text === undefined
    ? ''
    : `A dot is only a dot in a pattern without slashes: if ${quote(pattern)} is a regular expression, write \`${not}/^${text}$/\`. `
}

/** True for a pattern that makes tags stay: one of a keep rule, or an exclusion of a delete rule. */
export function isProtective({ action, pattern }: PatternHits): boolean {
  return (action === 'keep') !== pattern.startsWith('!')
}

function decimal(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}
