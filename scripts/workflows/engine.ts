import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { DocumentedWorkflow } from './documents.ts'
import type { Home } from './home.ts'

const root = resolve(import.meta.dirname, '../..')
const TOOLS = join(root, 'out/tools')
const MODULE = 'github.com/nektos/act@v0.2.89'

/** The path of act: built, installed, or built now; undefined where it cannot be had. */
export function findAct(build: boolean): string | undefined {
  const present = [TOOLS, ...(process.env['PATH'] ?? '').split(delimiter)]
    .map(dir => join(dir, 'act'))
    .find(isExecutable)
  if (present !== undefined || !build) return present
  mkdirSync(TOOLS, { recursive: true })
  const { status } = spawnSync('go', ['install', MODULE], {
    stdio: 'inherit',
    env: { ...process.env, GOBIN: TOOLS }
  })
  return status === 0 ? join(TOOLS, 'act') : undefined
}

export interface Ran {
  readonly code: number
  readonly log: string
  /** Secrets that the engine printed. */
  readonly leaked: readonly string[]
}

/** Runs all jobs of a workflow, as if GitHub had started it. @returns act's exit code and what it printed */
export async function runWorkflow(
  act: string,
  { text, event, actions }: Pick<DocumentedWorkflow, 'text' | 'event' | 'actions'>,
  home: Home
): Promise<Ran> {
  const repository = join(home.dir, 'my-app')
  layRepository(repository, text)
  const replaced = actions.flatMap(action => {
    const folder = home.actionFolder(action.split('@')[0] ?? '')
    return folder === undefined ? [] : ['--local-repository', `${action}=${folder}`]
  })
  const machines = ['ubuntu-latest', 'ubuntu-24.04'].flatMap(name => ['-P', `${name}=-self-hosted`])
  const [token, classic] = [home.token(), home.classic()]
  const secrets = [
    `GITHUB_TOKEN=${token}`,
    ...['PACKAGES_TOKEN', 'CR_PAT'].map(name => `${name}=${classic}`)
  ].flatMap(pair => ['-s', pair])
  const inputs = ['run=1', 'package=my-app', 'purge=sha-0000020', 'confirm=my-app'].flatMap(pair => [
    '--input',
    pair
  ])
  const settings = ['--env', `ARTIFACTS=${home.artifacts}`, ...inputs, '--pull=false', '--no-cache-server']
  const child = spawn(act, [event, ...machines, ...secrets, ...settings, ...replaced], {
    cwd: repository,
    // The engine starts actions with the node that it finds first.
    env: { ...process.env, PATH: `${join(root, 'node_modules/node/bin')}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? 1, log, leaked: [token, classic].filter(secret => log.includes(secret)) }
}

/** A checkout of acme/my-app that has this workflow alone. */
function layRepository(dir: string, workflow: string): void {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(join(dir, '.github/workflows'), { recursive: true })
  writeFileSync(join(dir, '.github/workflows/workflow.yml'), workflow)
  writeFileSync(join(dir, '.github/ghcr-steward.yml'), POLICY)
  const git = (...args: string[]) => spawnSync('git', ['-C', dir, ...args])
  git('init', '-q', '-b', 'main')
  git('remote', 'add', 'origin', 'https://github.com/acme/my-app.git')
  git('add', '--all')
  git('-c', 'user.name=e2e', '-c', 'user.email=e2e@example.com', 'commit', '-q', '-m', 'workflow')
}

const POLICY = `version: 1
packages:
  - match: '**'
    rules:
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 30 }
tests:
  - name: an old build goes
    now: 2026-11-01T00:00:00Z
    package: my-app
    versions:
      - { digest: 'sha256:a1', tags: [v1.0.0], created: 2026-01-01T00:00:00Z }
    expect: { delete: [] }
`

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
