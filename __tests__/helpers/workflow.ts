import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { parse } from 'yaml'
import type { Permission } from '../emulator/accounts.ts'
import { withDefaults } from './run-action.ts'

/** Workflows of the documents, played as GitHub does: expressions, conditions, artifacts, the files of a checkout. */

interface Step {
  readonly id?: string
  readonly if?: string
  readonly uses: string
  readonly with?: Readonly<Record<string, unknown>>
}
/** What a workflow grants its `GITHUB_TOKEN`. */
type Permissions = Readonly<Record<string, Permission>>

interface Job {
  readonly permissions?: Permissions
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

/** What the expressions of a workflow may ask for. */
export interface Settings {
  readonly vars?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly inputs?: Readonly<Record<string, unknown>>
  readonly github?: Readonly<Record<string, unknown>>
}

/** What one run of the action left behind, as far as a workflow looks at it. */
interface Ran {
  readonly code: number | null
  readonly outputs: Readonly<Record<string, string>>
}

export interface Runner<R extends Ran> {
  /** Makes `github.token`, with what the workflow grants it; a workflow that says nothing leaves that to the repository. */
  token(permissions: Permissions | undefined): string
  /** What `actions/create-github-app-token` gives. */
  readonly appToken?: string
  /** What a checkout lays down, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** A folder for this job, which is removed by its owner. */
  readonly folder: string
  /** Artifacts by name: what GitHub keeps between jobs and runs. */
  readonly artifacts: Map<string, { readonly file: string; readonly text: string }>
  run(inputs: Record<string, string>, env: Record<string, string>): Promise<R>
}

/** The job of that name in the workflow of that name, with the workflow's permissions; a document has each workflow once. */
export function jobIn(document: string, workflow: string, job: string): Job {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8')
  const found = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
    .map(
      ([, yaml = '']) =>
        parse(yaml) as Pick<Job, 'permissions'> & { name?: string; jobs?: Record<string, Job> }
    )
    .find(({ name, jobs }) => name === workflow && jobs?.[job] !== undefined)
  const steps = found?.jobs?.[job]
  if (steps === undefined) throw new Error(`${document} has no job ${job} in "${workflow}"`)
  return found?.permissions === undefined ? steps : { permissions: found.permissions, ...steps }
}

/** Plays the steps of a job. @returns the runs of this action, in order; after a failed one only `always()` steps run */
export async function play<R extends Ran>(job: Job, settings: Settings, runner: Runner<R>): Promise<R[]> {
  const folder = mkdtempSync(join(runner.folder, 'job-'))
  const temp = mkdtempSync(join(runner.folder, 'temp-'))
  const token = runner.token(job.permissions)
  const contexts = {
    vars: {},
    secrets: {},
    inputs: {},
    ...settings,
    github: { token, ...settings.github },
    env: {},
    steps: {} as Record<string, { outputs: Readonly<Record<string, string>> }>
  }
  contexts.env = filled(job.env ?? {}, contexts)
  const runs: R[] = []
  for (const { id, if: condition, uses, with: given = {} } of job.steps) {
    const failed = runs.some(({ code }) => code !== 0)
    if (failed && !condition?.includes('always()')) continue
    if (condition !== undefined && evaluate(condition, contexts) !== true) continue
    const inputs = filled(given, contexts)
    const [action] = uses.split('@')
    let outputs: Readonly<Record<string, string>> = {}
    if (action === 'actions/checkout') layDown(folder, runner.files ?? {})
    else if (action === 'actions/upload-artifact') upload(inputs, runner)
    else if (action === 'actions/download-artifact') download(inputs, folder, runner)
    else if (action === 'actions/create-github-app-token') outputs = { token: runner.appToken ?? '' }
    else {
      const run = await runner.run(await withDefaults(inputs, token), {
        GITHUB_WORKSPACE: folder,
        RUNNER_TEMP: temp
      })
      runs.push(run)
      outputs = run.outputs
    }
    if (id !== undefined) contexts.steps[id] = { outputs }
  }
  return runs
}

function layDown(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function upload({ name = '', path = '' }: Record<string, string>, { artifacts }: Runner<Ran>): void {
  artifacts.set(name, { file: basename(path), text: readFileSync(path, 'utf8') })
}

function download({ name = '' }: Record<string, string>, folder: string, { artifacts }: Runner<Ran>): void {
  const artifact = artifacts.get(name)
  if (artifact === undefined) throw new Error(`nobody has uploaded the artifact ${name}`)
  writeFileSync(join(folder, artifact.file), artifact.text)
}

/** Values with each `${{ … }}` in them evaluated. */
function filled(values: Readonly<Record<string, unknown>>, contexts: object): Record<string, string> {
  const fill = (value: unknown): string =>
    String(value).replaceAll(/\$\{\{(.*?)\}\}/gs, (_, text: string) => String(evaluate(text, contexts) ?? ''))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]))
}

/** What GitHub's own evaluator of expressions makes of one. */
function evaluate(text: string, contexts: object): unknown {
  const always = { name: 'always', minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(true) }
  const { tokens } = new Lexer(text.replaceAll(/^\s*\$\{\{|\}\}\s*$/g, '').trim()).lex()
  const expression = new Parser(tokens, Object.keys(contexts), [always]).parse()
  const known = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary
  const result = new Evaluator(expression, known, new Map([[always.name, always]])).evaluate()
  return JSON.parse(JSON.stringify(result, data.replacer))
}
