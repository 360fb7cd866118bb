import { describe, expect, it } from '@jest/globals'
import { referrerTag } from '../../../src/model/digest.ts'
import type { Answer } from '../../emulator/http.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { artifact, cosign, cosignTag, manifest, type Named } from '../../emulator/shapes.ts'
import { recipe } from '../../helpers/recipes.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** E-11: what a signature describes may be in another package of the owner (cosign's `COSIGN_REPOSITORY`). */

const ORPHANED = { 'delete-broken': 'orphaned', 'delete-untagged': 'true' }

/** Signatures of `acme/app` in a package that has something else as well, so that it is no mere store. */
function layDown({ app, world }: Scene) {
  const store = world.package('acme/app-signatures', { repository: 'acme/app' })
  store.push(manifest(), { tags: ['readme'], at: ago(90) })
  const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
  return {
    store,
    v1,
    classic: store.push(cosign('sig'), { tags: [cosignTag(v1, 'sig')], at: ago(70) }),
    prefixed: store.push(cosign('sig'), { tags: [`cosign-${referrerTag(v1.digest)}.sig`], at: ago(70) }),
    bySubject: store.push(artifact('application/spdx+json', v1), { at: ago(70) })
  }
}

describe('E-11: signatures of one package in another', () => {
  it.each(['app-signatures', 'app, app-signatures'])('stay with `packages: %s`', async packages => {
    await using scene = await openScene()
    const { store, bySubject, classic } = layDown(scene)
    const before = store.digests()
    const { errors, warnings, why } = await scene.run({ ...ORPHANED, packages })
    expect(errors).toEqual([])
    expect(store.digests()).toEqual(before)
    const reason = packages === 'app-signatures' ? /is unknown/ : /describes sha256:\w+ in acme\/app$/
    for (const one of [bySubject, classic]) expect(why(one, 'app-signatures')).toMatch(reason)
    const said = warnings.filter(text => text.includes('what they describe'))
    expect(said).toHaveLength(packages === 'app-signatures' ? 1 : 0)
    for (const text of said) expect(text).toMatch(/read:packages.*mode: purge/)
  })

  it('a token that may list packages finds the other one', async () => {
    await using scene = await openScene()
    const { store, classic } = layDown(scene)
    const before = store.digests()
    const token = scene.world.classic('olivia')
    const { errors, why } = await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
    expect([errors, store.digests()]).toEqual([[], before])
    expect(why(classic, 'app-signatures')).toMatch(/describes sha256:\w+ in acme\/app$/)
  })

  it('stay when the list of packages lacks the other one, once', async () => {
    await using scene = await openScene()
    const { store } = layDown(scene)
    const before = store.digests()
    const token = scene.world.classic('olivia')
    const list = { method: 'GET', path: /\/orgs\/acme\/packages$/, times: 1 }
    scene.github.faults.on(list, { kind: 'answer', answer: { status: 200, body: [] } })
    await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
    expect(store.digests()).toEqual(before)
  })

  it.each(['classic', 'GITHUB_TOKEN'])('stay with the recipe for leftovers and the token %s', async kind => {
    await using scene = await openScene()
    const { app, world, run } = scene
    const store = world.package('acme/shop/leftovers', { repository: 'acme/app' })
    const [here, v1] = [store, app].map(pkg => pkg.push(manifest(), { tags: ['v1'], at: ago(80) }))
    const stays = [here, v1].map(one =>
      store.push(cosign('sig'), { tags: [cosignTag(one!, 'sig')], at: ago(70) })
    )
    const gone = store.push(cosign('sig'), { tags: [cosignTag(manifest(), 'sig')], at: ago(70) })
    const token = kind === 'classic' ? world.classic('olivia') : world.githubToken('acme/app')
    const policy = recipe('docs/policies.md', 'Leftovers')
    const { errors } = await run({ policy, packages: 'shop/leftovers', token })
    expect(errors).toEqual([])
    expect(stays.filter(({ digest }) => store.version(digest) === undefined)).toEqual([])
    expect(store.version(gone.digest) === undefined).toBe(kind === 'classic')
  })

  it('a package that falls between two pages of the list is found', async () => {
    await using scene = await openScene()
    const { store } = layDown(scene)
    const { world, github, run } = scene
    const others = Array.from({ length: 120 }, (_, at) =>
      world.package(`acme/p${String(at).padStart(3, '0')}`, { repository: 'acme/app' })
    )
    // The two that stand around the edge of the first page.
    const signed = others.slice(97, 99).map(other => {
      const image = other.push(manifest(), { tags: ['v1'], at: ago(60) })
      return store.push(cosign('sig'), { tags: [cosignTag(image, 'sig')], at: ago(50) })
    })
    // The first package goes once the first page is read, so that the next page begins one row later.
    const drop = { kind: 'first', run: () => world.removePackage(others[0]!.row) } as const
    github.faults.on({ path: /\/packages$/, query: /\bpage=2/, times: 1 }, drop)
    const token = world.classic('olivia')
    const { errors } = await run({ ...ORPHANED, packages: 'app-signatures', token })
    expect(errors).toEqual([])
    expect(signed.filter(({ digest }) => store.version(digest) === undefined)).toEqual([])
  })

  it('and once it is in none of them, its signatures go', async () => {
    await using scene = await openScene()
    const { store, v1, prefixed } = layDown(scene)
    scene.app.delete(v1)
    scene.app.push(manifest(), { tags: ['v2'], at: ago(60) })
    const token = scene.world.classic('olivia')
    const { errors } = await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
    expect(errors).toEqual([])
    expect(Object.keys(store.tags())).toEqual(['readme', ...(store.version(prefixed.digest)?.tags ?? [])])
    expect(store.digests().size).toBe(2)
  })

  it('one denial by the other package orphans nothing', async () => {
    await using scene = await openScene()
    const { store } = layDown(scene)
    const before = store.digests()
    scene.github.faults.on(
      { host: 'registry', path: /\/acme\/app\/manifests\/sha256/, times: 2 },
      { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
    )
    const token = scene.world.classic('olivia')
    await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
    expect(store.digests()).toEqual(before)
  })

  it.each(['lists', 'cannot list'])(
    'no denial by the other package orphans anything while GitHub %s what is in it',
    async says => {
      await using scene = await openScene()
      const { store } = layDown(scene)
      const before = store.digests()
      scene.github.faults.on(
        { host: 'registry', path: /\/acme\/app\/manifests\/sha256/ },
        { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
      )
      if (says !== 'lists')
        scene.github.faults.on(
          { method: 'GET', path: /\/container\/app\/versions$/ },
          { kind: 'answer', answer: { status: 403, body: { message: 'out of order' } } }
        )
      const token = scene.world.classic('olivia')
      await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
      expect(store.digests()).toEqual(before)
    }
  )

  it('another package that the token may not read leaves it unknown', async () => {
    await using scene = await openScene()
    const { store, classic } = layDown(scene)
    const before = store.digests()
    scene.github.faults.on(
      { host: 'registry', path: /\/acme\/app\/manifests\// },
      { kind: 'answer', answer: registryError(403, 'DENIED', 'denied') }
    )
    const token = scene.world.classic('olivia')
    const { why } = await scene.run({ ...ORPHANED, packages: 'app-signatures', token })
    expect(store.digests()).toEqual(before)
    expect(why(classic, 'app-signatures')).toMatch(/is unknown.*acme\/app/)
  })

  it('what GitHub lists among the deleted versions was in this package: its signatures go with any token', async () => {
    await using scene = await openScene()
    const { app } = scene
    app.push(manifest(), { tags: ['v2'], at: ago(60) })
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
    app.sign(v1, 'sig', { at: ago(70) })
    app.delete(v1)
    const { errors, warnings } = await scene.run(ORPHANED)
    expect([errors, warnings]).toEqual([[], []])
    expect(Object.keys(app.tags())).toEqual(['v2'])
  })
})

/** GitHub's list of packages silently lacks the private ones that the token's user may not see. */
describe('law 3: a package that the token does not see may have what is described', () => {
  const PACKAGES = ['read:packages', 'delete:packages']
  const ROLE = { method: 'GET', path: /\/user\/memberships\/orgs\/acme$/ }
  const MEMBER = /is unknown: only owners of acme are sure to see all its packages$/
  const UNTOLD = /is unknown: GitHub does not say whether this token is of an owner of acme/
  const INVITED = { state: 'pending', role: 'admin' }

  /** `acme/app`, where max has Admin, with a signature of something that is not there. */
  function layDownSigned({ app }: Scene, of: Named) {
    app.push(manifest(), { tags: ['readme'], at: ago(90) })
    app.row.access.set('max', 'admin')
    return app.push(cosign('sig'), { tags: [cosignTag(of, 'sig')], at: ago(70) })
  }

  it('such as one of the organization that its members do not see', async () => {
    await using scene = await openScene()
    const { app, world, run } = scene
    const secret = world.package('acme/secret').push(manifest(), { tags: ['v1'], at: ago(80) })
    const sig = layDownSigned(scene, secret)
    const asMember = await run({ ...ORPHANED, token: world.classic('max') })
    expect([asMember.errors, asMember.why(sig)]).toEqual([[], expect.stringMatching(MEMBER)])
    expect(asMember.warnings).toEqual([
      expect.stringMatching(/Give a classic token of an owner of acme with .*`read:org`.*mode: purge/)
    ])
    // The way out works: an owner sees where it is.
    const asOwner = await run({ ...ORPHANED, token: world.classic('olivia') })
    expect([asOwner.warnings, asOwner.why(sig)]).toEqual([[], expect.stringMatching(/ in acme\/secret$/)])
    expect(app.version(sig.digest)).toBeDefined()
  })

  it.each<[string, string, readonly string[] | undefined, Answer | undefined, RegExp | undefined]>([
    ['an owner of the organization', 'olivia', [...PACKAGES, 'read:org'], undefined, undefined],
    ['an owner whose token lacks read:org', 'olivia', PACKAGES, undefined, UNTOLD],
    ['a member', 'max', [...PACKAGES, 'read:org'], undefined, MEMBER],
    ['somebody who was invited', 'olivia', undefined, { status: 200, body: INVITED }, MEMBER],
    ['somebody of whom GitHub says something else', 'olivia', undefined, { status: 200, body: {} }, UNTOLD],
    ['somebody while GitHub is out of order', 'olivia', undefined, { status: 502, body: {} }, UNTOLD]
  ])('with the token of %s, what no package has', async (_, login, scopes, answer, why) => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const sig = layDownSigned(scene, manifest())
    if (answer !== undefined) github.faults.on(ROLE, { kind: 'answer', answer })
    const result = await run({ ...ORPHANED, token: world.classic(login, scopes) })
    expect(result.errors).toEqual([])
    expect(app.version(sig.digest) === undefined).toBe(why === undefined)
    if (why !== undefined) expect(result.why(sig)).toMatch(why)
  })

  it.each(['olivia', 'max'])("with the token of %s, what no package of olivia's has", async login => {
    await using scene = await openScene()
    const { world, run } = scene
    const tool = world.package('olivia/tool', { visibility: 'public', access: { max: 'admin' } })
    tool.push(manifest(), { tags: ['readme'], at: ago(90) })
    const sig = tool.push(cosign('sig'), { tags: [cosignTag(manifest(), 'sig')], at: ago(70) })
    const inputs = { ...ORPHANED, owner: 'olivia', packages: 'tool', token: world.classic(login) }
    const { errors, warnings, why } = await run(inputs)
    expect([errors, tool.version(sig.digest) === undefined]).toEqual([[], login === 'olivia'])
    if (login === 'olivia') return expect(warnings).toEqual([])
    expect(why(sig, 'tool')).toMatch(/is unknown: only olivia is sure to see all packages of olivia$/)
    expect(warnings).toEqual([expect.stringMatching(/Give a classic token of olivia with `read:packages`/)])
  })

  it('is not asked about while nothing is orphaned, nor where the image was deleted here', async () => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
    const sig = layDownSigned(scene, v1)
    const token = world.classic('max')
    await run({ ...ORPHANED, token })
    const asked = (path: RegExp) => github.requests.filter(one => path.test(one.path))
    expect([...asked(ROLE.path), ...asked(/\/packages$/)]).toEqual([])
    expect(app.version(sig.digest)).toBeDefined()
    app.delete(v1)
    const { errors, warnings } = await run({ ...ORPHANED, token })
    expect([errors, warnings, app.version(sig.digest)]).toEqual([[], [], undefined])
  })

  it("other owners' packages are not asked", async () => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const theirs = world.package('globex/shop').push(manifest(), { tags: ['v1'], at: ago(80) })
    const sig = layDownSigned(scene, theirs)
    await run({ ...ORPHANED, token: world.classic('olivia') })
    expect(github.requests.filter(({ path }) => path.includes('globex'))).toEqual([])
    expect(app.version(sig.digest)).toBeUndefined()
  })
})

/** Law 5: what a signature describes comes back in another package amid the run, and shows in no row of the signature's package. */
describe('law 5: what is described and comes back in another package', () => {
  const INPUTS = { 'delete-broken': 'orphaned', packages: 'app-signatures' }
  const MOMENTS = ['before its DELETE', 'right behind the last look'] as const

  /** A signature of an image of `acme/app` that is gone, and what happens when it is due. */
  function layDownOrphan({ app, world, github }: Scene) {
    const store = world.package('acme/app-signatures', { repository: 'acme/app' })
    store.push(manifest(), { tags: ['readme'], at: ago(90) })
    app.push(manifest(), { tags: ['v0'], at: ago(90) })
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
    const sig = store.push(cosign('sig'), { tags: [cosignTag(v1, 'sig')], at: ago(70) })
    app.delete(v1)
    const look = { host: 'registry', method: 'HEAD', path: /\/app-signatures\/manifests\/sha256:/ } as const
    const send = { host: 'api', method: 'DELETE' } as const
    const on = (when: (typeof MOMENTS)[number], event: () => unknown): void =>
      github.faults.on({ ...(when === MOMENTS[0] ? look : send), times: 1 }, { kind: 'first', run: event })
    return { store, v1, sig, token: world.classic('olivia'), on }
  }

  it.concurrent.each(
    MOMENTS.flatMap(when =>
      (['restored', 'pushed again'] as const).flatMap(how =>
        (['a policy', 'an approved plan'] as const).map(by => [how, when, by] as const)
      )
    )
  )('keeps its signature or brings it back: %s %s (%s)', async (how, when, by) => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const { store, v1, sig, token, on } = layDownOrphan(scene)
    const dry = by === 'a policy' ? undefined : await run({ ...INPUTS, 'dry-run': 'true', token })
    const plan = dry && { plan: dry.outputs['report'] ?? '', packages: INPUTS.packages }
    on(when, () =>
      how === 'restored' ? world.store.restore(app.row, v1.id) : app.push(v1.shape, { tags: ['v1'] })
    )
    const { errors, stdout } = await run({ ...(plan ?? INPUTS), token })
    expect([errors, store.version(sig.digest)?.id, app.tags()['v1']]).toEqual([[], sig.id, v1.digest])
    const sent = github.writes.map(({ method }) => method)
    expect(sent).toEqual(when === MOMENTS[0] ? [] : ['DELETE', 'POST'])
    const said = when === MOMENTS[0] ? 'skipped: .*' : 'restored at once'
    expect(stdout).toMatch(
      new RegExp(`${said}: sha256:\\w{12}, which was gone, is there again in acme/app\\.?$`, 'm')
    )
  })

  it.concurrent('is asked for in the nearest packages, whatever others there are', async () => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const { store, v1, sig, token, on } = layDownOrphan(scene)
    const names = ['app-s1', 'app-s2', 'app-sign', 'app-store', 'app-web', 'other']
    for (const name of names) world.package(`acme/${name}`).push(manifest(), { tags: ['v1'], at: ago(60) })
    let before = 0
    on('right behind the last look', () => {
      before = github.requests.length
      return world.store.restore(app.row, v1.id)
    })
    const { errors } = await run({ ...INPUTS, token })
    expect([errors, store.version(sig.digest)?.id]).toEqual([[], sig.id])
    const behind = github.requests
      .slice(before)
      .filter(({ path }) => path.endsWith(`/manifests/${v1.digest}`))
    const asked = new Set(behind.map(({ path }) => path.split('/')[3]))
    expect([asked.has('app'), asked.size]).toEqual([true, 5])
  })

  const DENIED = { kind: 'answer', answer: registryError(403, 'DENIED', 'denied') } as const
  const RENEW = { kind: 'answer', answer: registryError(401, 'UNAUTHORIZED', 'renew') } as const

  it.concurrent.each(
    MOMENTS.flatMap(when => [[when, 'the manifest'] as const, [when, 'the token'] as const])
  )('is unknown where the registry denies, %s, %s', async (when, what) => {
    await using scene = await openScene()
    const { github, run } = scene
    const { store, sig, token, on } = layDownOrphan(scene)
    on(when, () => {
      const manifests = { host: 'registry', path: /\/acme\/app\/manifests\/sha256:/ } as const
      github.faults.on(manifests, what === 'the token' ? RENEW : DENIED)
      github.faults.on({ host: 'registry', path: /^\/token/, query: /acme\W(?:2F)?app\W(?:3A)?pull/ }, DENIED)
    })
    const { errors, stdout } = await run({ ...INPUTS, token })
    const isEarly = when === 'before its DELETE'
    expect(store.version(sig.digest)?.id).toBe(isEarly ? sig.id : undefined)
    const why =
      what === 'the token' ? 'the registry refuses this token there' : 'the registry answered HTTP 403'
    const unknown = new RegExp(`whether sha256:\\w{12} is gone in acme/app is unknown: ${why}`)
    if (isEarly) expect([errors, stdout]).toEqual([[], expect.stringMatching(unknown)])
    else expect(errors).toEqual([expect.stringMatching(unknown)])
  })

  it.concurrent('what could not be asked from the first holds nothing', async () => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    app.push(manifest(), { tags: ['v2'], at: ago(60) })
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
    const sig = app.sign(v1, 'sig', { at: ago(70) })
    app.delete(v1)
    world.package('acme/app-web').push(manifest(), { tags: ['v1'], at: ago(60) })
    github.faults.on({ host: 'registry', path: /\/acme\/app-web\/manifests\// }, DENIED)
    const { errors } = await run({ 'delete-broken': 'orphaned', token: world.classic('olivia') })
    expect([errors, app.version(sig.digest)]).toEqual([[], undefined])
  })
})
