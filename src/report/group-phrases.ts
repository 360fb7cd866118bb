import type { Decision, DeleteReason, KeepReason } from '../model/decision.ts'
import { phrase, quote } from './phrases.ts'

/** Versions whose verdict has the same reason are counted together under this: by rule or holder, not by version. */
export function groupOf(decision: Decision): string {
  if (decision.verdict === 'keep') return keepGroup(decision.reasons[0])
  return decision.verdict === 'delete' ? deleteGroup(decision.reasons[0]) : phrase(decision.reasons[0])
}

function keepGroup(reason: KeepReason): string {
  switch (reason.code) {
    case 'keep-rule':
      return `keep rule ${quote(reason.rule)}`
    case 'newest':
      return `newest of rule ${quote(reason.rule)}`
    case 'within':
      return `young enough for rule ${quote(reason.rule)}`
    case 'bucket':
      return `newest of its period (${reason.bucket}) in rule ${quote(reason.rule)}`
    case 'other-tags':
      return `has tags that rule ${quote(reason.rule)} does not match`
    case 'in-use':
      return `in use by ${reason.by}`
    default:
      return KEEP_LABELS[reason.code]
  }
}

/** Kinds of reasons that name no rule, in fixed words. */
const KEEP_LABELS = {
  'no-rule': 'no rule asks for its deletion',
  child: 'part of a kept image',
  referrer: 'describes a kept image',
  young: 'within the grace',
  undated: 'date missing or in the future',
  unread: 'could not be read',
  'depends-on-unread': 'may be needed by something unreadable',
  mentioned: 'mentioned by something of unknown kind',
  'last-tagged': 'last tagged version of the package',
  cache: 'build cache',
  odd: "odd in GitHub's list",
  stored: 'describes what may be in another package',
  approved: 'kept by the approved plan',
  unplanned: 'not in the approved plan',
  'not-named': 'not named for the purge'
}

function deleteGroup(reason: DeleteReason): string {
  switch (reason.code) {
    case 'owned':
      return 'part of a deleted image, or describing it'
    case 'approved-deletion':
      return `the approved plan (${reason.why})`
    case 'purged':
    case 'placeholder':
      return phrase(reason)
    default:
      return `rule ${quote(reason.rule)}`
  }
}
