import { bodyOf } from './body.ts'
import { act, type Scene, start } from './exercise.ts'

/**
 * Mode check on real images: all there; one tag that nobody pushed; one platform gone from below its index, and back.
 *
 * @param tags whole images of the repository
 */
export async function exerciseCheck(
  repository: string,
  tags: readonly [string, ...string[]],
  scene: Scene
): Promise<void> {
  const { checks, registry, emulator, gate } = scene
  const name = repository.split('/').slice(1).join('/')
  const inputs = { mode: 'check', packages: name, 'git-tags': '!*' }
  const required = (...more: string[]) => ({ ...inputs, 'required-tags': [...tags, ...more].join(', ') })
  const writes = emulator.writes.length + gate.writes.length

  const whole = await act(`check of ${name}`, required(), scene)
  checks.same(whole.outputs['missing-tags'], '', `check of ${name}: nothing is missing`)
  const lacking = await act(`check of ${name} for one more`, required('v9.9.9'), scene)
  checks.same(lacking.outputs['missing-tags'], 'v9.9.9', `check of ${name}: the absent tag is missing`)

  const [index] = tags
  const [child] = (await bodyOf(registry, repository, index)).manifests ?? []
  const manifest = child && (await registry.manifest(repository, child.digest))
  if (child === undefined || manifest === undefined)
    throw new Error(`${index} of ${repository} lacks a platform`)
  const { os, architecture } = child.platform ?? {}
  await registry.delete(repository, child.digest)
  const broken = await act(`check of ${name} without a platform`, required(), scene)
  const found = JSON.parse(broken.outputs['missing'] ?? '[]') as Record<string, unknown>[]
  checks.same(
    found.map(({ tag, state, lacks }) => ({ tag, state, lacks })),
    [{ tag: index, state: 'incomplete', lacks: [`${os}/${architecture}`] }],
    `check of ${name}: half an image is found out, and which platform is gone`
  )
  await using red = await start({ ...required(), 'fail-on-missing': 'true' }, scene)
  checks.same(red.code, 1, `check of ${name}: red where that is asked for`)
  await registry.put(repository, child.digest, manifest)
  checks.same(emulator.writes.length + gate.writes.length, writes, `check of ${name}: nothing was written`)
}
