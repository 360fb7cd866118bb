import * as z from 'zod'
import type { WorkflowRun } from '../model/check.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { explaining, understood } from './failure.ts'
import { PER_PAGE } from './lists.ts'

/** One workflow of one repository. */
export interface WorkflowPlace {
  /** `owner/name` */
  readonly repository: string
  /** Its file name. */
  readonly workflow: string
  /** The same for the addresses of the API. */
  readonly at: { readonly owner: string; readonly repo: string; readonly workflow_id: string }
  /** Where the page of a run is nobody has to say, because people click on it. */
  pageOf(run: number): string
}

type Query = Record<string, string | number>

const RunRow = z.object({
  id: z.int().positive(),
  display_title: z.string(),
  head_branch: z.string().nullable(),
  event: z.string(),
  status: z.string().nullable(),
  conclusion: z.string().nullable()
})
const Runs = z.object({ total_count: z.int().nonnegative(), workflow_runs: listOf(RunRow) })
/** All that a run can be before it has ended, in that order; GitHub takes one at a time, and runs go on meanwhile. */
const ACTIVE = ['requested', 'pending', 'waiting', 'queued', 'in_progress']
/** GitHub gives no more than a thousand runs when any filter is used. */
const MOST_PAGES = 10

const DISPATCHED = { event: 'workflow_dispatch' }

/** Reads the runs of a workflow, and of its repository. */
export function runReads(octokit: Octokit, place: WorkflowPlace) {
  const { repository, workflow } = place
  const runsUrl = `GET /repos/{owner}/{repo}/actions/workflows/${encodeURIComponent(workflow)}/runs`
  const whatRuns = `Reading the runs of ${workflow} in ${repository}`
  const toRun = (row: z.infer<typeof RunRow>): WorkflowRun => ({
    id: row.id,
    title: row.display_title,
    branch: row.head_branch ?? '',
    event: row.event,
    status: row.status ?? 'unknown',
    conclusion: row.conclusion ?? undefined,
    url: place.pageOf(row.id)
  })

  const page = (url: string, query: Query, what: string) =>
    readActions(octokit, place, url, { per_page: PER_PAGE, ...query }, Runs, what)

  /** By GitHub's own count, not by links alone: a run that is missed would be started twice. */
  async function pages(url: string, query: Query, what: string): Promise<WorkflowRun[]> {
    const runs = new Map<number, WorkflowRun>()
    for (let number = 1; number <= MOST_PAGES; number++) {
      const { workflow_runs, total_count } = await page(url, { ...query, page: number }, what)
      for (const row of workflow_runs) runs.set(row.id, toRun(row))
      if (workflow_runs.length < PER_PAGE || runs.size >= total_count) break
    }
    return [...runs.values()]
  }

  return {
    /** The newest hundred runs that a dispatch started, newest first. */
    recent: async () => (await page(runsUrl, DISPATCHED, whatRuns)).workflow_runs.map(toRun),
    /** The same, up to the thousand that GitHub gives. */
    history: () => pages(runsUrl, DISPATCHED, whatRuns),
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
      const what = `Reading the run ${id} of ${repository}`
      return toRun(await readActions(octokit, place, url, { run_id: id }, RunRow, what))
    }
  }
}

/** One read of what a repository's Actions have. */
export function readActions<T>(
  octokit: Octokit,
  { at: { owner, repo } }: WorkflowPlace,
  url: string,
  query: Query,
  schema: z.ZodType<T>,
  what: string
): Promise<T> {
  return explaining(what, { 403: READ_ACTIONS, 404: READ_ACTIONS }, async () => {
    const { data } = await octokit.request(url, { owner, repo, ...query })
    return understood(schema, data, what)
  })
}

export const READ_ACTIONS =
  'Before a build is started, it must be known whether one is already running: give the job `permissions: actions: write` ' +
  '(`read` does for a dry run), a classic token the scope `repo`, or a GitHub App the permission "Actions".'
