import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Builder } from '../../__tests__/emulator/builder.ts'
import { PUBLISHED } from '../../__tests__/emulator/limits.ts'
import { createRepositories } from '../../__tests__/emulator/repositories.ts'
import { repositoryRoutes } from '../../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../../__tests__/emulator/server.ts'
import { image } from '../../__tests__/emulator/shapes.ts'
import { createWorld, type World } from '../../__tests__/emulator/world.ts'

const root = resolve(import.meta.dirname, '../..')
const DAY = 86_400_000

/** Every package that a document names. */
const PACKAGES = [
  'my-app',
  'api-gateway',
  ...['python-alpine', 'python-ubi', 'nginx', 'test'].map(name => `regtech/sbl/${name}`),
  ...['', '-copilot', '-codex', '-claude', '-proxy', '-log-forwarder', '-payload', '-metadata'].map(
    name => `containai${name}`
  ),
  'package1',
  'team/package2'
]

/** The repository `acme/my-app` with its package, and the actions that its workflows use. */
export interface Home {
  readonly dir: string
  readonly world: World
  /** The GITHUB_TOKEN of a new run. */
  token(): string
  /** A classic token, for what GITHUB_TOKEN may not do. */
  classic(): string
  /** Where artifacts are kept between jobs and runs. */
  readonly artifacts: string
  /** The folder that stands for an action `owner/name`; undefined where nothing does. */
  actionFolder(name: string): string | undefined
  /** Limits that were crossed, and answers that GitHub's schemas do not allow. */
  violations(): readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts the emulator and lays everything down; `await using` removes it. */
export async function openHome(): Promise<Home> {
  const dir = mkdtempSync(join(tmpdir(), 'ghcr-steward-workflows-'))
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const repository = repositories.add('acme/my-app')
  for (const name of PACKAGES) {
    layPackage(world.package(`acme/${name}`, { repository: 'acme/my-app', visibility: 'public' }))
  }
  repository.tag('v1.0.0', 'release/v1.0.0')
  for (const file of ['build.yml', 'build-and-deploy.yml']) {
    repository.workflow(file, { dispatch: { tag: { required: true } }, title: ({ tag }) => `Build ${tag}` })
  }
  // Real runs are days apart, and these follow each other within a minute.
  const quotas = { ...PUBLISHED.quotas, classic: 1_000_000, 'github-token': 1_000_000 }
  const limits = { points: 1_000_000, quotas }
  const github = await startEmulator({ world, limits, routes: repositoryRoutes(repositories) })

  const artifacts = join(dir, 'artifacts')
  mkdirSync(artifacts)
  const folders = new Map([
    ['ghcr-steward/ghcr-steward', ownAction(dir, github.apiUrl, github.registryUrl)],
    ['actions/upload-artifact', stub(dir, 'upload', UPLOAD)],
    ['actions/download-artifact', stub(dir, 'download', DOWNLOAD)],
    ['actions/create-github-app-token', stub(dir, 'app-token', appToken(world.githubToken('acme/my-app')))]
  ])
  return {
    dir,
    world,
    token: () => world.githubToken('acme/my-app'),
    classic: () => world.classic('olivia'),
    artifacts,
    actionFolder: name => folders.get(name),
    violations: () => [...github.violations.map(({ detail }) => detail), ...github.contractViolations],
    [Symbol.asyncDispose]: async () => {
      await github.close()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

/** Forty builds a day apart, and a release. */
function layPackage(pkg: Builder): void {
  for (let build = 1; build <= 40; build++) {
    const tag = `sha-${String(build).padStart(7, '0')}`
    pkg.push(image(), { tags: [tag], at: Date.now() - (100 - build) * DAY })
  }
  pkg.push(image(), { tags: ['v1.0.0', '1.0.0', 'latest'], at: Date.now() - 50 * DAY })
}

/** This action as it is released, but for the addresses: the engine believes that it is at GitHub. */
function ownAction(dir: string, apiUrl: string, registryUrl: string): string {
  const folder = join(dir, 'ghcr-steward')
  mkdirSync(folder)
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  const addressed = [
    ['api-url', apiUrl],
    ['registry-url', registryUrl]
  ].reduce(
    (text, [name, url]) =>
      text.replace(new RegExp(`(\\n  ${name}:\\n[^\\n]*\\n    default: )''`), `$1'${url}'`),
    readFileSync(join(root, 'action.yml'), 'utf8')
  )
  writeFileSync(join(folder, 'action.yml'), addressed)
  return folder
}

function stub(dir: string, name: string, source: string): string {
  const folder = join(dir, name)
  mkdirSync(folder)
  const inputs = '{ name: { default: artifact }, path: {}, pattern: {} }'
  writeFileSync(
    join(folder, 'action.yml'),
    `name: ${name}\ninputs: ${inputs}\nruns: { using: node20, main: index.mjs }\n`
  )
  writeFileSync(join(folder, 'index.mjs'), source)
  return folder
}

const appToken = (token: string): string => `import { appendFileSync } from 'node:fs'
appendFileSync(process.env.GITHUB_OUTPUT, 'token=${token}\\n')
`

const UPLOAD = `import { cpSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
const { ARTIFACTS, INPUT_NAME, INPUT_PATH, GITHUB_WORKSPACE } = process.env
for (const path of INPUT_PATH.split('\\n').map(line => line.trim()).filter(line => line !== '')) {
  const folder = join(ARTIFACTS, INPUT_NAME)
  mkdirSync(folder, { recursive: true })
  cpSync(path.startsWith('/') ? path : join(GITHUB_WORKSPACE, path), join(folder, basename(path)))
}
`
const DOWNLOAD = `import { cpSync, readdirSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
const { ARTIFACTS, INPUT_NAME, INPUT_PATH, INPUT_PATTERN, GITHUB_WORKSPACE } = process.env
const target = join(GITHUB_WORKSPACE, INPUT_PATH || '.')
if (!INPUT_PATTERN) cpSync(join(ARTIFACTS, INPUT_NAME), target, { recursive: true })
else for (const name of readdirSync(ARTIFACTS).filter(one => matchesGlob(one, INPUT_PATTERN)))
  cpSync(join(ARTIFACTS, name), join(target, name), { recursive: true })
`
