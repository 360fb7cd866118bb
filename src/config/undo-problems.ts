import { WHOLE_PACKAGE } from '../model/decision.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import { code } from '../util/format.ts'
import { attempt } from './fields/read.ts'
import { slashAdvice } from './fields/tag-fields.ts'
import type { DeclaredInputs } from './input-table.ts'
import { entriesOf, type PackageSelection, packageList, relativeTo, withoutTag } from './package-selection.ts'

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
  const repository = withoutTag(given).toLowerCase()
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
  return new Set(entriesOf(one)).symmetricDifference(new Set(entriesOf(other))).size === 0
}
