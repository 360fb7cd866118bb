import type { ActionRun } from '../../__tests__/helpers/run-action.ts'
import type { Clients } from './clients.ts'
import { tagsOf } from './github.ts'
import { type Lab, rowOf } from './lab.ts'
import type { Descriptor } from './registry.ts'

/** Runs the bundled action once with these inputs. */
export type RunAction = (inputs: Readonly<Record<string, string>>) => Promise<ActionRun>

/** The package that the runs are about, and how the action is run. */
export interface Stage {
  readonly name: string
  readonly clients: Clients
  readonly run: RunAction
}

interface Laid {
  readonly release: Descriptor
  readonly releaseParts: readonly Descriptor[]
  readonly build: Descriptor
  readonly buildParts: readonly Descriptor[]
  readonly leak: Descriptor
  /** What the clients describe, of which the first stays. */
  readonly signed: Descriptor
  readonly signedBuild: Descriptor
}

const RETENTION = {
  'keep-tags': 'live-v*',
  'delete-tags': 'live-build-*',
  'delete-untagged': 'true',
  grace: '0s'
}

/**
 * Every mode of the bundle on known shapes: a dry run, retention, a second run, restore, check and purge.
 *
 * @returns what was not as it should be; nothing when all is well
 */
export async function exerciseModes(
  lab: Lab,
  { name, clients, run }: Stage,
  say: (line: string) => void
): Promise<string[]> {
  const failures: string[] = []
  const expect = (holds: boolean, what: string): void => {
    say(`${holds ? 'ok  ' : 'FAIL'}  ${what}`)
    if (!holds) failures.push(what)
  }
  const act = async (what: string, inputs: Readonly<Record<string, string>>): Promise<ActionRun> => {
    const done = await run({ packages: name, ...inputs })
    expect(done.code === 0, `${what} ends green`)
    if (done.code !== 0) say(done.stdout)
    return done
  }
  const isThere = async ({ digest }: Descriptor): Promise<boolean> =>
    (await lab.registry.manifest(digest)) !== undefined
  const laid = await lay(lab, clients)

  await using dry = await act('the dry run', { ...RETENTION, 'dry-run': 'true' })
  expect(dry.outputs['deleted-count'] === '0' && (await isThere(laid.build)), 'the dry run deletes nothing')
  await using real = await act('retention', RETENTION)
  expect(real.outputs['planned-count'] === dry.outputs['planned-count'], 'the dry run planned the same')
  expect(!(await isThere(laid.build)), 'the old build is gone')
  for (const part of [laid.release, ...laid.releaseParts]) {
    expect(await isThere(part), `the release keeps ${part.digest.slice(0, 19)}`)
  }
  const whole = async ({ digest }: Descriptor, when: string): Promise<void> => {
    for (const complaint of await clients.complaints(digest)) expect(false, `${when}: ${complaint}`)
  }
  await whole(laid.signed, 'after retention')
  await using again = await act('a second run', RETENTION)
  expect(again.outputs['deleted-count'] === '0', 'a second run deletes nothing')

  await using restored = await act('restore', { mode: 'restore', restore: real.outputs['report'] ?? '' })
  expect(restored.outputs['restored-count'] !== '0', 'restore brings something back')
  for (const part of laid.buildParts) {
    expect(await isThere(part), `the old build has ${part.digest.slice(0, 19)} again`)
  }
  const back = tagsOf(await rowOf(lab, laid.build.digest))
  expect(back.includes('live-build-1') && (await isThere(laid.build)), 'the old build is back under its tag')

  await whole(laid.signedBuild, 'after restore')
  await using checked = await act('check', {
    mode: 'check',
    'git-tags': '!*',
    'required-tags': 'live-v1, live-v2'
  })
  expect(checked.outputs['missing-tags'] === 'live-v2', 'check finds the one tag that is missing')
  const leaking = { mode: 'purge', purge: laid.leak.digest, confirm: name }
  await using purged = await act('purge', leaking)
  expect(
    purged.outputs['deleted-count'] !== '0' && !(await isThere(laid.leak)),
    'purge deletes what it names'
  )
  return failures
}

async function lay(lab: Lab, clients: Clients): Promise<Laid> {
  const { shapes } = lab
  const { index: release, children } = await shapes.index('live-v1')
  const { referrer, list } = await shapes.attest(release)
  const { index: build, children: platforms } = await shapes.index('live-build-1')
  const described = await shapes.attest(build)
  await shapes.nested('live-v1-nested')
  // What we push in place of signatures is none: cosign finds its own only where there are no others.
  const signed = await shapes.index('live-v1-signed')
  const goes = await shapes.index('live-build-2')
  for (const { index } of [signed, goes]) await clients.describe(index.digest)
  const leak = await shapes.image('live-leak')
  for (const { digest } of [release, build, leak]) await rowOf(lab, digest)
  const buildParts = [...platforms, described.referrer, described.list]
  return {
    ...{ release, releaseParts: [...children, referrer, list], build, buildParts, leak },
    ...{ signed: signed.index, signedBuild: goes.index }
  }
}
