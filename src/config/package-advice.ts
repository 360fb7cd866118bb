import { parsePackagePatterns } from '../policy/pattern.ts'
import { code, count, some } from '../util/format.ts'
import type { PackageSelection } from './package-selection.ts'

/** Where patterns of packages are written, for a sentence about them. */
export interface WrittenIn {
  readonly owner: string
  /** `owner/name` of the repository whose workflow runs. */
  readonly repository: string
  /** True where the policy says what the run is about. */
  readonly policy: boolean
}

/** How many patterns a sentence names. */
const MOST_NAMED = 5

/**
 * Why patterns match none of the packages that are there, and what to write instead: a sentence or two.
 *
 * @param names of all packages that the token may list
 */
export function whyNoPackage(
  { patterns, linked }: PackageSelection,
  names: readonly string[],
  where: WrittenIn
): string {
  const { owner, repository } = where
  if (names.length === 0) return `This token sees no container package of ${owner}, so nothing was done.`
  // Who reads the log need not be allowed to know their names.
  const sees = `This token sees ${count(names.length, 'other package')}.`
  if (linked) return `No package of ${owner} is linked to the repository ${repository}. ${sees}`
  const told = unmatchedPackages(patterns, names, where)
  return acrossSlashes(patterns, names) === undefined ? `${told} ${sees}` : told
}

/** That these patterns match no package, and what to write instead: a sentence. */
export function unmatchedPackages(
  patterns: readonly string[],
  names: readonly string[],
  { owner, policy }: WrittenIn
): string {
  const found = acrossSlashes(patterns, names)
  const place = policy ? 'under `match` in the policy' : 'in `packages`'
  const none = (written: string): string => `No package of ${owner} matches ${written} ${place}`
  if (found !== undefined) {
    const { pattern, wider, name } = found
    return `${none(code(pattern))}, because \`*\` does not match the slash in a name: write ${code(wider)}, which matches ${code(name)}.`
  }
  const wanted = patterns.filter(pattern => !pattern.startsWith('!'))
  return `${none(some(wanted.map(code), MOST_NAMED))}.`
}

/** The glob that would match a package if its `*` stood for slashes, too, and how that is written. */
function acrossSlashes(
  patterns: readonly string[],
  names: readonly string[]
): { pattern: string; wider: string; name: string } | undefined {
  const excluded = patterns.filter(pattern => pattern.startsWith('!'))
  for (const pattern of patterns) {
    if (!pattern.includes('*') || /^(?:!|\/|semver:)/.test(pattern)) continue
    for (const wider of widened(pattern)) {
      const [name] = parsePackagePatterns([wider, ...excluded])
        .scan(names)
        .keys()
      if (name !== undefined) return { pattern, wider, name }
    }
  }
  return undefined
}

/** `**` stands for slashes where it is all that is between two of them. */
function widened(glob: string): string[] {
  const whole = glob.replaceAll(/(?<=^|\/)\*(?=$|\/)/g, '**')
  return whole === glob ? [`${glob}/**`, `**/${glob}`, `**/${glob}/**`] : [whole]
}
