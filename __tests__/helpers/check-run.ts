import { expect } from '@jest/globals'
import type { Builder } from '../emulator/builder.ts'
import {
  createRepositories,
  type Inputs,
  type Repositories,
  type RepositoryBuilder,
  type WorkflowFile
} from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { createWorld, type World } from '../emulator/world.ts'
import { fastClock, runInside } from './inside.ts'
import type { ActionRun, Circumstances } from './run-action.ts'
import { sentencesTwice } from './sentences.ts'

/** The organization `acme` with the repository and the package `app`, and whole runs of checks over it, on a fast clock. */
export interface Scene {
  readonly world: World
  readonly repositories: Repositories
  readonly repository: RepositoryBuilder
  readonly app: Builder
  readonly github: Emulator
  /** A run of `mode: check` unless the inputs say otherwise. */
  run(
    inputs?: Readonly<Record<string, string>>,
    token?: string,
    circumstances?: Circumstances
  ): Promise<ActionRun>
  [Symbol.asyncDispose](): Promise<void>
}

export interface SceneFacts {
  readonly server?: Repositories['server']
  readonly isPrivate?: boolean
  readonly emulator?: EmulatorOptions
}

export async function scene({ server, isPrivate = false, emulator = {} }: SceneFacts = {}): Promise<Scene> {
  const clock = fastClock(100)
  const world = createWorld(clock.now)
  world.org('acme', { olivia: 'admin' })
  const visibility = isPrivate ? 'private' : 'public'
  const app = world.package('acme/app', { repository: 'acme/app', visibility })
  const repositories = createRepositories(world, server)
  const repository = repositories.add('acme/app', { isPrivate })
  const github = await startEmulator({
    world,
    now: clock.now,
    routes: repositoryRoutes(repositories),
    ...emulator
  })
  return {
    world,
    repositories,
    repository,
    app,
    github,
    run: async (inputs = {}, token = world.githubToken('acme/app'), circumstances = {}) => {
      const run = await runInside(github, { mode: 'check', token, ...inputs }, clock, circumstances)
      expect(sentencesTwice(run)).toEqual([])
      return run
    },
    [Symbol.asyncDispose]: () => github.close()
  }
}

/** A workflow that builds the image of its input `tag`, and says so in its name. */
export function buildWorkflow(app: Builder, facts: Partial<WorkflowFile> = {}): WorkflowFile {
  return {
    dispatch: { tag: { required: true } },
    title: ({ tag }) => `Build ${tag}`,
    looks: 1,
    build: ({ tag = '' }: Inputs) => {
      app.push(image(), { tags: [tag] })
      return undefined
    },
    ...facts
  }
}

/** The tags for which a workflow was dispatched, in order. */
export const startedFor = ({ repository }: Scene): (string | undefined)[] =>
  repository.row.runs.filter(run => run.inputs['tag'] !== undefined).map(run => run.inputs['tag'])

/** What the action wrote into the output `missing`, in short. */
export const missingOf = ({ outputs }: ActionRun): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(outputs['missing'] ?? '[]') as { package: string; tag: string; state: string }[]).map(
      ({ package: name, tag, state }) => [`${name}:${tag}`, state]
    )
  )

/** Why the run was red, as GitHub annotates it. */
export const errorsOf = (run: ActionRun): string[] => annotationsOf('error', run)

/** What the run warns of, as GitHub annotates it. */
export const warningsOf = (run: ActionRun): string[] => annotationsOf('warning', run)

const annotationsOf = (kind: string, { stdout }: ActionRun): string[] =>
  stdout
    .split('\n')
    .filter(line => line.startsWith(`::${kind}::`))
    .map(line => line.slice(`::${kind}::`.length))
