import { WHOLE_PACKAGE } from '../model/decision.ts'
import { parseDigest } from '../model/digest.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import { parseAge } from '../policy/time.ts'
import { code } from '../util/format.ts'
import { attempt, list, type Read, refuse, refuseText } from './fields.ts'
import type { DeclaredInputs } from './input-table.ts'
import { entriesOf, type PackageSelection, packageList, relativeTo } from './package-selection.ts'
import { isTooShort, slashAdvice, TOO_SHORT } from './tag-fields.ts'

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

/** The inputs that say what a purge or a restore is about, as far as they could be read. */
type UndoInputs = Partial<DeclaredInputs>

/**
 * What the modes that act on names need besides that each input is valid by itself.
 *
 * @param inputs those that could be read
 * @returns sentences
 */
export function undoProblems(inputs: UndoInputs): string[] {
  const { mode, packages, purge } = inputs
  const problems: (string | undefined)[] = []
  if (mode === 'restore') problems.push(restoreProblem(inputs))
  if (mode === 'purge' && purge !== undefined) {
    problems.push(purgeProblem(purge))
    if (packages !== undefined) problems.push(...targetProblems(purge, packages, inputs))
  }
  return problems.filter(problem => problem !== undefined)
}

function restoreProblem(inputs: UndoInputs): string | undefined {
  const { packages, restore } = inputs
  if ('restore' in inputs && restore === undefined)
    return 'Input `restore` is empty. Give the report of the run to undo, or tags, version ids and digests, or a time such as `since 3h`.'
  if (packages === undefined) return undefined
  if (restore?.source === 'names' && !isOne(packages))
    return 'Input `packages`: tags, ids and digests belong to one package. Name exactly one, or give a report in `restore`.'
  if (restore?.source === 'since' && packages.patterns.length > 0)
    return 'Input `packages`: a time in `restore` needs the names of the packages in full. Write them there, or give a report in `restore`.'
  return undefined
}

function isOne({ names, patterns }: PackageSelection): boolean {
  return patterns.length === 0 && names.length === 1
}

function purgeProblem(purge: readonly string[]): string | undefined {
  if (purge.length === 0)
    return 'Input `purge` is empty. Name the tags, digests or version ids to delete, or write the word `package`.'
  if (purge.includes(`${WHOLE_PACKAGE}?`))
    return (
      'Input `purge`: the question mark belongs after the name of the package, because it is the package that may be absent: write ' +
      '`packages: name?` and `purge: package`.'
    )
  if (purge.includes(WHOLE_PACKAGE) && purge.length > 1)
    return `Input \`purge\`: \`${WHOLE_PACKAGE}\` means everything. Leave out the other names, or leave out this word.`
  return undefined
}

/** What is purged must be said twice: which packages in `packages`, and the same in `confirm`. */
function targetProblems(
  purge: readonly string[],
  packages: PackageSelection,
  { confirm, dryRun, owner = '', registryUrl = 'https://ghcr.io' }: UndoInputs
): string[] {
  const { names, patterns } = packages
  if (!purge.includes(WHOLE_PACKAGE) && !isOne(packages)) {
    return [
      'Input `packages`: a purge is about one package. Name exactly one, without wildcards. Only `purge: package` takes several.'
    ]
  }
  if (patterns.length > 0 && dryRun !== true && parsePackagePatterns(patterns).scan(UNHEARD_OF).size > 0) {
    return [
      'Input `packages`: these patterns match every package, or nearly every one. Name the packages to delete; the ' +
        'output `packages` of a dry run lists them.'
    ]
  }
  const strangers = purge.flatMap(given => strangerProblem(given, names, owner, registryUrl) ?? [])
  if (strangers.length > 0) return strangers
  const confirmed = attempt(packageList, confirm ?? '')
  const isRepeated =
    'value' in confirmed && isSame(relativeTo(confirmed.value, owner, registryUrl).packages, packages)
  if (isRepeated || (dryRun === true && confirm === undefined)) return []
  const targets = entriesOf(packages)
  const all = targets.map(code).join(', ')
  const are = targets.length === 1 ? 'package is' : 'packages are'
  return [
    confirm === undefined
      ? `Input \`confirm\` is empty. Repeat the value of \`packages\` there (${all}), or nothing is purged.`
      : `Input \`confirm\` is "${confirm}", and the ${are} ${all}. Nothing is purged. Repeat the value of \`packages\`.`
  ]
}

/** An image reference must name the package that is purged: another one may have the same tag or digest. */
function strangerProblem(
  given: string,
  names: readonly string[],
  owner: string,
  registryUrl: string
): string | undefined {
  if (!/[/@]/.test(given)) return undefined
  const repository = given
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .toLowerCase()
  const [name = ''] = names
  const path = `${owner.toLowerCase()}/${name}`
  const hosts = ['ghcr.io', new URL(registryUrl).host]
  const mine = [name, path, ...hosts.map(host => `${host}/${path}`)]
  if (mine.includes(given.toLowerCase()))
    return `Input \`purge\`: "${given}" is the package, and no tag in it. To delete the whole package, write \`purge: package\`.`
  if (mine.includes(repository)) return undefined
  const advice = slashAdvice(given)
  const cure =
    advice === undefined
      ? `belongs to another package. This run is about \`ghcr.io/${path}\`: change the reference, or \`owner\` and \`packages\`.`
      : `cannot be a tag. ${advice}`
  return `Input \`purge\`: "${given}" ${cure} Nothing is purged.`
}

/** Names that no package has. */
const UNHEARD_OF = ['0', 'zq.unheard-of_7', 'no-such-name']

function isSame(one: PackageSelection, other: PackageSelection): boolean {
  const sorted = (selection: PackageSelection): string =>
    JSON.stringify([...new Set(entriesOf(selection))].toSorted())
  return sorted(one) === sorted(other)
}
