import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import type { Octokit } from './client.ts'
import { apiMessage, explain, statusOf } from './failure.ts'

/**
 * What one repository names. Every function asks GitHub anew, gives all there is, and throws ExpectedError when
 * GitHub does not answer that, and BudgetError when there is no room for the request.
 */
export interface Repository {
  /** `owner/name`. */
  readonly name: string
  /** Every git tag (docs.github.com/en/rest/git/refs#list-matching-references). */
  gitTags(): Promise<string[]>
  /** The tag of every published release, pre-releases too (docs.github.com/en/rest/releases/releases). */
  releaseTags(): Promise<string[]>
  /** (docs.github.com/en/rest/repos/repos#get-a-repository) */
  defaultBranch(): Promise<string>
}

const Refs = z.array(z.object({ ref: z.string() }))
const Releases = z.array(z.object({ tag_name: z.string(), draft: z.boolean() }))
const Details = z.object({ default_branch: z.string().min(1) })
const TAGS = 'refs/tags/'

/** @param name `owner/name`; not looked at before something is asked */
export function createRepository(octokit: Octokit, name: string): Repository {
  const [owner = '', repo = ''] = name.split('/')

  async function gitTags(): Promise<string[]> {
    insistOnName(name)
    const what = `Reading the git tags of ${name}`
    try {
      // GitHub gives all refs in one answer and does not know pages here: a loop would never end.
      const { data } = await octokit.request('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', {
        owner,
        repo,
        ref: 'tags'
      })
      const refs = understood(Refs, data, what).map(({ ref }) => ref)
      return refs.filter(ref => ref.startsWith(TAGS)).map(ref => ref.slice(TAGS.length))
    } catch (error) {
      if (isEmptyRepository(error)) return []
      throw explain(error, what, NO_CONTENTS)
    }
  }

  async function releaseTags(): Promise<string[]> {
    insistOnName(name)
    const what = `Reading the releases of ${name}`
    try {
      const rows = await octokit.paginate('GET /repos/{owner}/{repo}/releases', {
        owner,
        repo,
        per_page: 100
      })
      const published = understood(Releases, rows, what).filter(({ draft }) => !draft)
      return [...new Set(published.map(release => release.tag_name))]
    } catch (error) {
      throw explain(error, what, NO_CONTENTS)
    }
  }

  async function defaultBranch(): Promise<string> {
    insistOnName(name)
    const what = `Reading the default branch of ${name}`
    try {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}', { owner, repo })
      return understood(Details, data, what).default_branch
    } catch (error) {
      throw explain(error, what, NO_CONTENTS)
    }
  }

  return { name, gitTags, releaseTags, defaultBranch }
}

/** @throws ExpectedError when the answer is not of the form that GitHub describes */
export function understood<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`
  throw new ExpectedError(`${what} failed: GitHub's answer is not what its API promises${where}.`)
}

function insistOnName(name: string): void {
  if (/^[^/]+\/[^/]+$/.test(name)) return
  throw new ExpectedError(
    `"${name}" names no repository to look into: set the variable GITHUB_REPOSITORY to \`owner/name\`.`
  )
}

function isEmptyRepository(error: unknown): boolean {
  return (
    error instanceof RequestError && statusOf(error) === 409 && /repository is empty/i.test(apiMessage(error))
  )
}

const REMEDY =
  'The token may not read it, or it does not exist: give the job `permissions: contents: read`, or a classic token ' +
  'the scope `repo`.'
const NO_CONTENTS = { 403: REMEDY, 404: REMEDY }
