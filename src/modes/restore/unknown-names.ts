import { nearTag } from '../../policy/idle.ts'
import { parseAge } from '../../policy/time.ts'
import { code, some } from '../../util/format.ts'
import type { PackageState, RestorePlan } from './restore-plan.ts'

/** Why nothing of what `restore` names is restored, and what to write instead: the rest of a sentence behind "because". */
export function unknownPhrase(
  { unknown, hidesTags, ambiguous = new Map() }: RestorePlan,
  { active, deleted }: PackageState
): string {
  const [several] = ambiguous
  if (several !== undefined)
    return `${several[0]} means ${several[1].length} versions. Write one of ${some(several[1], 5)}.`
  const names = some(unknown.map(code), 5)
  const nowhere = `no version, deleted or not, shows the tag${unknown.length === 1 ? '' : 's'} ${names}.`
  const age = ageIn(unknown)
  if (age !== undefined) return `${nowhere} For everything deleted in that time, write \`since ${age}\`.`
  if (unknown.some(name => DATE.test(name)))
    return `${nowhere} \`restore\` takes no date: write how long ago it was, such as \`since 3h\` or \`since 2 days\`.`
  const tags = [...deleted, ...active].flatMap(version => version.tags)
  for (const name of unknown) {
    const near = nearTag(name, tags)
    if (near !== undefined) return `there is no \`${name}\`. Did you mean \`${near}\`?`
  }
  if (!hidesTags)
    return `${some(unknown, 5)} is neither there nor among the deleted versions, which GitHub keeps for 30 days.`
  return (
    `no deleted version shows the tag${unknown.length === 1 ? '' : 's'} ${some(unknown, 5)}: GitHub may hide the tags of deleted versions. Write \`since 3h\` for everything ` +
    'deleted in that time, or the id or digest that the log of that run shows, or the path of its report.'
  )
}

const DATE = /^(?:\d{4}-\d\d(?:-\d\d.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|yesterday|today|now)$/i

/** `3h`, or `last 2 days` and `3 hours ago`, which were split at their spaces. */
function ageIn(names: readonly string[]): string | undefined {
  const sentence = names.join(' ').replace(/^(?:in )?(?:the )?(?:last|past|for) | ago$/gi, '')
  return [sentence, ...names].find(text => parseAge(text) !== undefined && text !== '0')
}
