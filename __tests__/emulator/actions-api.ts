import type { Account } from './accounts.ts'
import { type Answer, type Call, problem, type Route } from './http.ts'
import {
  type Repositories,
  type StoredRepository,
  type StoredRun,
  sha1,
  type WorkflowFile
} from './repositories.ts'
import { belongs, type Handler, notFound, notIntegration, paged, renderMinimal } from './repository-parts.ts'

/** The Actions part of GitHub's REST API: workflows, their runs, and how they are started (facts 5.2 to 5.4). */

const WEB = 'https://github.com'
/** GitHub gives no more runs than this when any filter is used. */
const MOST_FILTERED = 1_000
const DISPATCH_KEYS = ['ref', 'inputs']

const unprocessable = (message: string): Answer =>
  problem(422, message, 'rest/actions/workflows#create-a-workflow-dispatch-event')

export function actionsRoutes(
  repositories: Repositories,
  api: string,
  visible: (handle: Handler) => (call: Call) => Answer
): Route[] {
  const render = (run: StoredRun, repository: StoredRepository) =>
    renderRun(run, repository, api, repositories)

  /** Lets in who may read what the workflows of a private repository do. */
  const reading =
    (handle: Handler): Handler =>
    (call, repository) =>
      mayRead(call.account, repository) ? handle(call, repository) : notIntegration()

  const listRuns =
    (only: (call: Call, run: StoredRun) => boolean): Handler =>
    (call, repository) => {
      repositories.look(repository)
      const [event, status] = [call.query.get('event'), call.query.get('status')]
      const found = repository.runs
        .filter(run => run.hidden === 0 && only(call, run))
        .filter(run => event === null || run.event === event)
        .filter(run => status === null || run.status === status || run.conclusion === status)
        .toReversed()
      const filtered = event === null && status === null ? found : found.slice(0, MOST_FILTERED)
      const { rows, headers } = paged(call, filtered, `${api}${call.path}`)
      const body = { total_count: found.length, workflow_runs: rows.map(run => render(run, repository)) }
      return { status: 200, body, headers }
    }

  const oneRun: Handler = (call, repository) => {
    repositories.look(repository)
    const run = repository.runs.find(({ id }) => id === Number(call.params['run']))
    return run === undefined ? notFound() : { status: 200, body: render(run, repository) }
  }

  const listWorkflows: Handler = (call, repository) => {
    const files = [...repository.workflows.keys()].map(file => renderWorkflow(file, repository, api))
    const { rows, headers } = paged(call, files, `${api}${call.path}`)
    return { status: 200, body: { total_count: files.length, workflows: rows }, headers }
  }

  const oneWorkflow: Handler = ({ params: { workflow = '' } }, repository) => {
    if (!repository.workflows.has(workflow)) return notFound()
    return { status: 200, body: renderWorkflow(workflow, repository, api) }
  }

  const dispatch: Handler = (call, repository) => {
    const workflow = call.params['workflow'] ?? ''
    if (!repository.workflows.has(workflow)) return notFound()
    if (!mayStart(repositories, call.account, repository)) return notIntegration()
    const body = JSON.parse(call.body.toString('utf8')) as {
      ref?: string
      inputs?: Record<string, string>
      return_run_details?: boolean
    }
    const keys = repositories.server === 'github' ? [...DISPATCH_KEYS, 'return_run_details'] : DISPATCH_KEYS
    const strange = Object.keys(body).find(key => !keys.includes(key))
    if (strange !== undefined) {
      return unprocessable(`Invalid request.\n\n"${strange}" is not a permitted key.`)
    }
    const { ref = '', inputs = {} } = body
    const files = filesAt(repository, ref)
    if (files === undefined) return unprocessable(`No ref found for: ${ref}`)
    const file = files.get(workflow)
    if (file?.dispatch === undefined) {
      return unprocessable("Workflow does not have 'workflow_dispatch' trigger")
    }
    if (repository.disabled.has(workflow)) {
      return unprocessable("Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    }
    const refused = refuseInputs(file.dispatch, inputs)
    if (refused !== undefined) return unprocessable(refused)
    const run = repositories.start(repository, workflow, file, ref, inputs)
    if (body.return_run_details !== true) return { status: 204 }
    const run_url = `${api}/repos/${repository.name}/actions/runs/${run.id}`
    return { status: 200, body: { workflow_run_id: run.id, run_url, html_url: pageOf(run, repository) } }
  }

  const route = (method: string, path: string, handle: Handler): Route[] =>
    ['/repos/{owner}/{repo}', '/repositories/{id}'].map(base => ({
      method,
      path: `${base}/actions${path}`,
      handle: visible(handle)
    }))
  return [
    route('GET', '/workflows', reading(listWorkflows)),
    route('GET', '/workflows/{workflow}', reading(oneWorkflow)),
    route(
      'GET',
      '/workflows/{workflow}/runs',
      reading(listRuns((call, run) => run.workflow === call.params['workflow']))
    ),
    route('GET', '/runs', reading(listRuns(() => true))),
    route('GET', '/runs/{run}', reading(oneRun)),
    route('POST', '/workflows/{workflow}/dispatches', dispatch)
  ].flat()
}

function filesAt(repository: StoredRepository, ref: string): ReadonlyMap<string, WorkflowFile> | undefined {
  const name = ref.replace(/^refs\/(?:heads|tags)\//, '')
  if (name === repository.defaultBranch && !ref.startsWith('refs/tags/')) return repository.workflows
  return ref.startsWith('refs/heads/') ? undefined : repository.tags.get(name)
}

function refuseInputs(
  declared: NonNullable<WorkflowFile['dispatch']>,
  given: Readonly<Record<string, string>>
): string | undefined {
  const unexpected = Object.keys(given).filter(name => declared[name] === undefined)
  if (unexpected.length > 0) return `Unexpected inputs provided: ${JSON.stringify(unexpected)}`
  for (const [name, { required, default: standard, options }] of Object.entries(declared)) {
    const value = given[name] ?? standard ?? ''
    if (required === true && value === '') return `Required input '${name}' not provided`
    if (options !== undefined && value !== '' && !options.includes(value)) {
      return `Provided value '${value}' for input '${name}' not in the list of allowed values`
    }
  }
  return undefined
}

function mayRead(account: Account | undefined, { isPrivate }: StoredRepository): boolean {
  return !isPrivate || account?.kind !== 'github-token' || account.permissions['actions'] !== undefined
}

function mayStart(
  repositories: Repositories,
  account: Account | undefined,
  repository: StoredRepository
): boolean {
  if (!belongs(repositories, account, repository)) return false
  if (account?.kind === 'github-token') return account.permissions['actions'] === 'write'
  return account?.kind !== 'classic' || account.scopes.includes('repo')
}

const pageOf = (run: StoredRun, { name }: StoredRepository): string => `${WEB}/${name}/actions/runs/${run.id}`

function renderWorkflow(file: string, repository: StoredRepository, api: string): object {
  const id = Number.parseInt(sha1(file).slice(0, 7), 16)
  return {
    id,
    node_id: `W_${id}`,
    name: file,
    path: `.github/workflows/${file}`,
    state: repository.disabled.has(file) ? 'disabled_manually' : 'active',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    url: `${api}/repos/${repository.name}/actions/workflows/${id}`,
    html_url: `${WEB}/${repository.name}/blob/main/.github/workflows/${file}`,
    badge_url: `${WEB}/${repository.name}/workflows/${file}/badge.svg`
  }
}

/** What GitHub says of a run; not the inputs. */
function renderRun(
  run: StoredRun,
  repository: StoredRepository,
  api: string,
  repositories: Repositories
): object {
  const url = `${api}/repos/${repository.name}/actions/runs/${run.id}`
  const minimal = renderMinimal(repository, api, repositories)
  const date = `${new Date(run.created).toISOString().slice(0, 19)}Z`
  const below = ['jobs', 'logs', 'artifacts', 'cancel', 'rerun']
  return {
    id: run.id,
    name: run.workflow,
    node_id: `WFR_${run.id}`,
    head_branch: run.branch,
    head_sha: sha1(`${repository.name} ${run.branch}`),
    path: `.github/workflows/${run.workflow}`,
    display_title: run.title,
    run_number: run.id,
    run_attempt: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion ?? null,
    workflow_id: Number.parseInt(sha1(run.workflow).slice(0, 7), 16),
    url,
    html_url: pageOf(run, repository),
    pull_requests: [],
    created_at: date,
    updated_at: date,
    run_started_at: date,
    ...Object.fromEntries(below.map(part => [`${part}_url`, `${url}/${part}`])),
    check_suite_url: `${api}/repos/${repository.name}/check-suites/${run.id}`,
    workflow_url: `${api}/repos/${repository.name}/actions/workflows/${run.workflow}`,
    head_commit: null,
    repository: minimal,
    head_repository: minimal
  }
}
