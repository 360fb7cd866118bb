import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { apiMessage, statusOf } from './failure.ts'
import { relation } from './page-links.ts'
import { understood } from './parse-answer.ts'

/** A branch or a git tag, by its name without `refs/…/`, with the object that it stands on. */
export interface Ref {
  readonly name: string
  readonly commit: string
}

type RefKind = 'tags' | 'heads'
const OTHER = { tags: 'heads', heads: 'tags' } as const

const Refs = listOf(z.object({ ref: z.string(), object: z.object({ sha: z.string() }) }))
type Response = Awaited<ReturnType<Octokit['request']>>

/**
 * All refs of a kind. What has branches is not empty, whatever is said of its tags.
 *
 * @param at the repository
 * @param what is done here, for messages: `Reading the branches of acme/app`
 * @throws RequestError when GitHub refuses, and ExpectedError when its answer is not of the form that it describes
 */
export async function readRefs(
  octokit: Octokit,
  at: { readonly owner: string; readonly repo: string },
  kind: RefKind,
  what: string
): Promise<Ref[]> {
  /** GitHub gives all refs in one answer and knows no pages here; a server that names a next one has more. */
  async function list(kind: RefKind): Promise<Ref[]> {
    const prefix = `refs/${kind}/`
    const found = new Map<string, Ref>()
    let url: string | undefined = '/repos/{owner}/{repo}/git/matching-refs/{ref}'
    while (url !== undefined) {
      const { data, headers }: Response = await octokit.request(`GET ${url}`, { ...at, ref: kind })
      const before = found.size
      for (const { ref, object } of understood(Refs, data, what)) {
        found.set(ref, { name: ref.slice(prefix.length), commit: object.sha })
      }
      // Pages that only repeat one another have no end.
      url = found.size === before ? undefined : relation(headers.link, 'next')
    }
    return [...found].flatMap(([ref, named]) => (ref.startsWith(prefix) ? [named] : []))
  }

  /** Whether a kind has no refs, or GitHub says that it cannot have any. */
  async function hasNone(kind: RefKind): Promise<boolean> {
    try {
      return (await list(kind)).length === 0
    } catch (error) {
      if (isEmptyRepository(error)) return true
      throw error
    }
  }

  try {
    return await list(kind)
  } catch (error) {
    if (isEmptyRepository(error) && (await hasNone(OTHER[kind]))) return []
    throw error
  }
}

function isEmptyRepository(error: unknown): boolean {
  return (
    error instanceof RequestError && statusOf(error) === 409 && /repository is empty/i.test(apiMessage(error))
  )
}
