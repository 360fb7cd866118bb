import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { BudgetError, ExpectedError, messageOf, orFailure, RateLimitError } from '../errors.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { dispatchRefusal, noSuchWorkflow } from './dispatch-refusal.ts'
import { answerOf, apiMessage, explain, statusOf, understood } from './failure.ts'
import { PER_PAGE } from './lists.ts'
import { READ_ACTIONS, readActions, runReads, type WorkflowPlace } from './workflow-runs.ts'

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

const Files = z.object({ workflows: listOf(z.object({ path: z.string() })) })
const Details = z.object({ state: z.string(), url: z.string().default('') })
const Answer = z.object({ workflow_run_id: z.int().positive() })

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
  const place: WorkflowPlace = {
    repository,
    workflow,
    at: { owner, repo, workflow_id: workflow },
    pageOf: run => `${serverUrl}/${repository}/actions/runs/${run}`
  }
  return {
    /** The workflow's file name, and its page. */
    workflow,
    repository,
    url: `${serverUrl}/${repository}/actions/workflows/${workflow}`,
    examine: () => examine(octokit, place),
    dispatch: dispatcher(octokit, place),
    ...runReads(octokit, place)
  }
}

/**
 * Why no dispatch could start it: it is not there, is switched off, lives in a renamed repository, or may not be read.
 *
 * @returns a sentence that says what to change; undefined when nothing stands in the way
 */
async function examine(octokit: Octokit, place: WorkflowPlace): Promise<string | undefined> {
  const { workflow, repository, at } = place
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
    if (statusOf(error) === 404)
      return (await otherNames(octokit, place)) ?? dispatchRefusal(404, 'Not Found', place)
    const told = explain(error, what, { 403: READ_ACTIONS })
    if (statusOf(error) === 403 && told instanceof ExpectedError) return told.message
    throw told
  }
}

/** A sentence with the workflows that there are; undefined where none is known. */
async function otherNames(octokit: Octokit, place: WorkflowPlace): Promise<string | undefined> {
  const url = 'GET /repos/{owner}/{repo}/actions/workflows'
  const what = `Reading the workflows of ${place.repository}`
  const files = await orFailure(() => readActions(octokit, place, url, { per_page: PER_PAGE }, Files, what))
  if ('problem' in files) return undefined
  // What GitHub itself runs has no file there.
  const names = files.workflows.flatMap(({ path }) => /^\.github\/workflows\/(.+)$/.exec(path)?.[1] ?? [])
  return names.length === 0 ? undefined : noSuchWorkflow(place, names)
}

/** What sends one dispatch, once. `ref` is a branch, or `refs/tags/…`. */
function dispatcher(octokit: Octokit, place: WorkflowPlace) {
  // GitHub Enterprise Server does not know the key, and says so before it starts anything.
  let details: { readonly return_run_details?: true } = { return_run_details: true }

  return async function dispatch(ref: string, inputs: Readonly<Record<string, string>>): Promise<Started> {
    try {
      const url = 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches'
      const { data } = await octokit.request(url, { ...place.at, ref, inputs: { ...inputs }, ...details })
      const id = Answer.safeParse(data).data?.workflow_run_id
      return id === undefined ? { kind: 'started' } : { kind: 'started', run: { id, url: place.pageOf(id) } }
    } catch (error) {
      if (!isUnknownKey(error) || details.return_run_details === undefined)
        return notStarted(error, ref, octokit, place)
      details = {}
      return dispatch(ref, inputs)
    }
  }
}

async function notStarted(
  error: unknown,
  ref: string,
  octokit: Octokit,
  place: WorkflowPlace
): Promise<Started> {
  if (error instanceof RateLimitError || error instanceof BudgetError)
    return { kind: 'limited', sentence: error.message }
  if (!(error instanceof RequestError)) throw error
  const status = statusOf(error) ?? 0
  const isRedirect = status >= 300 && status < 400
  const newName = isRedirect ? await examine(octokit, place).catch(messageOf) : undefined
  if (newName !== undefined) return { kind: 'refused', sentence: newName }
  if (!isRedirect && (status < 400 || status >= 500)) {
    const sentence = `GitHub gave ${answerOf(error)}, so it is not known whether a run was started; it is not sent again.`
    return { kind: 'unsure', sentence }
  }
  return { kind: 'refused', sentence: dispatchRefusal(status, apiMessage(error), { ...place, ref }) }
}

function isUnknownKey(error: unknown): boolean {
  return (
    error instanceof RequestError && /"return_run_details" is not a permitted key/.test(apiMessage(error))
  )
}
