import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { SCRIPT_ENV } from './scripts.ts'

/** Runs the bundled action as a runner runs a step: a child process, environment variables, and files. */

export interface ActionRun {
  /** The exit code; null when the process was killed. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  /** The job summary, in Markdown. */
  readonly summary: string
  /** The JSON report that the output `report` names, parsed; undefined where there is none. */
  readonly report: unknown
  /** The run's own folder, `RUNNER_TEMP` and the working directory at once; `await using` removes it. */
  readonly temp: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Where the action finds GitHub and the registry. An `Emulator` is one. */
export interface Servers {
  readonly apiUrl: string
  readonly registryUrl: string
}

export interface Circumstances {
  /** `owner/name` of the repository whose workflow runs. */
  readonly repository?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Kills the process at once, as a cancelled job does in the end. */
  readonly kill?: AbortSignal
  /** What is started, in place of the bundle: a source file works as well. */
  readonly entry?: string
}

const root = resolve(import.meta.dirname, '../..')
const { NODE_COMPILE_CACHE } = SCRIPT_ENV

/**
 * Runs the action with exactly these inputs, and the emulator's `registry-url` where they name none.
 * Nothing of the caller's environment gets through, proxies least of all. Node keeps what it compiled of the bundle, which
 * is a fifth of a short run.
 */
export async function runAction(
  servers: Servers,
  inputs: Readonly<Record<string, string>>,
  circumstances: Circumstances = {}
): Promise<ActionRun> {
  const { cwd, kill, entry = join(root, 'dist/index.js') } = circumstances
  const { temp, env, finish } = await prepareStep(servers, inputs, circumstances)
  const child = spawn(process.execPath, [entry], { cwd: cwd ?? temp, env: { NODE_COMPILE_CACHE, ...env } })
  const kills = () => child.kill('SIGKILL')
  kill?.addEventListener('abort', kills, { once: true })
  if (kill?.aborted) kills()
  const [stdout, said, { code, signal }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed(child)
  ])
  kill?.removeEventListener('abort', kills)
  // A run that somebody else ended says nothing itself: its name is all there is to find out who.
  const stderr =
    signal === null || kill?.aborted ? said : `${said}\nended by ${signal}, which nobody here sent\n`
  return await finish({ code, stdout, stderr })
}

interface PreparedStep {
  readonly temp: string
  readonly env: Record<string, string>
  /** Reads what the run left behind. */
  finish(ended: Pick<ActionRun, 'code' | 'stdout' | 'stderr'>): Promise<ActionRun>
}

/** Makes a step's folder, files and variables. */
export async function prepareStep(
  servers: Servers,
  inputs: Readonly<Record<string, string>>,
  { repository = 'acme/app', env = {} }: Circumstances
): Promise<PreparedStep> {
  const temp = await mkdtemp(join(tmpdir(), 'ghcr-steward-'))
  const files = { GITHUB_OUTPUT: join(temp, 'output'), GITHUB_STEP_SUMMARY: join(temp, 'summary') }
  await Promise.all(Object.values(files).map(file => writeFile(file, '')))
  return {
    temp,
    env: {
      ...runnerVariables(servers.apiUrl, repository, temp),
      ...files,
      // Blank means unset to the action, which would then look for the real registry.
      ...inputVariables({ ...inputs, 'registry-url': inputs['registry-url'] || servers.registryUrl }),
      ...env
    },
    async finish(ended) {
      const outputs = parseOutputs(await readFile(files.GITHUB_OUTPUT, 'utf8'))
      return {
        ...ended,
        outputs,
        summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
        report: await readReport(outputs['report']),
        temp,
        [Symbol.asyncDispose]: () => rm(temp, { recursive: true, force: true })
      }
    }
  }
}

/** action.yml, read once: many runs start from it. */
let action: Promise<{ inputs: Record<string, { default?: string }> }> | undefined

/** The inputs as the runner hands them over when a workflow gives only some: action.yml's defaults for the rest. */
export async function withDefaults(
  inputs: Readonly<Record<string, string>>,
  token: string
): Promise<Record<string, string>> {
  action ??= readFile(join(root, 'action.yml'), 'utf8').then(parse)
  const defaults = Object.entries((await action).inputs).map(([name, { default: value = '' }]) => [
    name,
    value.replaceAll(/\$\{\{\s*github\.token\s*\}\}/g, token)
  ])
  return { ...Object.fromEntries(defaults), ...inputs }
}

/** The variables of a hosted runner that an action may look at. */
function runnerVariables(apiUrl: string, repository: string, temp: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: temp,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: apiUrl,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_OWNER: repository.split('/')[0] ?? '',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'clean-up',
    GITHUB_EVENT_NAME: 'schedule',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_WORKSPACE: temp,
    RUNNER_TEMP: temp,
    RUNNER_OS: 'Linux'
  }
}

/** Upper case, spaces to underscores, and hyphens stay, as the runner's Handler.cs has it. */
function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value])
  )
}

/** Reads `name<<delimiter`, lines, `delimiter`, and the short form `name=value`; the last of a name counts. */
export function parseOutputs(file: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  const lines = file.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const [, name, delimiter] = /^([^=]+?)<<(.+)$/.exec(line) ?? []
    if (name !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter, at + 1)
      if (end < 0) throw new Error(`output ${name} never ends`)
      outputs[name] = lines.slice(at + 1, end).join('\n')
      at = end
    } else if (line !== '') {
      const equals = line.indexOf('=')
      if (equals < 0) throw new Error(`not an output: ${line}`)
      outputs[line.slice(0, equals)] = line.slice(equals + 1)
    }
  }
  return outputs
}

async function readReport(path: string | undefined): Promise<unknown> {
  return path === undefined || path === '' ? undefined : JSON.parse(await readFile(path, 'utf8'))
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

const closed = (
  child: ReturnType<typeof spawn>
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> =>
  new Promise((settle, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => settle({ code, signal }))
  })
