import { parsePatterns } from '../policy/pattern.ts'
import { unquoted } from '../util/format.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { isElsewhere } from './fields/address-fields.ts'
import { refuseSlip } from './fields/pattern-slip.ts'
import { attempt, list, type Read, refuse, refuseText } from './fields/read.ts'

/** The packages that a run is about. */
export interface PackageSelection {
  /** Packages that are named outright, in lower case: each must exist. */
  readonly names: readonly string[]
  /** All entries, names included, where one of them is a pattern; empty where none is. */
  readonly patterns: readonly string[]
  /** Those of the names that need not exist; absent if there is none. */
  readonly optional?: readonly string[]
  /** Only the packages that are linked to the repository whose workflow runs. */
  readonly linked?: true
}

/** The entry that stands for all packages that are linked to the repository. */
const LINKED = 'linked'

/** A list of package names and patterns of them. */
export const packageList: Read<PackageSelection> = given => {
  const entries = list(checkEntry)(fromJson(given))
  if (entries.length === 0) refuse('is empty, and so is GITHUB_REPOSITORY. Name a package.')
  if (!entries.includes(LINKED)) return select(entries)
  if (entries.length > 1)
    refuse(
      `\`${LINKED}\` means all packages that are linked to this repository. Leave out the other entries, or leave out this word.`
    )
  return { names: [], patterns: ['**'], linked: true }
}

/** The output `packages` of another run is a JSON list of names, and can be given as it is. */
function fromJson(given: string): string {
  const names: unknown = orUndefined(() => JSON.parse(given))
  if (!Array.isArray(names) || names.some(name => typeof name !== 'string')) return given
  return names.length > 0
    ? names.join('\n')
    : refuse('is an empty list, so there is no package to work on. Run this step only if there is one.')
}

/**
 * Leaves out the registry and the owner where an entry is a full reference (`ghcr.io/octo/app`).
 *
 * @param registry its address
 * @returns the selection, and a clause for each entry that names another registry or owner, or begins with the
 *   owner: that is mostly a slip, and a package whose name really begins so can be written with the owner in front
 */
export function relativeTo(
  packages: PackageSelection,
  owner: string,
  registry: string
): { packages: PackageSelection; problems: string[] } {
  if (packages.linked) return { packages, problems: [] }
  const given = entriesOf(packages).map(entry => (packages.optional?.includes(entry) ? `${entry}?` : entry))
  const readings = given.map(entry => attempt(relativeEntry(owner, registry), entry))
  return {
    packages: select(readings.map((reading, at) => ('value' in reading ? reading.value : (given[at] ?? '')))),
    problems: readings.flatMap(reading => ('problems' in reading ? reading.problems : []))
  }
}

/** All entries of a selection as they were given, except the `?` behind a name. */
export function entriesOf({ names, patterns }: PackageSelection): readonly string[] {
  return patterns.length > 0 ? patterns : names
}

/**
 * Sentences about names in a policy that are written with a registry or the owner in front: there only the package's own
 * name is compared, so most of them match nothing.
 */
export function withMore(entries: readonly string[], owner: string, registry: string): string[] {
  return entries.flatMap(entry => {
    const [, not = '', first = '', rest = ''] = /^(!?)([\w.-]+)\/(.+)$/.exec(entry) ?? []
    if (first === owner.toLowerCase())
      return `"${entry}" begins with the owner. Write \`${not}${rest}\`, unless the name of the package itself begins like that.`
    const reading = attempt(relativeEntry(owner, registry), entry)
    if ('problems' in reading) return reading.problems
    return reading.value === entry
      ? []
      : `"${entry}" is a reference. Write \`${reading.value}\`, without the registry and the owner.`
  })
}

/** An entry without the registry and the owner. @throws ExpectedError where it names others */
function relativeEntry(givenOwner: string, registry: string): Read<string> {
  const owner = givenOwner.toLowerCase()
  const { host } = new URL(registry)
  return entry => {
    const [, not = '', name = ''] = /^(!?)(.*)$/s.exec(entry) ?? []
    const [first = '', ...rest] = name.split('/')
    if (/^!?(?:\/|semver:)/.test(entry) || rest.length === 0) return entry
    const wrong = (clause: string): never => refuse(`"${entry}" ${clause}`)
    const bare = (path: readonly string[]): string => not + path.join('/')
    const [account, ...path] = rest
    if (isElsewhere(first) && first !== host)
      wrong(
        `${elsewhere(host)} Write only the name of the package, such as \`${bare(path.length > 0 ? path : rest)}\`.`
      )
    if (isRegistry(first, host)) {
      if (account !== owner || path.length === 0)
        wrong(`is not under \`${host}/${owner}/\`. Set \`owner\`, and write only the name of the package.`)
      return first === host ? bare(path) : wrong(`is not on the registry ${host}. Write \`${bare(path)}\`.`)
    }
    if (first !== owner) return entry
    if (account === owner && path.length > 0) return bare(rest)
    return wrong(
      `begins with the owner. Write \`${bare(rest)}\`; or, if the name of the package itself begins like that, ` +
        `\`${bare([owner, name])}\`.`
    )
  }
}

/** A dot alone makes no host: packages are called `site.example/web`, too. */
function isRegistry(first: string, host: string): boolean {
  return first === host || first === 'ghcr.io' || /^[a-z0-9.-]+:\d+$/.test(first)
}

const elsewhere = (host: string): string => `is on another registry, and this run works on ${host}.`

/** The package's own name in a reference with a tag or digest to another host than ghcr.io: without host and account. */
function nameElsewhere(reference: string): string | undefined {
  const [, host = '', path = ''] = /^([a-z0-9-]+(?:\.[a-z0-9-]+)+)\/([^:@]+)[:@]/.exec(reference) ?? []
  if (host === '' || host === 'ghcr.io') return undefined
  const name = path.replace(/^[^/]+\/(?=.)/, '')
  return NAME.test(name) ? name : undefined
}

function select(written: readonly string[]): PackageSelection {
  const entries = written.map(entry => optionalName(entry) ?? entry)
  const names = entries.filter(entry => !isPattern(entry))
  const optional = written.map(optionalName).filter(name => name !== undefined)
  return {
    names: [...new Set(names)],
    patterns: names.length === entries.length ? [] : entries,
    ...(optional.length === 0 ? {} : { optional })
  }
}

/** The name of a package that need not exist, which is written with a `?` behind it; undefined for anything else. */
export function optionalName(entry: string): string | undefined {
  const name = entry.endsWith('?') ? entry.slice(0, -1) : ''
  return name === '' || isPattern(name) ? undefined : name
}

/** The packages that such entries name. @throws ExpectedError for what is neither a name nor a pattern */
export function selectPackages(entries: readonly string[]): PackageSelection {
  return select(entries.map(checkEntry))
}

function checkEntry(entry: string): string {
  const optional = optionalName(entry)
  if (optional !== undefined) return `${checkEntry(optional)}?`
  if (isPattern(entry)) {
    const pattern = /^!?\//.test(entry) ? entry : entry.toLowerCase()
    // A host may have a port, which no name has.
    refuseSlip(pattern.replace(/^(!?)[a-z0-9.-]+:\d+\//, '$1'), 'package')
    parsePatterns([pattern])
    return pattern
  }
  const name = entry.toLowerCase()
  if (NAME.test(name)) return name
  const alone = nameElsewhere(name)
  if (alone !== undefined) {
    const isKnown = isElsewhere(name.split('/', 1)[0] ?? '')
    const fault = isKnown ? elsewhere('that of GitHub') : 'is not the name of a package.'
    refuseText(entry, `${fault} Write only the name of the package, such as \`${alone}\`.`)
  }
  return refuseText(entry, `is not a package name. ${nameAdvice(name)}`)
}

function nameAdvice(name: string): string {
  if (/^-+$/.test(name)) return 'Write each name on a line of its own, without a dash.'
  if (name.includes(';')) return 'Separate names with a space, a comma or a new line, not with `;`.'
  const [, owner, inFull] = /^ghcr\.io\/([^/]+)\/(.+)$/.exec(withoutMore(name)) ?? []
  const meant = inFull ?? withoutMore(name)
  if (!NAME.test(meant)) return 'Write it as in `docker pull`, without a tag or digest.'
  return `Write \`${meant}\`${owner === undefined ? '' : `, for the owner \`${owner}\``}.`
}

/** A host may have a port; a name has neither a tag nor a digest. */
const NAME = /^(?:[a-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/

/** The name in a reference, or in the address of a package's page on GitHub. */
function withoutMore(entry: string): string {
  const [, page] = /\/container\/(?:package\/)?([^/?#]+)/.exec(entry) ?? []
  const reference = unquoted(page ?? entry.replace(/^[a-z]+:\/\//, '')).replaceAll('%2f', '/')
  return withoutTag(reference).replaceAll(/^\/+|\/+$/g, '')
}

/** An image reference without its tag and digest. */
export function withoutTag(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
}

function isPattern(entry: string): boolean {
  return WILDCARD.test(entry) || /^(?:!|\/|semver:)/.test(entry)
}

const WILDCARD = /[*?[\]{}()]/
