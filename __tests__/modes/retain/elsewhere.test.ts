import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { startCacheService } from '../../emulator/cache-service.ts'
import type { Target, Trouble } from '../../emulator/faults.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { versionNotFound } from '../../emulator/rights.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

/** A tag is put on a build right before its DELETE, and goes on to another image behind it: no restore takes it from there. */

const BUILDS = { 'delete-tags': 'sha-*' }
const UNKNOWN = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
const HEAD = { host: 'registry', path: /manifests\/v2$/ } as const
const LIST = { host: 'api', method: 'GET', path: /\/versions$/, query: /^(?!.*state=deleted)/ } as const

/** One witness each that does not know where the tag went. */
const WITNESSES: Readonly<Record<string, (next: Pushed) => readonly [Target, Trouble]>> = {
  'the registry is late by 8 s': () => [HEAD, { kind: 'late', ms: 8_000 }],
  'the registry denies it four times': () => [
    { ...HEAD, times: 4 },
    { kind: 'answer', answer: UNKNOWN }
  ],
  'the registry denies it': () => [HEAD, { kind: 'answer', answer: UNKNOWN }],
  'GitHub is late at single versions': () => [
    { host: 'api', method: 'GET', path: /\/versions\/\d+$/ },
    { kind: 'late', ms: 20_000 }
  ],
  'GitHub denies the single version': ({ id }) => [
    { host: 'api', method: 'GET', path: new RegExp(`/versions/${id}$`) },
    { kind: 'answer', answer: versionNotFound() }
  ],
  'the list is late': () => [LIST, { kind: 'late', ms: 20_000 }]
}

function layDown({ app, world }: Scene) {
  world.deletedTags = 'shown'
  world.restoredTags = 'move back'
  world.remember(app.row)
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const stays = app.push(image(), { tags: ['v1.5'], at: ago(85) })
  return { stays, build: app.push(image(), { tags: ['sha-1'], at: ago(80) }) }
}

const deleteOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 }) as const

/** It is there, or the run is red and says where it was. */
function expectNotTaken({ app }: Scene, { code, errors }: Run, next: Pushed): void {
  const isThere = app.tags()['v2'] === next.digest
  const isSaid = code === 1 && errors.some(text => /tag v2 /.test(text) && text.includes(next.digest))
  expect([app.tags()['v2'], isThere || isSaid]).toEqual([app.tags()['v2'], true])
}

it.concurrent.each(
  (['a push', 'an image that stays'] as const).flatMap(how =>
    Object.keys(WITNESSES).flatMap(witness =>
      (['same run', 'next run'] as const).map(when => [how, witness, when] as const)
    )
  )
)('law 3: a tag that went on to %s stays there, though %s (%s)', async (how, witness, when) => {
  await using scene = await openScene({ busy: 0.05 })
  await using cache = await startCacheService()
  const { app, github, run, clock } = scene
  const { stays, build } = layDown(scene)
  let next = stays
  const goOn = (): void => {
    if (how === 'a push') next = app.push(image(), { tags: ['v2'] })
    else app.tag(stays, 'v2')
    const [target, trouble] = WITNESSES[witness]!(next)
    github.faults.on(target, trouble)
  }
  await clock.sleep(25_000)
  github.faults.on(deleteOf(build), { kind: 'first', run: () => app.tag(build, 'v2') })
  if (when === 'same run') github.faults.on(deleteOf(build), { kind: 'then', run: goOn })
  else {
    github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } })
    await run(BUILDS, { env: cache.env })
    github.faults.clear()
    await clock.sleep(25_000)
    goOn()
  }
  const result = await run(BUILDS, { env: cache.env })
  expectNotTaken(scene, result, next)
  // Two of three say where it is.
  if (witness.startsWith('the registry')) expect(result.outputs['restored-count']).toBe('0')
})

it.concurrent.each([8, 10_000])(
  'law 3: where the list does not reach the image that a tag came back to, a registry that denies it %i times is asked again, and then told of',
  async times => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { stays, build } = layDown(scene)
    app.tag(stays, 'v2')
    for (let number = 0; number < 100; number++)
      app.push(manifest(), { tags: [`r-${number}`], at: ago(70) + number * 10_000 })
    github.faults.on(deleteOf(build), { kind: 'first', run: () => app.tag(build, 'v2') })
    const goBack = (): void => {
      app.tag(stays, 'v2')
      github.faults.on({ ...HEAD, times }, { kind: 'answer', answer: UNKNOWN })
    }
    github.faults.on(deleteOf(build), { kind: 'then', run: goBack })
    const result = await run(BUILDS)
    expectNotTaken(scene, result, stays)
    expect(result.outputs['restored-count']).toBe(times > 100 ? '3' : '0')
  }
)
