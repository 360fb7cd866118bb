import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { referrerTag } from '../../../src/model/digest.ts'
import { image, index, OCI_MANIFEST } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, missingOf, type Scene, scene, startedFor } from '../../helpers/check-run.ts'
import { digestOf } from '../../helpers/make.ts'

/** What images must be beside being there, and what the policy file expects of single packages. */

function release(acme: Scene, version: string, ...tags: string[]) {
  acme.repository.tag(`v${version}`)
  return acme.app.push(image(), { tags: [version, ...tags] })
}

const imageOfTag = (acme: Scene, tag: string) => ({ digest: acme.app.tags()[tag] as string })

describe('newest-tags stand on the newest release that they name', () => {
  const NEWEST = { 'newest-tags': 'latest, {major}, {major}.{minor}' }

  test.concurrent('all well: nothing is said, and a pre-release is no release', async () => {
    await using acme = await scene()
    release(acme, '0.9.0', '0.9')
    release(acme, '1.0.0', '1', '1.0')
    release(acme, '2.0.0', '2', '2.0', 'latest')
    release(acme, '2.1.0-rc.1')
    await using run = await acme.run(NEWEST)
    expect(errorsOf(run)).toEqual([])
    expect(run.code).toBe(0)
  })

  test.concurrent('one that lags behind, and one that is not there, make the check red and say the way out', async () => {
    await using acme = await scene()
    release(acme, '1.0.0', 'latest', '1.0', '1')
    release(acme, '1.1.0')
    const { digest } = imageOfTag(acme, '1.1.0')
    await using run = await acme.run(NEWEST)
    expect(run.code).toBe(1)
    expect(run.outputs['missing-tags']).toBe('')
    const told = errorsOf(run).join('\n')
    expect(told).toContain(
      'app:latest points to 1.0.0, 1.0, 1, and the newest release that it names is v1.1.0.'
    )
    expect(told).toContain('app:1.1 does not exist, and the newest release that it names is v1.1.0.')
    expect(told).toContain(`imagetools create -t <image>:latest <image>@${digest}`)
  })

  test.concurrent('E-42 of many tags beside it a few are named', async () => {
    await using acme = await scene()
    const many = Array.from({ length: 1_000 }, (_, at) => `also-${at}`)
    release(acme, '1.0.0', 'latest', ...many)
    release(acme, '1.1.0')
    await using run = await acme.run({ 'newest-tags': 'latest' })
    const told = errorsOf(run).join('\n')
    expect(told).toMatch(/app:latest points to [^,]+(?:, [^,]+){4} and 996 more, and the newest release/)
  })

  test.concurrent('where the newest release has no image, that is missing, and nothing is said of the tag', async () => {
    await using acme = await scene()
    release(acme, '1.0.0', 'latest')
    acme.repository.tag('v1.1.0')
    await using run = await acme.run({ 'newest-tags': 'latest' })
    expect(errorsOf(run)).toEqual([])
    expect(missingOf(run)).toEqual({ 'app:v1.1.0': 'absent' })
  })

  test.concurrent('a list that lags behind a push accuses nobody', async () => {
    await using acme = await scene()
    release(acme, '1.0.0', 'latest')
    const stale = acme.app.push(image(), { tags: ['1.1.0'] })
    acme.repository.tag('v1.1.0')
    acme.app.tag(stale, 'latest')
    acme.app.lie({ kind: 'lag', changes: 1 })
    await using run = await acme.run({ 'newest-tags': 'latest' })
    expect(errorsOf(run)).toEqual([])
  })
})

describe('expect-signed', () => {
  test.concurrent.each([
    ['cosign', ['cosign']],
    ['attestation', ['attestation']],
    ['any', ['cosign', 'attestation']]
  ])('%s', async (asked, enough) => {
    await using acme = await scene()
    const { app } = acme
    app.sign(release(acme, '1.0.0'), 'sig')
    app.attest(release(acme, '2.0.0'))
    release(acme, '3.0.0')
    acme.repository.tag('v4.0.0')
    await using run = await acme.run({ 'expect-signed': asked })
    const [told = ''] = errorsOf(run)
    expect(run.code).toBe(1)
    expect(told.includes('v1.0.0')).toBe(!enough.includes('cosign'))
    expect(told.includes('v2.0.0')).toBe(!enough.includes('attestation'))
    expect(told).toContain('v3.0.0')
    expect(told).not.toContain('v4.0.0')
    expect(run.outputs['missing-tags']).toBe('v4.0.0')
  })

  test.concurrent('an image whose platforms are each attested is, and a word that is none is refused', async () => {
    await using acme = await scene()
    for (const child of release(acme, '1.0.0').children) acme.app.attest(child)
    await using run = await acme.run({ 'expect-signed': 'attestation' })
    await using slip = await acme.run({ 'expect-signed': 'sigstore' })
    expect(errorsOf(run)).toEqual([])
    expect(errorsOf(slip).join()).toContain('`expect-signed`')
  })
})

describe('the policy file expects of each package what its entry says', () => {
  const POLICY = `version: 1
packages:
  - match: app
    rules: []
  - match: web
    repository: acme/website
    expect:
      git-tags: web-*
      image-tags: '{tag}-alpine'
      platforms: [linux/amd64, linux/riscv64]
      signed: cosign
      visibility: private
    rules: []
`

  test.concurrent('its git tags, from its repository, its image tags, platforms, signatures and visibility', async () => {
    await using acme = await scene()
    const web = acme.world.package('acme/web', { repository: 'acme/website', visibility: 'public' })
    acme.repositories.add('acme/website').tag('web-1', 'web-2', 'v9')
    web.push(image(), { tags: ['web-1-alpine'] })
    release(acme, '1.0.0')
    await using run = await acme.run({ packages: 'app, web', policy: POLICY })
    expect(missingOf(run)).toEqual({ 'web:web-1': 'incomplete', 'web:web-2': 'absent' })
    expect(errorsOf(run).join()).toContain('web is public')
  })

  test.concurrent('as docs/missing-images.md has it, whole and then with one thing after another amiss', async () => {
    const docs = readFileSync(new URL('../../../docs/missing-images.md', import.meta.url), 'utf8')
    const block = docs.split('```yaml\n').find(text => text.includes('    expect:'))
    const policy = block?.split('```')[0] ?? ''
    await using acme = await scene()
    const web = acme.world.package('acme/web', { repository: 'acme/website', visibility: 'public' })
    const website = acme.repositories.add('acme/website')
    website.tag('web-1', 'v9')
    web.sign(web.push(image(['linux/amd64', 'linux/arm64']), { tags: ['web-1-alpine'] }), 'sig')
    release(acme, '1.0.0')
    const check = () => acme.run({ packages: 'app, web', policy })
    await using whole = await check()
    expect([errorsOf(whole), missingOf(whole), whole.code]).toEqual([[], {}, 0])
    website.tag('web-2', 'web-3')
    web.push(image(['linux/amd64', 'linux/arm64']), { tags: ['web-2-alpine'] })
    web.sign(web.push(image(['linux/amd64']), { tags: ['web-3-alpine'] }), 'sig')
    await using amiss = await check()
    expect(missingOf(amiss)).toEqual({ 'web:web-3': 'incomplete' })
    expect(errorsOf(amiss).join()).toContain('web-2')
  })

  test.concurrent('and retention keeps what it derives', async () => {
    await using acme = await scene()
    acme.repositories.add('acme/website').tag('web-1')
    const web = acme.world.package('acme/web', { repository: 'acme/website' })
    const at = acme.world.now - 90 * 86_400_000
    const kept = web.push(image(), { tags: ['web-1-alpine'], at })
    web.push(image(), { tags: ['web-0-alpine'], at })
    const policy = `${POLICY.replace(/rules: \[\]\n$/, 'rules: [{ action: delete, match: { tags: "*" } }]\n')}protect: { git: git-tags }\n`
    await using run = await acme.run(
      { mode: 'retain', packages: 'web', policy },
      acme.world.classic('olivia', ['repo', 'read:packages', 'delete:packages'])
    )
    expect(errorsOf(run)).toEqual([])
    expect(Object.keys(web.tags())).toEqual(['web-1-alpine'])
    expect(web.version(kept.digest)).toBeDefined()
  })

  test.concurrent('tags-repository: the git tags, or the releases, of another repository', async () => {
    for (const [inputs, missing] of [
      [{}, { 'app:v2.0.0': 'absent', 'app:v1.5.0': 'absent' }],
      [{ 'releases-only': 'true' }, { 'app:v2.0.0': 'absent' }]
    ] as const) {
      await using acme = await scene()
      acme.repository.tag('v9.0.0')
      acme.world.org('upstream', { olivia: 'admin' })
      const upstream = acme.repositories.add('upstream/tool')
      upstream.tag('v1.0.0', 'v1.5.0', 'v2.0.0')
      for (const tag of ['v1.0.0', 'v2.0.0']) upstream.release(tag)
      acme.app.push(image(), { tags: ['1.0.0'] })
      await using run = await acme.run({ 'tags-repository': 'upstream/tool', ...inputs })
      expect(missingOf(run)).toEqual(missing)
    }
  })

  test.concurrent('tags-repository: retention protects what the check expects', async () => {
    await using acme = await scene()
    acme.repositories.add('upstream/tool').tag('v1.0.0')
    for (const tag of ['1.0.0', '0.9.0']) acme.app.push(image(), { tags: [tag], at: '2026-01-01T00:00:00Z' })
    const inputs = {
      mode: 'retain',
      'delete-tags': '*',
      protect: 'git-tags',
      'tags-repository': 'upstream/tool'
    }
    await using run = await acme.run(inputs)
    expect(errorsOf(run)).toEqual([])
    expect(Object.keys(acme.app.tags())).toEqual(['1.0.0'])
  })
})

describe('what is asked of images is asked again after the builds that were waited for', () => {
  const WAIT = { 'dispatch-workflow': 'build.yml', wait: '1h' }

  test.concurrent('newest-tags: a build that sets `latest` has put it right, and one that does not is told', async () => {
    for (const tags of [['latest'], []]) {
      await using acme = await scene()
      release(acme, '1.0.0', 'latest')
      acme.repository.tag('v1.1.0')
      acme.repository.workflow(
        'build.yml',
        buildWorkflow(acme.app, {
          build: ({ tag = '' }) => {
            acme.app.push(image(), { tags: [tag, ...tags] })
            return undefined
          }
        })
      )
      await using run = await acme.run({ ...WAIT, 'newest-tags': 'latest' })
      expect(errorsOf(run)).toEqual(
        tags.length > 0 ? [] : [expect.stringContaining('the newest release that it names is v1.1.0')]
      )
    }
  })

  test.concurrent('expect-signed: the first platform without a signature settles it, however many there are', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0', 'v1.1.0')
    for (const [tag, size] of [
      ['v1.0.0', 2],
      ['v1.1.0', 40]
    ] as const)
      acme.app.push(image(Array.from({ length: size }, (_, at) => `linux/a${at}`)), { tags: [tag] })
    await using run = await acme.run({ 'expect-signed': 'cosign' })
    expect(errorsOf(run)).toEqual([expect.stringContaining('2 expected images have no cosign signature')])
    const looks = acme.github.requests.filter(
      ({ method, path }) => method === 'HEAD' && path.includes('/sha256-')
    )
    expect(looks).toHaveLength(4 * 3 * 3)
  })

  test.concurrent('expect-signed: a list of referrers beyond any measure is not read, and proves nothing', async () => {
    await using acme = await scene()
    const { digest } = release(acme, '1.0.0')
    const manifests = Array.from({ length: 1_001 }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: digestOf(`${at}`),
      size: 1
    }))
    acme.app.push(index([], { manifests }), { tags: [referrerTag(digest)] })
    await using run = await acme.run({ 'expect-signed': 'cosign' })
    expect(errorsOf(run).join()).toContain(
      'is signed is unknown. The first is v1.0.0: its list of referrers names 1,001'
    )
    expect(acme.github.requests.length).toBeLessThan(50)
  })

  test.concurrent('expect-signed: an image that was built without its signature is told', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.1.0')
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    await using run = await acme.run({ ...WAIT, 'expect-signed': 'cosign' })
    expect(missingOf(run)).toEqual({})
    expect(errorsOf(run).join()).toContain('v1.1.0')
    expect(run.code).toBe(1)
  })
})

test.concurrent('a repository that cannot be read makes the run red, and what needs it not is checked and built', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['other'] })
  acme.world.package('acme/web', { repository: 'acme/app' }).push(image(), { tags: ['other'] })
  const packages = '[{ match: web, repository: acme/gone, rules: [] }, { match: app, rules: [] }]'
  const policy = `{ version: 1, packages: ${packages} }`
  await using run = await acme.run({ policy, 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([expect.stringContaining('Reading the git tags of acme/gone failed')])
  expect(missingOf(run)).toEqual({ 'app:v1.0.0': 'absent' })
  expect(startedFor(acme)).toEqual(['v1.0.0'])
})
