import type { Account } from './accounts.ts'
import { type Answer, type Call, problem } from './http.ts'
import { renderRepository } from './render.ts'
import type { Repositories, StoredRepository } from './repositories.ts'

/** What the routes of repositories and of their Actions have in common. */

export const notFound = (): Answer => problem(404, 'Not Found', 'rest')
export const notIntegration = (): Answer => problem(403, 'Resource not accessible by integration', 'rest')

export type Handler = (call: Call, repository: StoredRepository) => Answer

/** One page of rows, with GitHub's Link header. */
export function paged<T>(
  { query }: Call,
  rows: readonly T[],
  place: string
): { rows: readonly T[]; headers: Record<string, string> } {
  const perPage = Math.min(100, Number(query.get('per_page')) || 30)
  const page = Math.max(1, Number(query.get('page')) || 1)
  const last = Math.max(1, Math.ceil(rows.length / perPage))
  const to = (number: number, rel: string) => {
    const asked = new URLSearchParams(query)
    asked.set('per_page', String(perPage))
    asked.set('page', String(number))
    return `<${place}?${asked}>; rel="${rel}"`
  }
  const link = page < last ? { link: `${to(page + 1, 'next')}, ${to(last, 'last')}` } : undefined
  return { rows: rows.slice((page - 1) * perPage, page * perPage), headers: { ...link } }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Whether the caller is one of the repository's own: its workflows, its App, its people. */
export function belongs(
  { world }: Repositories,
  account: Account | undefined,
  { name }: StoredRepository
): boolean {
  if (account === undefined) return false
  if (account.kind === 'github-token') return same(account.repository, name)
  const owner = world.owner(name.split('/')[0] ?? '')
  if (account.kind === 'app' || owner?.type === 'User') return same(account.login, owner?.login ?? '')
  return owner?.people.has(account.login.toLowerCase()) === true
}

export function ownerOf({ world }: Repositories, { name }: StoredRepository) {
  const owner = world.owner(name.split('/')[0] ?? '')
  if (owner === undefined) throw new Error(`the owner of ${name} was never declared`)
  return owner
}

export function renderMinimal(repository: StoredRepository, api: string, repositories: Repositories): object {
  return renderRepository(repository.name, ownerOf(repositories, repository), repository.isPrivate, api)
}
