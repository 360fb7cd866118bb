import type { Decision, Reason } from '../model/decision.ts'
import { phrase, quote } from './phrases.ts'

/** Versions whose verdict has the same reason are counted together under this: by rule or holder, not by version. */
export function groupOf({ reasons: [reason] }: Decision): string {
  const group = GROUPS[reason.code] as ((reason: Reason) => string) | string | undefined
  return typeof group === 'function' ? group(reason) : (group ?? phrase(reason))
}

const byRule = ({ rule }: { readonly rule: string }): string => `rule ${quote(rule)}`

/** What is not here has a phrase that fits all of them. */
const GROUPS: {
  readonly [C in Reason['code']]?: string | ((reason: Extract<Reason, { code: C }>) => string)
} = {
  'keep-rule': ({ rule }) => `keep rule ${quote(rule)}`,
  newest: ({ rule }) => `newest of rule ${quote(rule)}`,
  within: ({ rule }) => `young enough for rule ${quote(rule)}`,
  bucket: ({ bucket, rule }) => `newest of its period (${bucket}) in rule ${quote(rule)}`,
  'other-tags': ({ rule }) => `has tags that rule ${quote(rule)} does not match`,
  child: 'part of a kept image',
  referrer: 'describes a kept image',
  young: 'within the grace',
  undated: 'date missing or in the future',
  unread: 'could not be read',
  'depends-on-unread': 'may be needed by something unreadable',
  mentioned: 'mentioned by something of unknown kind',
  'last-tagged': 'last tagged version of the package',
  cache: 'build cache',
  odd: 'not clear yet what it is',
  stored: 'describes what may be in another package',
  approved: 'kept by the approved plan',
  unplanned: 'not in the approved plan',
  'not-named': 'not named for the purge',
  'delete-rule': byRule,
  untagged: byRule,
  broken: byRule,
  owned: 'part of a deleted image, or describing it',
  'approved-deletion': ({ why }) => `the approved plan (${why})`
}
