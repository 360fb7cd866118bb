/**
 * The main job on real input: a real registry with real images, pushed by real clients, and the bundled action
 * between them and an emulated Packages API. What a policy keeps must still pull, what it deletes must not.
 *
 * Debian has docker-registry, skopeo and buildah. oras, regctl, crane, cosign and helm are built as Go modules where Go
 * is. What they push, and what BuildKit does, is also in scripts/e2e/recorded.json, byte by byte with its source, and laid
 * down in every run; BuildKit wants root, so that only a recording starts it. Not tried: docker, because its daemon would
 * have to run here (buildx pushes through BuildKit, and scripts/e2e/pusher.ts has older forms of that), and zot, which
 * refuses to delete what an index still names, because the usual proxy does not serve its Go module. The store of the
 * emulated API notes every deletion that zot would refuse, and one note fails the run.
 *
 *   npm run e2e                   Debian's clients, and those that are installed or quickly built where Go is
 *   npm run e2e -- --all-clients  builds cosign and helm as well, which takes minutes
 *   npm run e2e -- --record       writes down what all clients push, in scripts/e2e/recorded.json; wants all, and BuildKit
 *   npm run e2e -- --mutants      breaks the action on purpose, in one way after another: each must be found out
 *   npm run e2e -- --entry FILE   runs this bundle
 *   npm run e2e -- --first        ends at the first check that fails
 */

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createRepositories } from '../__tests__/emulator/repositories.ts'
import { repositoryRoutes } from '../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../__tests__/emulator/server.ts'
import { createWorld, type World } from '../__tests__/emulator/world.ts'
import { ExpectedError } from '../src/errors.ts'
import { startBuildKit } from './e2e/buildkit.ts'
import { createChecks } from './e2e/checks.ts'
import { createClients } from './e2e/clients.ts'
import { exercise, type Scene } from './e2e/exercise.ts'
import { exerciseCheck } from './e2e/exercise-check.ts'
import { exerciseKilled } from './e2e/exercise-killed.ts'
import { exerciseBudget, exerciseSigned } from './e2e/exercise-signed.ts'
import { openGate } from './e2e/gate.ts'
import { findGoClients, type GoClient, type GoClients, MODULES } from './e2e/go-clients.ts'
import { tryMutants } from './e2e/mutants.ts'
import { pullEverything, pullWhatStays } from './e2e/pulls.ts'
import { layRecorded, record } from './e2e/recorded.ts'
import { startRegistry } from './e2e/registry.ts'
import { type Hands, type Laid, layApi, layShop, laySite } from './e2e/scenario.ts'
import { laySigned } from './e2e/signed.ts'
import { makeKeys } from './e2e/signer.ts'
import { createStore } from './e2e/store.ts'
import { ensureTools } from './e2e/tools.ts'
import { bringBack } from './e2e/undo.ts'
import { openWorkshop, type Workshop } from './e2e/workshop.ts'
import { print, printError } from './print.ts'

const say = print

/** One policy for two packages at once, one of them with a nested name. */
const RETENTION = {
  packages: 'shop, tools/api',
  'keep-tags': 'v*, latest',
  'delete-tags': 'sha-* nightly-* pr-*',
  'keep-at-least': '3',
  'older-than': '30d',
  'delete-untagged': 'true'
}
const STRIPPING = { packages: 'site', 'delete-tags': 'sha-*', 'older-than': '30d', untag: 'true' }

/** Packages that the clients that are here sign, and whether untagged versions are deleted there. */
const SIGNED = [
  ['acme/signed', false],
  ['acme/signed-untagged', true]
] as const

/** The same with what all clients pushed once, also without lists of referrers, as where the registry has an API for them. */
const RECORDED = [
  { repository: 'acme/recorded', deleteUntagged: false, lists: true },
  { repository: 'acme/recorded-untagged', deleteUntagged: true, lists: true },
  { repository: 'acme/recorded-subjects', deleteUntagged: true, lists: false }
] as const

/** How many checks there are: a part that was passed over must not look like one that passed. */
const CHECKS = 386
/** Clients that look at the signed packages after every step, and how often each does. */
const WATCHING: readonly GoClient[] = ['oras', 'regctl', 'cosign', 'helm']
const CHECKS_OF_A_CLIENT = 24

/** A deleted image that is brought back in the end, to see that a restored one is whole. */
const UNDONE = 'nightly-18'

/** Builds dist/index.js where it is not what the sources give. */
function ensureBundle(): void {
  const build = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts'), ...args], { encoding: 'utf8' })
  if (build('--check').status === 0) return
  say('building dist/index.js, which is not what the sources give')
  const { status, stdout, stderr } = build()
  if (status !== 0) throw new ExpectedError(`The action cannot be built:\n${stdout}${stderr}`)
}

/**
 * Whose packages they are: a public one, one of another repository, and one of none, all run by `acme/shop`; those of
 * signed images by repositories of their own, each with its own quota, because their runs follow each other within a
 * minute and know nothing of each other.
 */
function populate(): { world: World; token: string } {
  const world = createWorld()
  world.org('acme')
  world.package('acme/shop', { visibility: 'public', repository: 'acme/shop' })
  world.package('acme/tools/api', { repository: 'acme/tools', access: { 'acme/shop': 'admin' } })
  world.package('acme/site', { access: { 'acme/shop': 'admin' } })
  const alone = [...SIGNED.map(([name]) => name), ...RECORDED.map(({ repository }) => repository)]
  for (const name of [...alone, 'acme/budget', 'acme/killed']) world.package(name, { repository: name })
  return { world, token: world.githubToken('acme/shop') }
}

async function main(entry: string): Promise<void> {
  await using workshop = openWorkshop()
  await ensureTools(workshop, say)
  const goClients = await findGoClients(workshop, values['all-clients'] === true, say)
  await makeKeys(workshop, goClients)
  const registry = await startRegistry(workshop)
  const clients = createClients(workshop, registry)
  const store = createStore(registry)
  const { world, token } = populate()
  const repositories = createRepositories(world)
  repositories.add('acme/shop')
  const routes = repositoryRoutes(repositories)
  await using emulator = await startEmulator({ world, versions: () => store, routes })
  await using gate = await openGate(world, registry.url)
  const checks = createChecks(say, values.first === true)
  const scene: Scene = { emulator, gate, registry, token, entry, checks, say }

  const hands = { clients, store, registry, now: Date.now() }
  const shop = await layShop(hands)
  const api = await layApi(hands)
  const site = await laySite(hands)
  const packages: readonly Laid[] = [shop, api, site]
  for (const { repository } of packages) {
    const { manifests, tags } = await registry.stored(repository)
    say(`${repository}: pushed ${manifests.size} manifests and ${tags.size} tags`)
  }
  say(`${await pullEverything(packages, clients, registry, checks)} tags pull before anything is deleted`)

  const retention = await exercise('retention of two packages', RETENTION, [shop, api], scene)
  await exercise('untagging', STRIPPING, [site], scene)
  for (const laid of packages) {
    const { kept, gone } = await pullWhatStays(laid, clients, registry, checks)
    say(`${laid.repository}: ${kept} kept tags pull, ${gone} others are unknown`)
  }

  await bringBack(retention, 'shop', UNDONE, scene)
  await registry.collectGarbage()
  const revived = { ...shop, tags: new Map([...shop.tags, [UNDONE, true] as const]) }
  for (const laid of [revived, api, site]) await pullWhatStays(laid, clients, registry, checks)
  say(`all of that was looked at again after ${UNDONE} was restored and garbage was collected`)

  await exerciseCheck('acme/shop', ['v1.1.0', 'v1.0.0', 'v0.9.0'], scene)
  await exerciseDescribed(hands, scene, workshop, goClients)

  checks.same(
    store.outOfOrder,
    [],
    'nothing was deleted that an index still named, or before what it describes, and no index came back before its parts'
  )
  checks.same(emulator.violations, [], 'no limit of GitHub was overstepped')
  checks.same(emulator.contractViolations, [], "every emulated answer is one that GitHub's schemas allow")
  const watching = WATCHING.filter(client => goClients[client] !== undefined)
  const expected = CHECKS + CHECKS_OF_A_CLIENT * watching.length
  checks.same(checks.passed + checks.failed, expected, 'as many checks were made as there are')
  const failed = checks.failed === 0 ? '' : `, ${checks.failed} failed`
  say(`e2e: ${checks.passed} checks passed${failed}`)
  if (checks.failed > 0) process.exitCode = 1
}

/** Images with signatures, attestations, notes and charts beside them: pushed now, and as they were recorded. */
async function exerciseDescribed(
  hands: Hands,
  scene: Scene,
  workshop: Workshop,
  goClients: GoClients
): Promise<void> {
  const { world } = scene.emulator
  const sceneOf = (repository: string): Scene => ({ ...scene, token: world.githubToken(repository) })
  for (const [repository, deleteUntagged] of SIGNED) {
    const pkg = await laySigned(repository, hands, workshop, goClients)
    await exerciseSigned(pkg, deleteUntagged, sceneOf(repository), workshop)
  }
  for (const { repository, deleteUntagged, lists } of RECORDED) {
    const pkg = await layRecorded(repository, lists, hands, workshop, goClients)
    await exerciseSigned(pkg, deleteUntagged, sceneOf(repository), workshop)
  }
  const budget = await layRecorded('acme/budget', true, hands, workshop, goClients)
  await exerciseBudget(budget, sceneOf(budget.repository))
  const killed = await layRecorded('acme/killed', true, hands, workshop, goClients)
  await exerciseKilled(killed, sceneOf(killed.repository), workshop)
}

/** Has every client push, and writes down what that left. */
async function makeRecording(): Promise<void> {
  await using workshop = openWorkshop()
  await ensureTools(workshop, say)
  const goClients = await findGoClients(workshop, true, say)
  const absent = (Object.keys(MODULES) as GoClient[]).filter(client => goClients[client] === undefined)
  if (absent.length > 0)
    throw new ExpectedError(`A recording needs all clients: ${absent.join(', ')} is not here.`)
  await makeKeys(workshop, goClients)
  const registry = await startRegistry(workshop)
  const hands = {
    clients: createClients(workshop, registry),
    store: createStore(registry),
    registry,
    now: Date.now()
  }
  const builder = await startBuildKit(workshop, registry)
  const pkg = await laySigned('acme/recorded', hands, workshop, goClients, builder('acme/recorded'))
  await record(pkg, registry, workshop)
}

const { values } = parseArgs({
  options: {
    'all-clients': { type: 'boolean' },
    mutants: { type: 'boolean' },
    record: { type: 'boolean' },
    entry: { type: 'string' },
    first: { type: 'boolean' }
  }
})

try {
  if (values.entry === undefined) ensureBundle()
  if (values.record) await makeRecording()
  else if (values.mutants) await tryMutants(say)
  else await main(resolve(values.entry ?? join(import.meta.dirname, '../dist/index.js')))
} catch (error) {
  printError(error)
  process.exitCode = 1
}
