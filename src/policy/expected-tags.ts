import semver from 'semver'
import { ExpectedError } from '../errors.ts'
import { isTag, tagSpellings } from '../model/tag.ts'
import type { InUse } from '../model/usage.ts'
import { type Hit, type PatternCount, type Patterns, parsePatterns } from './pattern.ts'
import { fill, semverOf, type Values, valuesOf } from './tag-values.ts'

/** Something that should have an image. */
export interface Expected {
  /** The git tag, or the image tag that was asked for by name. */
  readonly name: string
  /** Image tags, any of which will do. */
  readonly images: readonly string[]
  /** What templates may put in: `tag`, `version`, `major`, …, and the named groups of the patterns. */
  readonly values: Values
}

/** Which git tags must have an image, and under what image tags; all as the inputs have it. */
export interface ExpectRules {
  /** Patterns; named groups of regular expressions feed the templates. */
  readonly gitTags: readonly string[]
  readonly skipTags: readonly string[]
  /** Templates of image tags. */
  readonly imageTags: readonly string[]
  readonly requiredTags: readonly string[]
}

export interface Expectations {
  /** Newest first. */
  readonly expected: readonly Expected[]
  /** Git tags that are asked for and give no image tag. */
  readonly unmapped: readonly string[]
  /** Git tags that need no image, so that a run for one of them can be told from a run for an expected one. */
  readonly others: readonly Expected[]
  /** How many git tags the patterns match, before any is skipped. */
  readonly matched: number
  /** What each pattern of `skip-tags` matches. */
  readonly skipped: readonly PatternCount[]
  /** Git tags such as `v1` beside `v1.2.3`, which each release takes over: no image is built for them. */
  readonly moving: readonly string[]
}

/** The commits of git tags by their names; undefined where no template asks for them. */
export type Commits = ReadonlyMap<string, readonly string[]> | undefined

const NO_SKIPS = { matched: new Map<string, Hit>(), counts: [] as readonly PatternCount[] }

/**
 * What should be there: an image for every git tag that the patterns match, and every image tag that is asked
 * for by name.
 *
 * @param gitTags names of git tags, or of the tags of releases
 * @throws ExpectedError when a regular expression takes too long, or the commit of a git tag is not known
 */
export function expectTags(gitTags: readonly string[], rules: ExpectRules, commits?: Commits): Expectations {
  const wanted = gitTagPatterns(rules.gitTags).scan(gitTags)
  const skips = rules.skipTags.length === 0 ? NO_SKIPS : gitTagPatterns(rules.skipTags).examine(gitTags)
  const moving = movingTags([...wanted.keys()]).filter(name => !rules.gitTags.includes(name))
  const expected = new Map<string, Expected>()
  const unmapped: string[] = []
  for (const [name, { groups }] of wanted) {
    if (skips.matched.has(name) || moving.includes(name)) continue
    const readings = commitsOf(name, commits).map(commit => valuesOf(name, groups, commit))
    const images = [...new Set(readings.flatMap(values => imagesOf(values, rules.imageTags)))]
    const values = readings.at(-1) ?? valuesOf(name, groups)
    if (images.length === 0) unmapped.push(name)
    else expected.set(name, { name, images, values })
  }
  for (const name of rules.requiredTags) expected.set(name, { name, images: [name], values: valuesOf(name) })
  return {
    expected: markLatest([...expected.values()].sort(byNewestTag)),
    unmapped: unmapped.sort(),
    matched: wanted.size,
    skipped: skips.counts,
    moving,
    others: gitTags
      .filter(name => !expected.has(name))
      .map(name => ({ name, images: [], values: valuesOf(name) }))
  }
}

/** Several expectations as one: what is expected of any package is expected, each name once, newest first. */
export function mergeExpectations(all: readonly Expectations[]): Expectations {
  const byName = new Map(all.flatMap(({ expected }) => expected).map(one => [one.name, one]))
  const others = new Map(all.flatMap(one => one.others).map(one => [one.name, one]))
  return {
    expected: [...byName.values()].sort(byNewestTag),
    unmapped: [...new Set(all.flatMap(({ unmapped }) => unmapped))].sort(),
    matched: all.reduce((sum, { matched }) => sum + matched, 0),
    skipped: all.flatMap(({ skipped }) => skipped),
    moving: [...new Set(all.flatMap(({ moving }) => moving))],
    others: [...others.values()].filter(({ name }) => !byName.has(name))
  }
}

/**
 * The expectations of one package. A named group `package` says which one a git tag is for: `pkg` is the
 * package `pkg`, and `app/pkg` too.
 */
export function expectedOf(expected: readonly Expected[], packageName: string): readonly Expected[] {
  return expected.filter(({ values }) => {
    const only = values['package']?.toLowerCase()
    return only === undefined || packageName === only || packageName.endsWith(`/${only}`)
  })
}

/**
 * What retention leaves alone so that the two never fight: every image that a check could be satisfied with, for
 * every git tag there is, whatever patterns the check takes, and in the form that build workflows give to names
 * that are no image tags.
 *
 * @param source what people call it: `git tag`, `release`
 */
export function protectedBy(
  source: string,
  gitTags: readonly string[],
  rules: Pick<ExpectRules, 'gitTags' | 'imageTags'>,
  commits?: Commits
): InUse[] {
  const templates = [...new Set([...rules.imageTags, '{tag}', '{version}'])]
  const groups = gitTagPatterns(rules.gitTags).scan(gitTags)
  return gitTags.flatMap(name => {
    const readings = commitsOf(name, commits).flatMap(commit => [
      valuesOf(name, {}, commit),
      valuesOf(name, groups.get(name)?.groups, commit)
    ])
    const texts = readings.flatMap(values => templates.flatMap(template => fill(template, values) ?? []))
    return [...new Set(texts.flatMap(tagSpellings))].map(tag => ({ by: `${source} ${name}`, tag }))
  })
}

/** Without one, an image that is there would be missing, or an image of a git tag would be deleted. */
function commitsOf(name: string, commits: Commits): readonly (string | undefined)[] {
  const found = commits?.get(name)
  if (commits === undefined) return [undefined]
  if (found !== undefined) return found
  throw new ExpectedError(
    `GitHub does not say which commit the git tag ${name} is on, and \`{sha}\` asks for it. Run again; if this continues, ` +
      'check whether the tag is on a commit at all.'
  )
}

/**
 * Patterns for git tags, where a variable may hold a plain prefix such as `v`: a name without wildcards and digits that
 * no tag has. With a digit it may be a release that is not there, and then its pre-releases are no answer.
 */
export function withPrefixes(sources: readonly string[], gitTags: readonly string[]): string[] {
  return sources.map(source =>
    /^[A-Za-z][A-Za-z/@._-]*$/.test(source) && !gitTags.includes(source) ? `${source}*` : source
  )
}

/** Git tags may have slashes, over which a `*` does not reach; by itself it means all of them. */
function gitTagPatterns(sources: readonly string[]): Patterns {
  return parsePatterns(sources, 'include', source => source.replace(/^(!?)\*$/, '$1**'))
}

/** `v1` and `v1.2` beside `v1.2.3`, whatever stands before. Where releases count `6.1`, `6.1.1`, the first is one, too. */
function movingTags(names: readonly string[]): string[] {
  const all = new Set(names)
  const series = names.flatMap(name => {
    const [, minor, major] = /^(((?:.*[/@_-])?v?\d+)\.\d+)\.\d+$/.exec(name) ?? []
    return minor === undefined
      ? []
      : [major, ...(all.has(`${minor}.1`) && !all.has(`${minor}.0`) ? [] : [minor])]
  })
  const moving = new Set(series)
  return names.filter(name => moving.has(name))
}

/** A chart of version `1.0.0+b5` has the tag `1.0.0_b5`; a name with other characters is asked for by a named group. */
function imagesOf(values: Values, templates: readonly string[]): string[] {
  const texts = templates.map(template => fill(template, values))
  return [
    ...new Set(texts.flatMap((text = '') => (isTag(text.replaceAll('+', '')) ? tagSpellings(text) : [])))
  ]
}

/** Semvers first, newest first; then everything else by name, counting upwards as people do. */
function byNewestTag(a: Expected, b: Expected): number {
  const [x, y] = [semverOf(a.values), semverOf(b.values)]
  if (x !== undefined && y !== undefined) return semver.rcompare(x, y) || compareNames(a.name, b.name)
  if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1
  return b.name.localeCompare(a.name, 'en', { numeric: true }) || compareNames(a.name, b.name)
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The newest version that is no pre-release is the one that `latest` should be on. */
function markLatest(sorted: readonly Expected[]): Expected[] {
  const latest = sorted.find(({ values }) => semverOf(values)?.prerelease.length === 0)
  return sorted.map(one => ({ ...one, values: { ...one.values, 'is-latest': String(one === latest) } }))
}

/** An image tag that is handed on from release to release, and the release that it must stand on. */
export interface NewestTag {
  readonly tag: string
  readonly release: Expected
}

/**
 * The newest release for each tag that the templates make of releases: `latest` of all of them, `{major}` of each
 * major version. Pre-releases are no releases, and of major version 0 nobody makes a tag that is only its number.
 *
 * @param templates of image tags
 * @param expected newest first
 */
export function newestTags(templates: readonly string[], expected: readonly Expected[]): NewestTag[] {
  const newest = new Map<string, Expected>()
  for (const release of expected) {
    if (semverOf(release.values)?.prerelease.length !== 0) continue
    for (const template of templates) {
      const tag = fill(template, release.values)
      if (tag !== undefined && isTag(tag) && !/^v?0$/.test(tag) && !newest.has(tag)) newest.set(tag, release)
    }
  }
  return [...newest].map(([tag, release]) => ({ tag, release }))
}
