import { createHash } from 'node:crypto'
import type { World } from './world.ts'

/** Repositories beside the packages: what is tagged and released, which workflows there are, and how they run. */

/** One workflow as its file has it at some commit. */
export interface WorkflowFile {
  /** What stands under `on: workflow_dispatch: inputs:`; without any, the file lacks the trigger. */
  readonly dispatch?: Readonly<Record<string, InputFacts>>
  /** `run-name`; the workflow's name when absent. */
  readonly title?: (inputs: Inputs) => string
  /** The group under `concurrency`. */
  readonly concurrency?: (inputs: Inputs) => string
  /** How many looks at runs a job takes; 2 when absent. */
  readonly looks?: number
  /** What the job does; the run's conclusion, `success` when it says nothing. */
  readonly build?: (inputs: Inputs, ref: string) => string | undefined
}

export interface InputFacts {
  readonly required?: boolean
  readonly default?: string
  readonly options?: readonly string[]
}

export type Inputs = Readonly<Record<string, string>>

export interface StoredRun {
  readonly id: number
  readonly workflow: string
  readonly title: string
  readonly branch: string
  readonly event: string
  readonly created: number
  readonly group: string | undefined
  readonly inputs: Inputs
  status: string
  conclusion: string | undefined
  /** Looks that the job still takes. */
  left: number
  /** Looks until it is listed: GitHub does not list a fresh run at once. */
  hidden: number
  readonly finish: () => string | undefined
}

export interface StoredRelease {
  readonly id: number
  readonly tag: string
  readonly draft: boolean
  readonly prerelease: boolean
}

export interface StoredPull {
  readonly number: number
  state: 'open' | 'closed'
  /** When it was closed, milliseconds since 1970. */
  closed: number | undefined
  readonly branch: string
  /** The newest commit of that branch. */
  readonly commit: string
}

export interface StoredRepository {
  readonly id: number
  name: string
  readonly isPrivate: boolean
  readonly defaultBranch: string
  /** The workflow files at each git tag: those that were on the default branch when it was set. */
  readonly tags: Map<string, ReadonlyMap<string, WorkflowFile>>
  readonly releases: StoredRelease[]
  /** Refs that lists do not show although they are there. */
  readonly hidden: Set<string>
  /** Branches beside the default one, each with its newest commit. */
  readonly branches: Map<string, string>
  readonly pulls: StoredPull[]
  /** On the default branch. */
  readonly workflows: Map<string, WorkflowFile>
  readonly disabled: Set<string>
  /** Oldest first. */
  readonly runs: StoredRun[]
}

export interface RepositoryFacts {
  readonly isPrivate?: boolean
  readonly defaultBranch?: string
}

/** One repository, to be filled and looked at by a test. */
export interface RepositoryBuilder {
  readonly row: StoredRepository
  /** Sets git tags on the default branch as it is now. */
  tag(...names: readonly string[]): void
  release(tag: string, facts?: { readonly draft?: boolean; readonly prerelease?: boolean }): void
  /** A branch beside the default one; its newest commit is made up unless told. */
  branch(name: string, commit?: string): void
  /** Leaves a ref such as `refs/heads/main` out of lists. */
  hide(ref: string): void
  /** A pull request, open unless `closed` says when it was closed. */
  pull(
    number: number,
    facts?: { readonly closed?: number; readonly branch?: string; readonly commit?: string }
  ): void
  /** Puts a workflow file on the default branch. */
  workflow(file: string, facts: WorkflowFile): void
  disable(file: string): void
  /** The old name goes on leading here, as GitHub's does: reads are redirected, and so are writes. */
  rename(to: string): void
  /** A run that is there before anything is dispatched. */
  ran(workflow: string, facts: Partial<StoredRun>): StoredRun
}

export interface Repositories {
  readonly world: World
  /** GitHub Enterprise Server does not know `return_run_details`. */
  readonly server: 'github' | 'enterprise'
  add(name: string, facts?: RepositoryFacts): RepositoryBuilder
  find(name: string): StoredRepository | undefined
  findById(id: number): StoredRepository | undefined
  /** Starts a run as a dispatch does. */
  start(
    repository: StoredRepository,
    workflow: string,
    file: WorkflowFile,
    ref: string,
    inputs: Inputs
  ): StoredRun
  /** Time passes with every look at runs. */
  look(repository: StoredRepository): void
}

export const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

/** The commit that a git tag is on; the ref itself is a tag object, as `git tag -a` makes it. */
export const tagCommit = (repository: string, tag: string): string => sha1(`${repository} commit of ${tag}`)

export function createRepositories(world: World, server: Repositories['server'] = 'github'): Repositories {
  const repositories = new Map<string, StoredRepository>()
  let ids = 7_000

  function start(
    repository: StoredRepository,
    workflow: string,
    file: WorkflowFile,
    ref: string,
    inputs: Inputs
  ): StoredRun {
    const group = file.concurrency?.(inputs)
    const rivals = repository.runs.filter(
      run => group !== undefined && run.group === group && run.status !== 'completed'
    )
    // The first one works; of those that wait only the newest stays.
    for (const waiting of rivals.slice(1)) end(waiting, 'cancelled')
    const run: StoredRun = {
      id: ids++,
      workflow,
      title: file.title?.(inputs) ?? workflow,
      branch: ref.replace(/^refs\/(?:tags|heads)\//, ''),
      event: 'workflow_dispatch',
      created: world.now,
      group,
      inputs,
      status: rivals.length > 0 ? 'pending' : 'queued',
      conclusion: undefined,
      left: file.looks ?? 2,
      hidden: 1,
      finish: () => file.build?.(inputs, ref)
    }
    repository.runs.push(run)
    return run
  }

  function look({ runs }: StoredRepository): void {
    for (const run of runs) {
      run.hidden = Math.max(0, run.hidden - 1)
      if (run.status === 'in_progress') {
        run.left -= 1
        if (run.left <= 0) end(run, run.finish() ?? 'success')
      } else if (run.status !== 'completed' && isFree(run, runs)) run.status = 'in_progress'
    }
  }

  return {
    world,
    server,
    start,
    look,
    find: name => repositories.get(name.toLowerCase()),
    findById: id => [...repositories.values()].find(repository => repository.id === id),
    add: (name, { isPrivate = false, defaultBranch = 'main' } = {}) => {
      const row: StoredRepository = {
        id: ids++,
        name,
        isPrivate,
        defaultBranch,
        tags: new Map(),
        releases: [],
        hidden: new Set(),
        branches: new Map(),
        pulls: [],
        workflows: new Map(),
        disabled: new Set(),
        runs: []
      }
      repositories.set(name.toLowerCase(), row)
      const rename = (to: string) => {
        row.name = to
        repositories.set(to.toLowerCase(), row)
      }
      return { ...builderOf(row, () => ids++, world), rename }
    }
  }
}

function builderOf(
  row: StoredRepository,
  nextId: () => number,
  world: World
): Omit<RepositoryBuilder, 'rename'> {
  return {
    row,
    tag: (...names) => {
      for (const name of names) row.tags.set(name, new Map(row.workflows))
    },
    release: (tag, { draft = false, prerelease = false } = {}) => {
      row.releases.push({ id: nextId(), tag, draft, prerelease })
      // Publishing sets the tag; a draft has none, and a release whose tag is deleted becomes one.
      if (!draft && !row.tags.has(tag)) row.tags.set(tag, new Map(row.workflows))
    },
    branch: (name, commit = sha1(`${row.name} refs/heads/${name}`)) => {
      row.branches.set(name, commit)
    },
    hide: ref => {
      row.hidden.add(ref)
    },
    pull: (
      number,
      { closed, branch = `change-${number}`, commit = sha1(`${row.name} pull ${number}`) } = {}
    ) => {
      row.pulls.push({ number, state: closed === undefined ? 'open' : 'closed', closed, branch, commit })
    },
    workflow: (file, facts) => {
      row.workflows.set(file, facts)
    },
    disable: file => {
      row.disabled.add(file)
    },
    ran: (workflow, facts) => {
      const run: StoredRun = {
        id: nextId(),
        workflow,
        title: workflow,
        branch: row.defaultBranch,
        event: 'workflow_dispatch',
        created: world.now,
        group: undefined,
        inputs: {},
        status: 'completed',
        conclusion: 'success',
        left: Number.POSITIVE_INFINITY,
        hidden: 0,
        finish: () => undefined,
        ...facts
      }
      row.runs.push(run)
      return run
    }
  }
}

function end(run: StoredRun, conclusion: string): void {
  run.status = 'completed'
  run.conclusion = conclusion
}

function isFree(run: StoredRun, runs: readonly StoredRun[]): boolean {
  if (run.group === undefined) return true
  return !runs.some(other => other !== run && other.group === run.group && other.status === 'in_progress')
}
