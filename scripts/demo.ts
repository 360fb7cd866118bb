/**
 * The main job on a believable organization: the bundled action against the emulated GitHub, first as a dry
 * run, then for real; then a check that has builds started, and an accident with its undo. Prints what the log of a workflow would show, and writes the job summaries to `out/`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { believable } from '../__tests__/emulator/believable.ts'
import { repositoryRoutes } from '../__tests__/emulator/repository-api.ts'
import { startEmulator } from '../__tests__/emulator/server.ts'
import { type ActionRun, runAction, withDefaults } from '../__tests__/helpers/run-action.ts'
import { undoAccident } from './demo/accident.ts'
import { checkRoundTrip } from './demo/check.ts'
import { readable } from './readable.ts'

const root = resolve(import.meta.dirname, '..')
const out = join(root, 'out')
const organization = believable(Date.now())
const { world, repositories } = organization

const POLICY = { policy: 'scripts/demo/policy.yml' }

say('ghcr-steward on a believable organization, emulated on this machine')
say(readFileSync(join(root, POLICY.policy), 'utf8').replaceAll(/^/gm, '    '))
const before = world.packages(owner(), 'active').map(pkg => `${pkg.name} ${pkg.order.length}`)
const first = await run('a dry run', 'dry-run', 'true')
const second = await run('the same for real', 'run', 'false')
const third = await run('once more: nothing is left to do', 'again', 'false')

say(`\n---- and the other half: is every release there? ${'-'.repeat(48)}\n`)
const unchecked = await checkRoundTrip(organization, (name, inputs, result) => {
  say(listed(inputs))
  show(name, result)
})

say(`\n---- an accident, and its undo ${'-'.repeat(62)}\n`)
const mourned = await undoAccident(organization, (name, inputs, result) => {
  say(listed(inputs))
  show(name, result)
})

const after = world.packages(owner(), 'active').map(pkg => `${pkg.name} ${pkg.order.length}`)
const troubles = [
  ...world.broken(),
  ...unchecked,
  ...mourned,
  ...[first, second, third].flatMap(result => result.troubles),
  ...(first.outputs['planned-count'] === second.outputs['planned-count']
    ? []
    : ['dry and real plans differ']),
  ...(third.outputs['deleted-count'] === '0' ? [] : ['the second run found more to delete'])
]
say(`versions before: ${before.join(', ')}`)
say(`versions after:  ${after.join(', ')}`)
for (const trouble of troubles) say(`NOT WELL: ${trouble}`)
if (troubles.length === 0) say('every remaining tag can still be pulled, and no limit of GitHub was crossed')
say(`the job summaries are in ${out}: open them in anything that shows GitHub's Markdown`)
process.exitCode = troubles.length === 0 ? 0 : 1

async function run(title: string, name: string, dryRun: string) {
  say(`\n---- ${title} ${'-'.repeat(Math.max(0, 90 - title.length))}\n`)
  // An hour of GitHub's for each run, as if they were days apart.
  await using github = await startEmulator({ world, latencyMs: 20, routes: repositoryRoutes(repositories) })
  const token = world.githubToken('acme/shop')
  const inputs = await withDefaults(
    { ...POLICY, 'registry-url': github.registryUrl, 'dry-run': dryRun },
    token
  )
  const result = await runAction(github, inputs, { repository: 'acme/shop', env: { GITHUB_WORKSPACE: root } })
  show(name, result)
  if (result.code !== 0) throw new Error(`the action ended with exit code ${result.code}`)
  await result[Symbol.asyncDispose]()
  const troubles = [
    ...github.violations.map(({ kind, detail }) => `GitHub's limit on ${kind} was crossed: ${detail}`),
    ...github.contractViolations,
    ...(dryRun === 'true' && github.writes.length > 0 ? ['the dry run sent a write'] : [])
  ]
  return { outputs: result.outputs, troubles }
}

function show(name: string, result: ActionRun): void {
  process.stdout.write(readable(result.stdout))
  process.stderr.write(result.stderr)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, `summary-${name}.md`), result.summary)
}

function listed(inputs: Readonly<Record<string, string>>): string {
  return Object.entries(inputs)
    .map(([name, value]) => `    ${name}: ${value.replaceAll('\n', ', ')}`)
    .join('\n')
}

function owner() {
  const found = world.owner('acme')
  if (found === undefined) throw new Error('the organization is gone')
  return found
}

function say(text: string): void {
  console.log(text)
}
