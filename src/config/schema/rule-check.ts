import type * as z from 'zod'
import { matchesNothing } from '../../policy/cover.ts'
import { isEmptyRange, isNeverSemver } from '../../policy/tags.ts'
import { nearest } from '../../util/suggest.ts'
import { globThatDeletes } from '../fields/regex-slip.ts'
import { asList, type WrittenRule } from './rule-schema.ts'

/** Everything that a rule says about tags. */
const ABOUT_TAGS = ['tags', 'semver', 'pull-request', 'branch', 'git-tag'] as const
/** Enough for a delete rule to know what it is about; ages alone are not. */
const SELECTORS = [...ABOUT_TAGS, 'untagged', 'untagged-for', 'state', 'digests', 'labels', 'kind'] as const

/** The named groups of the patterns in `match.tags`, also of those that were told to be none. */
function namedGroups(tags: string | readonly string[] | undefined): string[] {
  return asList(tags).flatMap(pattern =>
    [...pattern.matchAll(/\(\?<([\p{ID_Start}$_][\p{ID_Continue}$]*)>/gu)].map(([, group]) => group ?? '')
  )
}

/** What the fields of a rule must be to each other. `depth` is how many keys below the rule the fault is. */
export function checkRule(rule: WrittenRule, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message, params: { depth: path.length } })
  const { match, action } = rule
  if (action === 'keep') checkKeepRule(rule, refuse)
  else checkDeleteRule(rule, refuse)
  const byTags = ABOUT_TAGS.find(key => match[key] !== undefined)
  for (const key of ['untagged', 'untagged-for'] as const) {
    if (match[key] !== undefined && byTags !== undefined) {
      refuse(
        ['match', key],
        `An untagged version has no tags that \`${byTags}\` could match. Split this into two rules.`
      )
    }
  }
  for (const key of ['prerelease', 'variants'] as const) {
    if (match[key] !== undefined && match.semver === undefined) {
      refuse(['match', key], `\`${key}\` also needs \`semver\`; \`semver: '*'\` matches every version.`)
    }
  }
  if (rule['rank-by'] === 'semver' && match.semver === undefined) {
    refuse(['rank-by'], 'To rank by semver, also select by it: add `semver` to `match`.')
  }
  checkGroup(rule, refuse)
}

type Refuse = (path: string[], message: string) => void

function checkKeepRule({ match, ...rule }: WrittenRule, refuse: Refuse): void {
  for (const key of ['tag-match', 'untag'] as const) {
    if (rule[key] !== undefined)
      refuse([key], `\`${key}\` is for delete rules; a keep rule needs one matching tag.`)
  }
  for (const key of ['pull-request', 'branch', 'git-tag'] as const) {
    if (match[key] !== undefined) refuse(['match', key], `\`${key}\` is for delete rules only.`)
  }
}

function checkDeleteRule({ match, ...rule }: WrittenRule, refuse: Refuse): void {
  if (SELECTORS.every(key => match[key] === undefined)) {
    refuse(
      ['match'],
      "It does not say what to delete. Write `tags: '*'` for everything tagged, or `untagged: true`."
    )
  }
  const named = match.tags !== undefined || match.semver !== undefined
  for (const key of ['branch', 'git-tag'] as const) {
    if (match[key] !== undefined && !named) {
      refuse(
        ['match', key],
        `Say in \`tags\` which tags are named after a ${key}. Otherwise \`latest\` would count as one.`
      )
    }
  }
  if (match['closed-for'] !== undefined && match['pull-request'] === undefined) {
    refuse(['match', 'closed-for'], '`closed-for` also needs `pull-request: closed`.')
  }
  if (match['pull-request'] !== undefined && !namedGroups(match.tags).includes('pr')) {
    refuse(
      ['match', 'pull-request'],
      'It needs a pattern in `tags` whose named group `pr` is the number, such as `/^pr-(?<pr>\\d+)$/`.'
    )
  }
  if (rule.untag === true && !named)
    refuse(['untag'], '`untag` needs `tags` or `semver`, to know which tags to strip.')
  if (rule.untag === true && rule['tag-match'] === 'any') {
    refuse(['untag'], '`tag-match: any` deletes what `untag` would keep. Choose one of them.')
  }
}

function checkGroup(rule: WrittenRule, refuse: Refuse): void {
  const group = rule['group-by']
  if (group === undefined) return
  if (group === 'semver-minor' || group === 'semver-major') {
    if (rule.match.semver === undefined) refuse(['group-by'], `\`${group}\` needs \`semver\` in \`match\`.`)
    return
  }
  const groups = namedGroups(rule.match.tags)
  if (groups.includes(group)) return
  const near = nearest(group, ['semver-minor', 'semver-major', ...groups])
  refuse(
    ['group-by'],
    `\`${group}\` is neither \`semver-minor\`, \`semver-major\` nor a named group of \`tags\`.${
      near === undefined ? '' : ` Did you mean \`${near}\`?`
    }`
  )
}

/** Refuses a rule that can be about nothing: it does not do what it was written for. Its parts are known to be valid. */
export function checkReach(
  { match, action, ...rule }: WrittenRule,
  index: number,
  context: z.RefinementCtx
): void {
  const refuse: Refuse = (path, message) =>
    context.addIssue({ code: 'custom', path: [index, ...path], message })
  const { 'older-than': older, 'newer-than': newer } = match
  if (older !== undefined && newer !== undefined && older >= newer)
    refuse(
      ['match', 'newer-than'],
      'Nothing can be newer than this and older than `older-than`. Split this into two rules.'
    )
  if (matchesNothing(asList(match.tags), '*'))
    refuse(
      ['match', 'tags'],
      'No tag can match, because the `!` patterns exclude everything that the others match.'
    )
  const globs = action === 'delete' ? asList(match.tags).flatMap(one => globThatDeletes(one) ?? []) : []
  for (const slip of globs) refuse(['match', 'tags'], slip)
  if (match.semver !== undefined && isEmptyRange(match.semver))
    refuse(['match', 'semver'], 'No version is in this range.')
  const odd = asList(match.tags).find(pattern => isNeverSemver(pattern, asList(match.variants)))
  if (match.semver !== undefined && odd !== undefined)
    refuse(
      ['match', 'tags'],
      `\`tags\` and \`semver\` must both match, and no X.Y.Z matches \`${odd}\`. Put \`semver:${match.semver.raw}\` into \`tags\` instead of \`semver\`, or write two rules.`
    )
  const untagged = match.untagged ?? match['untagged-for']
  if (
    untagged !== undefined &&
    match.state !== undefined &&
    asList(match.state).every(state => state === 'orphaned')
  )
    refuse(
      ['match', 'state'],
      'An orphaned version describes something, so it does not count as untagged. Leave out `untagged`.'
    )
  const clauses = KEEP_CLAUSES.filter(key => rule[key] !== undefined)
  if (action === 'keep' && clauses.length > 0 && clauses.every(key => rule[key] === 0))
    refuse([clauses[0] ?? ''], 'It keeps nothing of what it selects. Leave it out to keep everything.')
}

const KEEP_CLAUSES = [
  'keep-at-least',
  'keep-within',
  'keep-hourly',
  'keep-daily',
  'keep-weekly',
  'keep-monthly',
  'keep-yearly'
] as const
