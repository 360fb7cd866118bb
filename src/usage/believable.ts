import { ExpectedError } from '../errors.ts'
import type { Repository } from '../github/repository.ts'

/**
 * The same repository, whose lists are checked against what else GitHub says about them: what a list lacks counts as
 * gone, and its images may be deleted. Its functions throw ExpectedError for a list that is visibly incomplete.
 */
export function believable(repository: Repository): Repository {
  return {
    ...repository,
    async branches() {
      const main = await repository.defaultBranch()
      const branches = await repository.branches()
      if (branches.some(({ name }) => name === main)) return branches
      throw incomplete(`branches of ${repository.name} lacks its default branch ${main}`)
    },
    async gitTags() {
      // Releases first: a tag that comes with a release in between is in the later list.
      const released = await repository.releaseTags()
      const tags = await repository.gitTags()
      const names = new Set(tags)
      const lost = released.find(tag => !names.has(tag))
      if (lost === undefined) return tags
      throw incomplete(`git tags of ${repository.name} lacks ${lost}, which has a release`)
    }
  }
}

function incomplete(what: string): ExpectedError {
  return new ExpectedError(
    `GitHub's list of the ${what}, so the list is not complete. Run again; if this continues, look at the repository's page.`
  )
}
