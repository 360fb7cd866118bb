import { WHOLE_PACKAGE } from '../../model/decision.ts'
import { parseDigest } from '../../model/digest.ts'
import { parseAge } from '../../policy/time.ts'
import { list, type Read, refuse, refuseText } from './read.ts'
import { isTooShort, TOO_SHORT } from './tag-fields.ts'

/** What to bring back. */
export type RestoreInput =
  | { readonly source: 'report'; readonly path: string }
  | {
      readonly source: 'names'
      /** Tags, version ids and digests, short ones too. */
      readonly names: readonly string[]
      /** True when the package itself is to come back. */
      readonly wholePackage: boolean
    }
  /** Everything that was deleted in the last `age` milliseconds. */
  | { readonly source: 'since'; readonly age: number }

/**
 * A report's path; or a list of tags, version ids and digests, or the word `package`; or `since` and an age. What has a
 * slash or ends in `.json` is a path.
 */
export const restoreInput: Read<RestoreInput> = given => {
  const since = /^since\s+(.+)$/i.exec(given.trim())?.[1]
  if (since !== undefined) {
    const age = parseAge(since)
    return age === undefined
      ? refuse(`"${since}" is not an age. ${sinceAdvice(since)}`)
      : { source: 'since', age }
  }
  const entries = given.split(/[\s,]+/).filter(entry => entry !== '')
  for (const entry of entries) refuseNoName(entry)
  const path = entries.find(entry => /[/\\]|\.json$/i.test(entry))
  if (path === undefined) {
    const names = entries.filter(entry => entry !== WHOLE_PACKAGE)
    return { source: 'names', names, wholePackage: names.length < entries.length }
  }
  const isName = (entry: string): boolean => /^\d+$/.test(entry) || parseDigest(entry) !== undefined
  if (entries.length > 1 && entries.some(isName)) {
    refuse(
      `"${path}" is the path of a report, and there are other names besides it. Give tags, version ids and digests, or the ` +
        'path of one report.'
    )
  }
  return { source: 'report', path: given }
}

/** @throws ExpectedError for what is neither a name nor a path, but a pattern, a word, or a part of either */
function refuseNoName(entry: string): void {
  const [, age] = /^since[-:]?(\d.*)$/i.exec(entry) ?? []
  if (age !== undefined && parseAge(age) !== undefined)
    refuse(`"${entry}" is not a tag here. Write \`since ${age}\`.`)
  if (isTooShort(entry)) refuse(`"${entry}" ${TOO_SHORT}`)
  if (/^[0-9a-f]{64}$/.test(entry))
    refuse(`"${entry}" has the digits of a digest alone. For a digest write \`sha256:${entry}\`.`)
  const isPattern =
    !/\.json$/i.test(entry) && /^[^/\\]*[*?[\]{}|!]|^!?\/.*[*+?$^\\].*\/[imsuv]*$|^semver:/.test(entry)
  if (isPattern || /^all$/i.test(entry))
    refuse(
      `"${entry}": ${isPattern ? 'patterns do not work in `restore`' : 'there is no word for everything'}. Write \`since 3h\`, ids, ` +
        'digests or the report of the run to undo.'
    )
}

/** What to write instead: nobody undoes months, so `30m` is minutes. */
function sinceAdvice(text: string): string {
  const [, digits, unit] = /^(\d+) *(m?)$/.exec(text) ?? []
  if (digits === undefined) return 'Write for instance `since 3h` or `since 2 days`; a date does not work.'
  if (unit === 'm') return `Write \`since ${digits}min\` for minutes.`
  return `Write \`since ${digits}h\` for hours or \`since ${digits}d\` for days.`
}

/** What a purge takes. There are no patterns here: whoever purges names what is deleted. */
export const purgeNames = list(given => {
  if (/[*!|[{"'`$]|^\/.*\/$|^semver:/.test(given))
    refuseText(
      given,
      'is not a name. Write tags in full, without wildcards and quotation marks; `purge: package` deletes the whole package.'
    )
  if (given.includes(';'))
    refuseText(given, 'is not a name. Separate names with a space, a comma or a new line, not with `;`.')
  return isTooShort(given) ? refuseText(given, TOO_SHORT) : given
})
