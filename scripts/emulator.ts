/**
 * An emulated GitHub with a container registry on this machine, for trying the action without risk and for CI:
 *
 *   npm run emulator                  in the foreground, until it is interrupted; writes out/emulator.env, and
 *                                     prints the commands that use it
 *   npm run emulator -- --background  starts one and returns as soon as it answers
 *   npm run emulator -- --verify      asks a running one (EMULATOR_STATE_URL) whether anything is broken
 *
 * Starting prints `name=value` lines, and writes them to GITHUB_OUTPUT where that is set: `api-url`,
 * `registry-url`, `token`, `repository`, `state-url`, `pid`. In it is the organization `acme` of the demo.
 */

import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { believable } from '../__tests__/emulator/believable.ts'
import { repositoryRoutes } from '../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../__tests__/emulator/server.ts'
import { tagReleases } from './demo/check.ts'
import { printError } from './print.ts'

interface State {
  /** Tags that cannot be pulled any more, with what they lack. */
  readonly broken: readonly string[]
  /** Limits of GitHub that were overstepped. */
  readonly violations: readonly string[]
  readonly writes: number
}

const USAGE =
  'npm run emulator keeps an emulated GitHub running, and prints commands that try the action on it'

const { values } = parseArgs({
  options: {
    background: { type: 'boolean' },
    served: { type: 'boolean' },
    verify: { type: 'boolean' },
    help: { type: 'boolean' }
  }
})
if (values.help) console.log(USAGE)
else if (values.verify) await verify()
else if (values.background) await inBackground()
else await serve()

async function serve(): Promise<void> {
  const organization = believable(Date.now())
  const { world, repositories } = organization
  tagReleases(organization)
  const repository = 'acme/shop'
  const github = await startEmulator({ world, latencyMs: 5, routes: repositoryRoutes(repositories) })
  const state = createServer((_, res) => {
    const { violations, contractViolations, writes } = github
    const told: State = {
      broken: world.broken(),
      violations: [...violations.map(({ detail }) => detail), ...contractViolations],
      writes: writes.length
    }
    res.end(JSON.stringify(told))
  })
  state.listen(0, '127.0.0.1', () => {
    const facts = {
      'api-url': github.apiUrl,
      'registry-url': github.registryUrl,
      token: world.githubToken(repository),
      repository,
      'state-url': `http://127.0.0.1:${(state.address() as AddressInfo).port}`,
      pid: String(process.pid)
    }
    tell(facts)
    if (values.served) return
    console.log(whatToTry(`npm start -- --env ${writeSettings(facts)}`, world.classic('olivia')))
  })
}

/**
 * The commands to begin with, and what may surprise in this organization.
 *
 * @param start runs the action here
 * @param classic a token that may list packages
 */
function whatToTry(start: string, classic: string): string {
  return `
The organization acme has the packages shop/api, shop/web and charts/shop. Try these in another terminal:

Delete what a policy selects. For your own policy, write its path in place of scripts/demo/policy.yml:

  ${start} --with policy=scripts/demo/policy.yml

Find releases without an image (v1.3.1 and v1.5.0 have none), and start their builds:

  ${start} --with mode=check --with packages=shop/api --with dispatch-workflow=build-and-deploy.yml --with wait=5min

Delete one image at once, whatever a policy says:

  ${start} --with mode=purge --with packages=shop/web --with purge=prod

Delete in all packages that a pattern matches. GITHUB_TOKEN may not list packages; this is a classic token of an owner:

  ${start} --with token=${classic} --with 'packages=shop/*' --with delete-untagged=true

Each of them is a dry run and ends with the command for a real one. A real one that deletes something ends with the
command that undoes it.

One image of shop/web has more than 5,000 downloads. GitHub never deletes such an image, so a real run with the
policy reports it as "refused by GitHub". That is not a fault.`
}

/** What `npm start` needs to run here. @returns the file's path */
function writeSettings(
  facts: Readonly<Record<'api-url' | 'registry-url' | 'token' | 'repository', string>>
): string {
  const root = resolve(import.meta.dirname, '..')
  const [owner = ''] = facts.repository.split('/')
  const settings = {
    GITHUB_REPOSITORY: facts.repository,
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_API_URL: facts['api-url'],
    GITHUB_WORKSPACE: root,
    'INPUT_API-URL': facts['api-url'],
    'INPUT_REGISTRY-URL': facts['registry-url'],
    INPUT_TOKEN: facts.token,
    INPUT_OWNER: owner
  }
  mkdirSync(join(root, 'out'), { recursive: true })
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(root, 'out/emulator.env'), lines.join(''))
  return 'out/emulator.env'
}

function tell(facts: Readonly<Record<string, string>>): void {
  const lines = Object.entries(facts).map(([name, value]) => `${name}=${value}\n`)
  process.stdout.write(lines.join(''))
  const file = process.env['GITHUB_OUTPUT'] ?? ''
  if (file !== '') appendFileSync(file, lines.join(''))
}

/** Its first words are its addresses; after them nothing more is read, and it lives on alone. */
async function inBackground(): Promise<void> {
  const log = join(process.env['RUNNER_TEMP'] || tmpdir(), 'emulator.log')
  const child = spawn(process.execPath, [import.meta.filename, '--served'], {
    detached: true,
    // A stream of ours that it held on to would keep the step of a workflow open.
    stdio: ['ignore', 'pipe', openSync(log, 'w')]
  })
  let said = ''
  for await (const chunk of child.stdout ?? []) {
    said += String(chunk)
    if (said.includes('pid=')) break
  }
  if (!said.includes('pid=')) throw new Error(`the emulator did not start: see ${log}`)
  process.stdout.write(said)
  child.unref()
}

async function verify(): Promise<void> {
  const response = await fetch(process.env['EMULATOR_STATE_URL'] ?? '')
  const { broken, violations, writes } = (await response.json()) as State
  for (const trouble of [...broken, ...violations]) printError(trouble)
  if (broken.length + violations.length > 0) process.exitCode = 1
  else console.log(`${writes} writes, every tag can be pulled, and no limit was crossed`)
}
