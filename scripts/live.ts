/**
 * Measures what the documents do not say about GitHub's container registry, and runs every mode of the bundled action,
 * on a package of its own:
 *
 *   npm run live                                           against the emulator: our guesses
 *   npm run live -- --guess NAME=ANSWER                    with another guess, from __tests__/emulator/guesses.ts
 *   npm run live -- --owner OWNER --package NAME           against GitHub, with the token in GHCR_TOKEN
 *
 * NAME and NAME-last must not exist yet, or hold only what this script pushed. The token is a classic one with `write:packages` and
 * `delete:packages`, or the GITHUB_TOKEN of a workflow whose repository NAME will belong to. `--repository` names the
 * repository that the action takes for the workflow's own, GITHUB_REPOSITORY when left out. The results are written to
 * docs/live.md, or to the file that `--out` names.
 */

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { GUESSES, type Guess, type Guesses } from '../__tests__/emulator/guesses.ts'
import { createRepositories } from '../__tests__/emulator/repositories.ts'
import { repositoryRoutes } from '../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../__tests__/emulator/server.ts'
import { createWorld } from '../__tests__/emulator/world.ts'
import { runAction, withDefaults } from '../__tests__/helpers/run-action.ts'
import { ExpectedError } from '../src/errors.ts'
import { openClients } from './live/clients.ts'
import { openPackage } from './live/github.ts'
import { refuseForeignPackage } from './live/guard.ts'
import type { Lab } from './live/lab.ts'
import { exerciseModes } from './live/modes.ts'
import { type Finding, livePage } from './live/page.ts'
import type { Place } from './live/place.ts'
import { PROBES } from './live/probes.ts'
import { openRegistry } from './live/registry.ts'
import { createShapes } from './live/shapes.ts'
import { print, printError } from './print.ts'

const root = resolve(import.meta.dirname, '..')
/** How long a change may take to show at GitHub, in milliseconds. */
const PATIENCE = 60_000
/** How long an effect is given that may never come, in milliseconds. */
const SETTLE = 5_000

const { values } = parseArgs({
  options: {
    owner: { type: 'string' },
    package: { type: 'string' },
    repository: { type: 'string' },
    guess: { type: 'string', multiple: true, default: [] },
    'api-url': { type: 'string', default: 'https://api.github.com' },
    'registry-url': { type: 'string', default: 'https://ghcr.io' },
    out: { type: 'string', default: 'docs/live.md' }
  }
})

try {
  const failures = await main()
  for (const failure of failures) print(`FAIL  ${failure}`)
  if (failures.length > 0) process.exitCode = 1
} catch (error) {
  printError(error)
  process.exitCode = 1
}

async function main(): Promise<readonly string[]> {
  const { owner, package: name } = values
  if (owner !== undefined && name !== undefined) {
    const place = {
      owner,
      name,
      token: tokenFrom(process.env),
      apiUrl: values['api-url'],
      registryUrl: values['registry-url']
    }
    return measure(place, SETTLE, `${new URL(place.registryUrl).host}/${owner}/${name}`, false)
  }
  if (owner !== undefined || name !== undefined) {
    throw new ExpectedError('`--owner` and `--package` go together: name both, or neither for the emulator.')
  }
  const world = Object.assign(createWorld(), otherGuesses(values.guess))
  world.org('acme')
  const repositories = createRepositories(world)
  repositories.add('acme/throw-away')
  await using github = await startEmulator({ world, routes: repositoryRoutes(repositories) })
  const { apiUrl, registryUrl } = github
  const token = world.githubToken('acme/throw-away')
  const failures = await measure(
    { owner: 'acme', name: 'throw-away', token, apiUrl, registryUrl },
    // Dates have whole seconds, so that one that moves is seen only in the next.
    world.datesMove === 'never' ? 0 : 1_100,
    'the emulator of this repository',
    true
  )
  return [...failures, ...github.violations.map(({ detail }) => detail), ...github.contractViolations]
}

/** @throws ExpectedError when there is no such guess */
function otherGuesses(given: readonly string[]): Partial<Guesses> {
  return Object.fromEntries(
    given.map(one => {
      const [name = '', answer = ''] = one.split('=')
      const answers: readonly string[] = Object.hasOwn(GUESSES, name) ? GUESSES[name as Guess] : []
      if (answers.includes(answer)) return [name, answer]
      throw new ExpectedError(`There is no guess \`${one}\`: see __tests__/emulator/guesses.ts.`)
    })
  )
}

function tokenFrom(env: NodeJS.ProcessEnv): string {
  const token = env['GHCR_TOKEN'] ?? ''
  if (token !== '') return token
  throw new ExpectedError(
    'GHCR_TOKEN is not set. Put a classic token with `write:packages` and `delete:packages` into it.'
  )
}

async function measure(
  place: Place,
  settle: number,
  where: string,
  isEmulator: boolean
): Promise<readonly string[]> {
  const open = async (named: string) => {
    const api = await openPackage({ ...place, name: named })
    const registry = openRegistry({ ...place, name: named })
    await refuseForeignPackage(api, registry)
    return { api, registry, shapes: createShapes(registry, `${Date.now()}`) }
  }
  const other = () => open(`${place.name}-last`)
  const lab: Lab = { ...(await open(place.name)), other, patience: PATIENCE, settle }
  const { apiUrl, registryUrl, owner, name, token } = place
  using clients = await openClients(place)
  console.log(`clients: ${clients.names.join(', ') || 'none on PATH, so our own pushes alone'}`)
  const failures = await exerciseModes(
    lab,
    {
      name,
      clients,
      run: async inputs =>
        runAction({ apiUrl, registryUrl }, await withDefaults({ owner, ...inputs }, token), {
          repository: values.repository ?? (process.env['GITHUB_REPOSITORY'] || `${owner}/${name}`)
        })
    },
    print
  )
  const findings: Finding[] = []
  for (const { question, documented, guesses = [], measure: ask } of PROBES) {
    const answer = await ask(lab)
    print(`${question}\n      ${answer}`)
    findings.push({ question, documented, guesses, answer })
  }
  writeFileSync(resolve(root, values.out), livePage(findings, failures, where, isEmulator, new Date()))
  console.log(`written to ${values.out}`)
  return failures
}
