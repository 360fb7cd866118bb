import { orRefusal } from '../../errors.ts'
import type { TagCheck } from '../../model/check.ts'
import { checkImagesNow, type Lookup, type Sought } from './images.ts'

/**
 * Asks the registry again, by tag and after pauses, about everything that seems to be missing. A list may lag behind
 * a push, and a tag may have moved since it was made.
 *
 * @param checks what the list and the first look gave
 * @returns the checks in their order; what the registry contradicts is unreadable
 * @throws BudgetError when there is no time or quota left to look
 */
export async function confirmMissing(
  checks: readonly TagCheck[],
  sought: Sought,
  lookup: Lookup
): Promise<readonly TagCheck[]> {
  const seen = await orRefusal(() => lookAgain(checks, sought, lookup))
  if (!('problem' in seen)) return seen
  const cause = seen.sentence.replace(/\.$/, '')
  return checks.map(check => (isMissing(check) ? { ...check, state: 'unreadable', lacks: [], cause } : check))
}

/** The checks with what the registry shows of the missing ones now. @throws ExpectedError as `checkImagesNow` */
export async function lookAgain(
  checks: readonly TagCheck[],
  { expected, platforms }: Sought,
  lookup: Lookup
): Promise<readonly TagCheck[]> {
  const missing = new Set(checks.filter(isMissing).map(({ tag }) => tag))
  const due = expected.filter(({ name }) => missing.has(name))
  if (due.length === 0) return checks
  return updated(checks, await checkImagesNow({ expected: due, platforms }, lookup), verdict)
}

/** The checks in their order, with what was seen anew. @param choose what two looks at a tag make */
export function updated(
  checks: readonly TagCheck[],
  anew: readonly TagCheck[],
  choose: (first: TagCheck, second: TagCheck) => TagCheck = (_, second) => second
): TagCheck[] {
  const byTag = new Map(anew.map(check => [check.tag, check]))
  return checks.map(check => {
    const again = byTag.get(check.tag)
    return again === undefined ? check : choose(check, again)
  })
}

/** True for what would be built again. */
export function isMissing({ state }: TagCheck): boolean {
  return state === 'absent' || state === 'incomplete'
}

/** What two looks at a tag make; the second counts, unless it contradicts the first. */
function verdict(first: TagCheck, second: TagCheck): TagCheck {
  if (first.state === 'incomplete' && second.state === 'absent') {
    return { ...first, state: 'unreadable', lacks: [], cause: CONTRADICTION }
  }
  return second
}

const CONTRADICTION = 'GitHub lists the tag, but the registry denies it'
