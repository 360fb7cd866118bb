import type { PackageExpectations } from '../../config/for-package.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { ExpectedError, orRefusal } from '../../errors.ts'
import { listTwice } from '../../github/lists.ts'
import type { Repository } from '../../github/repository.ts'
import { matchesNothing } from '../../policy/cover.ts'
import {
  type Commits,
  type Expectations,
  type Expected,
  expectedOf,
  expectTags,
  mergeExpectations,
  type NewestTag,
  newestTags,
  withPrefixes
} from '../../policy/expected-tags.ts'
import { askForCommits } from '../../policy/tag-values.ts'
import { commitsTwice } from '../../usage/believable.ts'
import type { NamedImage } from '../../usage/named-images.ts'
import { code, count, some } from '../../util/format.ts'

/** What one package must have, and be. */
export interface Requirements extends Omit<PackageExpectations, 'newestTags'> {
  /** Newest first. */
  readonly expected: readonly Expected[]
  readonly newest: readonly NewestTag[]
  /** What files name of it. */
  readonly named: readonly NamedImage[]
}

/** What the packages of a run must have. */
export interface Wanted extends Doubts {
  /** All packages together. */
  readonly all: Expectations
  /** What one of these packages must have, by its name. */
  readonly of: (packageName: string) => Requirements
}

/**
 * Asks the repositories for the tags that must have an image. Packages of which the same is expected are one question,
 * and each repository is asked once.
 *
 * @param names of the packages
 * @throws ExpectedError when the only repository that is asked does not answer; else that is an error among others
 */
export async function readRequirements(
  names: readonly string[],
  inputs: Inputs,
  policies: Pick<Policies, 'expectationsOf' | 'named'>,
  context: Context
): Promise<Wanted> {
  // Even with no package at all, it is worth saying what is asked of the repository.
  const asking = (names.length === 0 ? [''] : names).map(name => ({
    name,
    rules: policies.expectationsOf(name)
  }))
  const questions = Map.groupBy(asking, ({ rules: { repository, gitTags, imageTags } }) =>
    JSON.stringify([repository, gitTags, imageTags])
  )
  const tagsOf = askingOnce(inputs, context)
  const answers: (Answer & { readonly names: readonly string[] })[] = []
  for (const same of questions.values()) {
    const [{ rules }] = same as [(typeof same)[number]]
    const answer = await ask(rules, questions.size === 1, tagsOf, inputs, context)
    answers.push({ ...answer, names: same.map(({ name }) => name) })
  }
  const expected = new Map(answers.flatMap(one => one.names.map(name => [name, one.expected] as const)))
  return {
    all: mergeExpectations(answers),
    of: name => {
      const due = expectedOf(expected.get(name) ?? [], name)
      const { newestTags: templates, ...rules } = policies.expectationsOf(name)
      const named = policies.named.filter(({ packageName }) => packageName === name)
      return { ...rules, expected: due, newest: newestTags(templates, due), named }
    },
    errors: unique(answers.flatMap(({ errors }) => errors)),
    warnings: [...unique(answers.flatMap(({ warnings }) => warnings)), ...unseenNamed(policies.named, names)]
  }
}

/** What some packages must have, and what is wrong with that. */
type Answer = Expectations & Doubts

/** @throws ExpectedError when the repository does not answer and nothing else is asked: then the run has nothing to say */
async function ask(
  asked: PackageExpectations,
  isOnly: boolean,
  tagsOf: AskForTags,
  inputs: Inputs,
  { repository, log }: Context
): Promise<Answer> {
  const { dispatchInputs, dispatchRef = '', releasesOnly } = inputs
  const templates = [...asked.imageTags, ...asked.newestTags, ...Object.values(dispatchInputs), dispatchRef]
  const read = await orRefusal(() => tagsOf(asked.repository, askForCommits(templates)))
  if ('problem' in read) {
    if (isOnly) throw new ExpectedError(read.sentence)
    // Only what needs this repository is left out.
    const required = expectTags([], { ...asked, gitTags: ['!**'] })
    return { ...required, errors: [read.sentence], warnings: [] }
  }
  const { tags, commits } = read
  const rules = { ...asked, gitTags: withPrefixes(asked.gitTags, tags) }
  const wanted = expectTags(tags, rules, commits)
  const kind = releasesOnly ? 'published releases' : 'git tags'
  log.info(
    `${rules.repository ?? repository.name} has ${tags.length} ${kind} (\`git-tags\`: ${rules.gitTags.join(', ')}); ` +
      `${count(wanted.expected.length, 'tag')} must have an image`
  )
  for (const line of tagLines(wanted)) log.info(line)
  return { ...wanted, ...doubtsOf(tags, wanted, { ...inputs, ...rules }) }
}

interface TagsRead {
  readonly tags: readonly string[]
  readonly commits: Commits
}

/** From `owner/name`, undefined for the repository whose workflow runs, to its tags. */
type AskForTags = (name: string | undefined, withCommits: boolean) => Promise<TagsRead>

function askingOnce({ releasesOnly }: Inputs, { repository, openRepository, clock }: Context): AskForTags {
  const answers = new Map<string, Promise<TagsRead>>()
  const ask = async (one: Repository, withCommits: boolean) => ({
    tags: await listTwice(releasesOnly ? one.releaseTags : one.gitTags, clock),
    commits: withCommits ? await commitsTwice(one, clock) : undefined
  })
  return (name = repository.name, withCommits) => {
    const key = `${name.toLowerCase()} ${withCommits}`
    const isHome = name.toLowerCase() === repository.name.toLowerCase()
    const answer = answers.get(key) ?? ask(isHome ? repository : openRepository(name), withCommits)
    answers.set(key, answer)
    return answer
  }
}

function unique(sentences: readonly string[]): string[] {
  return [...new Set(sentences)]
}

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
function doubtsOf(names: readonly string[], wanted: Expectations, rules: Rules): Doubts {
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
function tagLines({ skipped, moving }: Expectations): string[] {
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

/** A warning about packages that are not looked at. */
function unseenNamed(named: readonly NamedImage[], packageNames: readonly string[]): string[] {
  const others = named.filter(({ packageName }) => !packageNames.includes(packageName))
  if (others.length === 0) return []
  const names = others.map(({ by, packageName, reference }) => `${packageName}:${reference} (${by})`)
  return [
    `Files name images of packages that this check does not look at: ${some(names, 5)}. Add the packages to \`packages\`, ` +
      'or leave out these files.'
  ]
}
