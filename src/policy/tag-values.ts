import semver from 'semver'
import { own } from '../util/own.ts'
import type { Groups } from '../util/regex.ts'
import { nearest } from '../util/suggest.ts'

/** What can be put into a template, by the name that stands between its braces. */
export type Values = Readonly<Record<string, string>>

const PLACEHOLDER = /\{([A-Za-z][\w-]*)\}/g
/** Placeholders that need no named group. `is-latest` is for the inputs of a workflow. */
const STANDARD = ['tag', 'version', 'major', 'minor', 'patch', 'sha', 'short-sha', 'is-latest']
/** How many digits build workflows put into the tag of a commit, as git does. */
const SHORT = 7

/** Puts the values into a template; undefined when it asks for one that there is not. */
export function fill(template: string, values: Values): string | undefined {
  let complete = true
  const text = template.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = own(values, name)
    complete &&= value !== undefined
    return value ?? ''
  })
  return complete ? text : undefined
}

/**
 * The placeholders of a template that nothing feeds: neither the program nor a named group of the patterns; each with
 * the one that was meant, where there is one like it.
 */
export function unknownPlaceholders(
  template: string,
  patterns: readonly string[]
): { readonly name: string; readonly near: string | undefined }[] {
  const groups = patterns.flatMap(pattern =>
    [...pattern.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map(match => match[1] as string)
  )
  const known = [...STANDARD, ...groups]
  return [...template.matchAll(PLACEHOLDER)]
    .map(match => match[1] as string)
    .filter(name => !known.includes(name))
    .map(name => ({ name, near: nearest(name, known) }))
}

/** The semver of a tag `1.2.3` or `v1.2.3`, or undefined. */
export function semverOf(values: Values): semver.SemVer | undefined {
  return semver.parse(values['version']) ?? undefined
}

/** True when some template asks for the commit of a git tag. */
export function askForCommits(templates: readonly string[]): boolean {
  return templates.some(template => /\{(?:short-)?sha\}/.test(template))
}

/** What templates may put in for a tag. @param commit undefined where no template asks for it */
export function valuesOf(tag: string, groups: Groups = {}, commit?: string): Values {
  const version = groups['version'] ?? tag.replace(/^v(?=\d)/, '')
  const parsed = semver.parse(version)
  const numbers = parsed === null ? {} : { major: parsed.major, minor: parsed.minor, patch: parsed.patch }
  const texts = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]))
  const commits = commit === undefined ? {} : { sha: commit, 'short-sha': commit.slice(0, SHORT) }
  return { ...texts, ...commits, ...groups, version, tag }
}
