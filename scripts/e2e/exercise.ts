import type { Emulator } from '../../__tests__/emulator/server.ts'
import { type ActionRun, runAction, withDefaults } from '../../__tests__/helpers/run-action.ts'
import { parseRecord } from '../../src/report/read-record.ts'
import type { RunRecord } from '../../src/report/record.ts'
import type { Checks } from './checks.ts'
import { type Expected, expectedOf, sharedLayers } from './expected.ts'
import type { Gate } from './gate.ts'
import type { RealRegistry } from './registry.ts'
import type { Laid } from './scenario.ts'

/** What the action is run against, and who looks on. */
export interface Scene {
  readonly emulator: Emulator
  readonly gate: Gate
  readonly registry: RealRegistry
  readonly token: string
  /** The bundle that is run. */
  readonly entry: string
  readonly checks: Checks
  readonly say: (line: string) => void
}

interface Ran {
  readonly record: RunRecord
  readonly outputs: Readonly<Record<string, string>>
}

/**
 * Runs the bundled action three times with the same inputs: dry, for good, and once more. The packages must be
 * as they were after the first run, as expected after the second, and the same after the third.
 *
 * @returns the report of the run that deleted
 */
export async function exercise(
  title: string,
  inputs: Readonly<Record<string, string>>,
  packages: readonly Laid[],
  scene: Scene
): Promise<RunRecord> {
  const { checks, registry, say } = scene
  const expected = new Map<string, Expected>()
  for (const laid of packages) {
    const should = await expectedOf(laid, registry)
    expected.set(laid.repository, should)
    const shared = await sharedLayers(laid.repository, should, registry)
    checks.that(shared.length > 0, `${laid.repository}: what goes shares layers with what stays`)
  }
  const look = () => lookAt(packages, scene)

  const before = await look()
  const dry = await act(`${title}, dry run`, { ...inputs, 'dry-run': 'true' }, scene)
  checks.same(await look(), before, `${title}: a dry run changes nothing and sends no write`)
  checks.same(dry.outputs['deleted-count'], '0', `${title}: a dry run has deleted nothing`)

  const real = await act(title, inputs, scene)
  checks.same(planOf(real.record), planOf(dry.record), `${title}: the dry run and the real one plan the same`)
  checks.same(real.outputs['planned-count'], dry.outputs['planned-count'], `${title}: both plan as much`)
  checks.same(
    real.outputs['deleted-count'],
    String(deletionsOf(real.record)),
    `${title}: all that was planned is deleted`
  )
  checks.same(real.outputs['failed-count'], '0', `${title}: nothing failed`)
  for (const { repository } of packages) {
    const { manifests, tags } = await registry.stored(repository)
    const should = expected.get(repository)
    const tagLines = (pairs: Iterable<readonly [string, string]>) => [...pairs].map(pair => pair.join(' '))
    checks.sameLines(
      manifests.keys(),
      should?.manifests ?? [],
      `${repository}: what had to stay is there, and no more`
    )
    checks.sameLines(
      tagLines(tags),
      tagLines(should?.tags ?? []),
      `${repository}: every tag that stays is where it was`
    )
    say(`  ${repository}: ${manifests.size} manifests and ${tags.size} tags are left`)
  }

  const after = await look()
  const again = await act(`${title}, once more`, inputs, scene)
  checks.same(again.outputs['deleted-count'], '0', `${title}: a second run deletes nothing`)
  checks.same(
    again.record.packages.flatMap(({ steps }) => steps),
    [],
    `${title}: a second run plans nothing`
  )
  checks.same(await look(), after, `${title}: a second run changes nothing and sends no write`)
  return real.record
}

/** Runs the action once; it must end well. */
export async function act(
  title: string,
  inputs: Readonly<Record<string, string>>,
  scene: Scene
): Promise<Ran> {
  const { token, checks, say } = scene
  await using run = await start(inputs, scene)
  checks.that(
    run.code === 0,
    `${title}: the action ends well`,
    `exit code ${run.code}\n${run.stdout}${run.stderr}`
  )
  // The runner takes these lines for itself and shows none of them.
  const shown = `${run.stdout}${run.stderr}`.replaceAll(/^::add-mask::.*$/gm, '')
  checks.that(!shown.includes(token), `${title}: the token is nowhere in the log`)
  const { outputs, report } = run
  if (report === undefined)
    throw new Error(`${title}: the action left no report:\n${run.stdout}${run.stderr}`)
  const count = (name: string) => outputs[`${name}-count`]
  say(
    `${title}: planned ${count('planned')}, deleted ${count('deleted')}, untagged ${count('untagged')}, ` +
      `kept ${count('kept')}, restored ${count('restored')}, failed ${count('failed')}`
  )
  return { record: parseRecord(JSON.stringify(report), `the report of ${title}`), outputs }
}

/** Runs the bundle with these inputs, however that ends. */
export async function start(
  inputs: Readonly<Record<string, string>>,
  { emulator, gate, token, entry }: Scene,
  kill?: AbortSignal
): Promise<ActionRun> {
  const servers = { apiUrl: emulator.apiUrl, registryUrl: gate.url }
  const all = await withDefaults({ 'registry-url': gate.url, ...inputs }, token)
  const how = kill === undefined ? {} : { kill }
  return runAction(servers, all, { repository: 'acme/shop', entry, ...how })
}

/** Everything about these packages that a run could have changed, and how many writes were sent so far. */
async function lookAt(packages: readonly Laid[], { emulator, gate, registry }: Scene) {
  const repositories = await Promise.all(packages.map(({ repository }) => registry.stored(repository)))
  return {
    repositories: repositories.map(({ manifests, tags }) => ({ manifests: [...manifests], tags: [...tags] })),
    writes: emulator.writes.length + gate.writes.length
  }
}

/** Verdicts, reasons and steps; ages in the reasons grow between two runs. */
function planOf({ packages }: RunRecord) {
  return packages.map(({ name, versions, steps }) => ({
    name,
    steps,
    verdicts: versions.map(({ id, verdict, reasons, untag }) => ({
      id,
      verdict,
      untag,
      reasons: reasons.map(({ age, ...reason }) => reason)
    }))
  }))
}

const deletionsOf = ({ packages }: RunRecord): number =>
  packages.flatMap(({ steps }) => steps).filter(({ action }) => action === 'delete').length
