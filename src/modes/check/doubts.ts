import type { Inputs } from '../../config/inputs.ts'
import { matchesNothing } from '../../policy/cover.ts'
import type { Expectations } from '../../policy/expected-tags.ts'
import { code, count, some } from '../../util/format.ts'

/** What is wrong with something, as sentences: with the question of a check itself, or with what came of it. */
export interface Doubts {
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

type Rules = Pick<Inputs, 'gitTags' | 'skipTags' | 'requiredTags' | 'releasesOnly' | 'failOnMissing'>

/**
 * A check that looks at nothing must not pass for one that found everything: it is red where missing images are, and
 * a warning elsewhere. The default of `git-tags` beside `required-tags` asks for no git tags, and so does `!*`.
 *
 * @param names git tags of the repository, or tags of its releases
 */
export function doubtsOf(names: readonly string[], wanted: Expectations, rules: Rules): Doubts {
  const { requiredTags, gitTags, failOnMissing } = rules
  const looked = wanted.expected.some(({ name }) => !requiredTags.includes(name) || names.includes(name))
  const byDefault = requiredTags.length > 0 && gitTags.join() === 'v*' && wanted.unmapped.length === 0
  const unasked = byDefault || matchesNothing(gitTags, '*')
  const nothing = looked || unasked ? [] : [whyNothing(names, wanted, rules)]
  const idle = names.length === 0 ? [] : wanted.skipped.filter(({ hits }) => hits === 0)
  return {
    errors: failOnMissing ? nothing : [],
    warnings: [
      ...(failOnMissing ? [] : nothing),
      ...(wanted.unmapped.length === 0 ? [] : [unmappedWarning(wanted.unmapped)]),
      ...idle.map(
        ({ pattern }) =>
          `The pattern \`${pattern}\` in \`skip-tags\` matches no tag, so it skips nothing.${asPart(pattern, names)}`
      )
    ]
  }
}

/** How many tags were skipped by which pattern, and which were taken for moving ones: lines for the log. */
export function tagLines({ skipped, moving }: Expectations): string[] {
  const skips = skipped.filter(({ hits }) => hits > 0)
  return [
    ...skips.map(({ pattern, hits }) => `\`skip-tags\`: ${pattern} matches ${count(hits, 'tag')}`),
    ...(moving.length === 0
      ? []
      : [`${some(moving, 10)}: moving from release to release, so it has no image of its own`])
  ]
}

/** A word of a regular expression finds itself anywhere in a name; here it is the name. */
function asPart(pattern: string, names: readonly string[]): string {
  const found = /^[\w.-]+$/.test(pattern) ? names.find(name => name.includes(pattern)) : undefined
  return found === undefined ? '' : ` Write \`*${pattern}*\` to skip tags such as ${found}.`
}

function whyNothing(names: readonly string[], wanted: Expectations, rules: Rules): string {
  const source = rules.releasesOnly ? 'published release' : 'git tag'
  const patterns = rules.gitTags.map(code).join(', ')
  const base = 'No image was looked for'
  if (names.length === 0)
    return `${base}: the repository has no ${source}, so no ${source} matches \`git-tags\`.`
  if (wanted.unmapped.length > 0)
    return `${base}: \`image-tags\` makes no image tag of any ${source} that matches.`
  if (wanted.matched > 0) {
    return `${base}: each ${source} that \`git-tags\` (${patterns}) matches is skipped by \`skip-tags\`, or moves.`
  }
  return `${base}: no ${source} matches \`git-tags\` (${patterns}). ${remedy(names)}`
}

function remedy(names: readonly string[]): string {
  return `Existing ones are for instance ${some(names, 3)}: \`${fitting(names)}\` would match.`
}

/** The pattern of the text before the first digit that most names share. */
function fitting(names: readonly string[]): string {
  const prefixes = names.flatMap(name => /^\D*(?=\d)/.exec(name)?.[0] ?? [])
  const shares = Map.groupBy(prefixes, prefix => prefix)
  const [[most = ''] = []] = [...shares].sort(([, a], [, b]) => b.length - a.length)
  return `${most}*`
}

function unmappedWarning(unmapped: readonly string[]): string {
  return (
    `${count(unmapped.length, 'git tag')} could not be checked, because \`image-tags\` makes no image tag of ` +
    `such a name. The first is ${unmapped[0]}. Take a part of the name with a named group in \`git-tags\`, or add it ` +
    'to `skip-tags`.'
  )
}
