import type { PackageExpectations } from '../../config/for-package.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { ExpectedError, orRefusal } from '../../errors.ts'
import type { Repository } from '../../github/repository.ts'
import { listTwice } from '../../github/whole-list.ts'
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
import { count } from '../../util/format.ts'
import { type Doubts, doubtsOf, tagLines } from './doubts.ts'
import { unseenNamed } from './named.ts'

/** What one package must have, and be. */
export interface Requirements extends Pick<PackageExpectations, 'platforms' | 'signed' | 'visibility'> {
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
  const given = [...Object.values(inputs.dispatchInputs), inputs.dispatchRef ?? '']
  const tagsOf = askingOnce(inputs, context)
  const answers: (Expectations & Doubts & { readonly names: readonly string[] })[] = []
  for (const same of questions.values()) {
    const [{ rules: asked }] = same as [(typeof same)[number]]
    const names = same.map(({ name }) => name)
    const templates = [...asked.imageTags, ...asked.newestTags, ...given]
    const read = await orRefusal(() => tagsOf(asked.repository, askForCommits(templates)))
    if ('problem' in read) {
      // If nothing else is asked, the run has nothing to say; otherwise only what needs this repository is left out.
      if (questions.size === 1) throw new ExpectedError(read.sentence)
      const required = expectTags([], { ...asked, gitTags: ['!**'] })
      answers.push({ ...required, errors: [read.sentence], warnings: [], names })
      continue
    }
    const { tags, commits } = read
    const rules = { ...asked, gitTags: withPrefixes(asked.gitTags, tags) }
    const wanted = expectTags(tags, rules, commits)
    const repository = rules.repository ?? context.repository.name
    const kind = inputs.releasesOnly ? 'published releases' : 'git tags'
    context.log.info(
      `${repository} has ${tags.length} ${kind} (\`git-tags\`: ${rules.gitTags.join(', ')}); ` +
        `${count(wanted.expected.length, 'tag')} must have an image`
    )
    for (const line of tagLines(wanted)) context.log.info(line)
    answers.push({ ...wanted, ...doubtsOf(tags, wanted, { ...inputs, ...rules }), names })
  }
  const expected = new Map(answers.flatMap(one => one.names.map(name => [name, one.expected] as const)))
  return {
    all: mergeExpectations(answers),
    of: name => ({
      ...requirementsOf(expectedOf(expected.get(name) ?? [], name), policies.expectationsOf(name)),
      named: policies.named.filter(({ packageName }) => packageName === name)
    }),
    errors: unique(answers.flatMap(({ errors }) => errors)),
    warnings: [...unique(answers.flatMap(({ warnings }) => warnings)), ...unseenNamed(policies.named, names)]
  }
}

function requirementsOf(
  expected: readonly Expected[],
  rules: PackageExpectations
): Omit<Requirements, 'named'> {
  const { platforms, signed, visibility } = rules
  return { expected, platforms, signed, visibility, newest: newestTags(rules.newestTags, expected) }
}

interface TagsRead {
  readonly tags: readonly string[]
  readonly commits: Commits
}

/** @returns a function from `owner/name`, undefined for the repository whose workflow runs, to its tags */
function askingOnce(
  { releasesOnly }: Inputs,
  { repository, openRepository, clock }: Context
): (name: string | undefined, withCommits: boolean) => Promise<TagsRead> {
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
