import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { BudgetError, ExpectedError, messageOf, orFailure, RateLimitError } from '../errors.ts'
import type { WorkflowRun } from '../model/check.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { dispatchRefusal, noSuchWorkflow } from './dispatch-refusal.ts'
import { answerOf, apiMessage, explain, explaining, statusOf, understood } from './failure.ts'
import { PER_PAGE } from './lists.ts'

/**
 * How a dispatch ended.
 * - `started`: with the run, where GitHub names it.
 * - `refused`: it would be again; `sentence` says what to change.
 * - `limited`: a rate limit turned it away, or there is no room for it; nothing was started.
 * - `unsure`: a server error or a lost answer; a run may have been started.
 */
export type Started =
  | { readonly kind: 'started'; readonly run?: { readonly id: number; readonly url: string } }
  | { readonly kind: 'refused' | 'limited' | 'unsure'; readonly sentence: string }

const RunRow = z.object({
  id: z.int().positive(),
  display_title: z.string(),
  head_branch: z.string().nullable(),
  event: z.string(),
  status: z.string().nullable(),
  conclusion: z.string().nullable()
})
const Runs = z.object({ total_count: z.int().nonnegative(), workflow_runs: listOf(RunRow) })
const Files = z.object({ workflows: listOf(z.object({ path: z.string() })) })
const Details = z.object({ state: z.string(), url: z.string().default('') })
const Answer = z.object({ workflow_run_id: z.int().positive() })

/** All that a run can be before it has ended, in that order; GitHub takes one at a time, and runs go on meanwhile. */
const ACTIVE = ['requested', 'pending', 'waiting', 'queued', 'in_progress']
/** GitHub gives no more than a thousand runs when any filter is used. */
const MOST_PAGES = 10

export type Workflows = ReturnType<typeof createWorkflows>

/**
 * One workflow of one repository. What reads throws ExpectedError when GitHub does not answer what was asked,
 * and BudgetError when there is no room for the request. (docs.github.com/en/rest/actions)
 *
 * @param repository `owner/name`
 * @param file the workflow's file name or path
 * @param serverUrl GitHub's web address
 */
export function createWorkflows(octokit: Octokit, repository: string, file: string, serverUrl: string) {
  const [owner = '', repo = ''] = repository.split('/')
  const workflow = file.slice(file.lastIndexOf('/') + 1)
  const place = { workflow, repository }
  const at = { owner, repo, workflow_id: workflow }
  // GitHub Enterprise Server does not know the key, and says so before it starts anything.
  let details: { readonly return_run_details?: true } = { return_run_details: true }

  // Where the page of a run is nobody has to say, because people click on it.
  const pageOf = (id: number): string => `${serverUrl}/${repository}/actions/runs/${id}`
  const toRun = (row: z.infer<typeof RunRow>): WorkflowRun => ({
    id: row.id,
    title: row.display_title,
    branch: row.head_branch ?? '',
    event: row.event,
    status: row.status ?? 'unknown',
    conclusion: row.conclusion ?? undefined,
    url: pageOf(row.id)
  })

  /**
   * Why no dispatch could start it: it is not there, is switched off, lives in a renamed repository, or may not be read.
   *
   * @returns a sentence that says what to change; undefined when nothing stands in the way
   */
  async function examine(): Promise<string | undefined> {
    const what = `Reading the workflow ${workflow} of ${repository}`
    try {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', at)
      const { state, url } = understood(Details, data, what)
      // A read follows a repository to its new name; a dispatch must not, so it would start nothing.
      const [, now = repository] = /\/repos\/([^/]+\/[^/]+)\/actions\//.exec(url) ?? []
      if (now.toLowerCase() !== repository.toLowerCase())
        return `${repository} was renamed to ${now}: write \`dispatch-repository: ${now}\`, because a dispatch does not follow.`
      return state === 'active' ? undefined : dispatchRefusal(422, `a workflow in the state ${state}`, place)
    } catch (error) {
      if (statusOf(error) === 404) return (await otherNames()) ?? dispatchRefusal(404, 'Not Found', place)
      const told = explain(error, what, { 403: READ_ACTIONS })
      if (statusOf(error) === 403 && told instanceof ExpectedError) return told.message
      throw told
    }
  }

  /** A sentence with the workflows that there are; undefined where none is known. */
  async function otherNames(): Promise<string | undefined> {
    const url = 'GET /repos/{owner}/{repo}/actions/workflows'
    const what = `Reading the workflows of ${repository}`
    const files = await orFailure(() => read(url, { per_page: PER_PAGE }, Files, what))
    if ('problem' in files) return undefined
    // What GitHub itself runs has no file there.
    const names = files.workflows.flatMap(({ path }) => /^\.github\/workflows\/(.+)$/.exec(path)?.[1] ?? [])
    return names.length === 0 ? undefined : noSuchWorkflow(place, names)
  }

  function read<T>(
    url: string,
    query: Record<string, string | number>,
    schema: z.ZodType<T>,
    what: string
  ): Promise<T> {
    return explaining(what, { 403: READ_ACTIONS, 404: READ_ACTIONS }, async () => {
      const { data } = await octokit.request(url, { owner, repo, ...query })
      return understood(schema, data, what)
    })
  }

  const page = (url: string, query: Record<string, string | number>, what: string) =>
    read(url, { per_page: PER_PAGE, ...query }, Runs, what)

  /** By GitHub's own count, not by links alone: a run that is missed would be started twice. */
  async function pages(url: string, query: Record<string, string>, what: string): Promise<WorkflowRun[]> {
    const runs = new Map<number, WorkflowRun>()
    for (let number = 1; number <= MOST_PAGES; number++) {
      const { workflow_runs, total_count } = await page(url, { ...query, page: number }, what)
      for (const row of workflow_runs) runs.set(row.id, toRun(row))
      if (workflow_runs.length < PER_PAGE || runs.size >= total_count) break
    }
    return [...runs.values()]
  }

  const RUNS = `GET /repos/{owner}/{repo}/actions/workflows/${encodeURIComponent(workflow)}/runs`
  const whatRuns = `Reading the runs of ${workflow} in ${repository}`

  /** Sends one dispatch, once. `ref` is a branch, or `refs/tags/…`. */
  async function dispatch(ref: string, inputs: Readonly<Record<string, string>>): Promise<Started> {
    try {
      const url = 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches'
      const { data } = await octokit.request(url, { ...at, ref, inputs: { ...inputs }, ...details })
      const id = Answer.safeParse(data).data?.workflow_run_id
      return id === undefined ? { kind: 'started' } : { kind: 'started', run: { id, url: pageOf(id) } }
    } catch (error) {
      if (!isUnknownKey(error) || details.return_run_details === undefined) return notStarted(error, ref)
      details = {}
      return dispatch(ref, inputs)
    }
  }

  async function notStarted(error: unknown, ref: string): Promise<Started> {
    if (error instanceof RateLimitError || error instanceof BudgetError)
      return { kind: 'limited', sentence: error.message }
    if (!(error instanceof RequestError)) throw error
    const status = statusOf(error) ?? 0
    const isRedirect = status >= 300 && status < 400
    const newName = isRedirect ? await examine().catch(messageOf) : undefined
    if (newName !== undefined) return { kind: 'refused', sentence: newName }
    if (!isRedirect && (status < 400 || status >= 500)) {
      const sentence = `GitHub gave ${answerOf(error)}, so it is not known whether a run was started; it is not sent again.`
      return { kind: 'unsure', sentence }
    }
    return { kind: 'refused', sentence: dispatchRefusal(status, apiMessage(error), { ...place, ref }) }
  }

  return {
    /** The workflow's file name, and its page. */
    workflow,
    repository,
    url: `${serverUrl}/${repository}/actions/workflows/${workflow}`,
    examine,
    dispatch,
    /** The newest hundred runs that a dispatch started, newest first. */
    recent: async () => (await page(RUNS, DISPATCHED, whatRuns)).workflow_runs.map(toRun),
    /** The same, up to the thousand that GitHub gives. */
    history: () => pages(RUNS, DISPATCHED, whatRuns),
    /** Every run of any workflow of the repository that has not ended. */
    active: async () => {
      const lists: WorkflowRun[][] = []
      for (const status of ACTIVE) {
        const what = `Reading the runs in ${repository} that are ${status}`
        lists.push(await pages('GET /repos/{owner}/{repo}/actions/runs', { status }, what))
      }
      return lists.flat()
    },
    run: async (id: number) => {
      const url = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}'
      return toRun(await read(url, { run_id: id }, RunRow, `Reading the run ${id} of ${repository}`))
    }
  }
}

const DISPATCHED = { event: 'workflow_dispatch' }

function isUnknownKey(error: unknown): boolean {
  return (
    error instanceof RequestError && /"return_run_details" is not a permitted key/.test(apiMessage(error))
  )
}

const READ_ACTIONS =
  'Before a build is started, it must be known whether one is already running: give the job `permissions: actions: write` ' +
  '(`read` does for a dry run), a classic token the scope `repo`, or a GitHub App the permission "Actions".'
