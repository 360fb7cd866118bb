import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { referrerTag } from '../../src/model/digest.ts'
import type { Builder } from '../emulator/builder.ts'
import { registryError } from '../emulator/registry-auth.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { cosign, image, index, manifest } from '../emulator/shapes.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import type { ActionRun } from '../helpers/run-action.ts'
import { reportOf } from '../helpers/saved-report.ts'
import { sentencesTwice } from '../helpers/sentences.ts'

const DAY = 86_400_000
const clock = fastClock(100)
let github: Emulator
let app: Builder
let token: string
beforeEach(async () => {
  github = await startEmulator({ now: clock.now })
  app = github.world.package('acme/app', { repository: 'acme/app' })
  token = github.world.githubToken('acme/app')
  app.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
})
afterEach(() => github.close())

const run = (inputs: Record<string, string>) =>
  runInside(github, { token, packages: 'app', ...inputs }, clock)
const clean = (more: Record<string, string> = {}) =>
  run({ 'delete-tags': 'sha-*', 'delete-untagged': 'true', ...more })
const restore = (what: string, more: Record<string, string> = {}) =>
  run({ mode: 'restore', restore: what, ...more })
const purge = (what: string, more: Record<string, string> = {}) =>
  run({ mode: 'purge', purge: what, confirm: 'app', ...more })

/** The file that a run left behind, where a later job would have downloaded it. */
const picture = () => ({ tags: app.tags(), digests: [...app.digests()].sort() })
const journalOf = ({ report }: ActionRun) =>
  (report as { journal: { event: string; action: string; id: number }[] }).journal

const UNKNOWN = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
const GONE = { status: 404, body: { message: 'Package version not found.' } }

describe('restore', () => {
  it('gives back what a run deleted: the same tags and digests, whole; and a second time finds it there', async () => {
    const deletable = app.push(image(['linux/amd64'], { attest: 'new' }), {
      tags: ['sha-1', 'sha-x'],
      at: '2026-02-01T00:00:00Z'
    })
    app.attest(deletable, { at: '2026-02-01T01:00:00Z' })
    app.push(manifest(), { at: '2026-02-02T00:00:00Z' })
    const before = picture()
    await using first = await clean()
    expect(picture()).not.toEqual(before)
    await using back = await restore(reportOf(first))
    expect(back.stdout).not.toMatch(/::(error|warning)/)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '6', 'deleted-count': '0' } })
    expect(back.summary).toMatch(/^## 2 images restored \(6 versions\) in 1 package of acme/)
    expect(back.stdout).toMatch(/^restored: sha-1, sha-x \(.*\) and 4 parts: undoes the run of /m)
    expect(back.stdout).toMatch(/^2 images restored \(6 versions\)\. The report: /m)
    expect(picture()).toEqual(before)
    await using again = await restore(reportOf(first))
    expect(again).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
    expect(again.summary).toMatch(
      /^## Nothing to restore in 1 package of acme: all 2 images are there already$/m
    )
  })

  it('law 3: calls a restore failed that GitHub confirmed and did not carry out', async () => {
    app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    github.faults.on({ method: 'POST', path: /restore$/ }, { kind: 'answer', answer: { status: 204 } })
    await using back = await restore(reportOf(first))
    expect(back).toMatchObject({ code: 1, outputs: { 'restored-count': '0', 'failed-count': '3' } })
    expect(back.stdout).toMatch(/^::error::.*answered that it is restored, but it is not there/m)
  })

  it('counts and tells of a restore once that was confirmed in vain and then sent again', async () => {
    const build = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    const { id } = app.attest(build, { at: '2026-02-01T01:00:00Z' })
    await using first = await clean()
    expect(first.outputs['deleted-count']).toBe('5')
    const sent = { method: 'POST', path: new RegExp(`/${id}/restore$`) }
    github.faults.on({ ...sent, times: 1 }, { kind: 'answer', answer: { status: 204 } })
    await using back = await restore('since 3h')
    expect(github.writes.filter(({ path }) => sent.path.test(path))).toHaveLength(2)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '5', 'failed-count': '0' } })
    expect(sentencesTwice(back)).toEqual([])
  })

  it.each(['the registry', 'GitHub'])('law 3: believes %s alone that a platform is back', async witness => {
    const { children } = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    const [denied, body] =
      witness === 'GitHub'
        ? [{ host: 'registry', path: new RegExp(`manifests/${children[0]?.digest}$`) } as const, UNKNOWN]
        : [{ host: 'api', method: 'GET', path: /\/versions\/\d+$/ } as const, GONE]
    github.faults.on(
      { method: 'POST', path: /restore$/, times: 1 },
      { kind: 'then', run: () => github.faults.on(denied, { kind: 'answer', answer: body }) }
    )
    await using back = await restore(reportOf(first))
    expect(back.outputs).toMatchObject({ 'restored-count': '3', 'failed-count': '0' })
  })

  it('warns where the report is of a run that deleted nothing', async () => {
    await using nothing = await run({ 'delete-tags': 'no-such-tag' })
    await using back = await restore(reportOf(nothing))
    expect(back.code).toBe(0)
    expect(back.stdout).toMatch(/::warning::The report in `restore` is of a run that deleted nothing/)
  })

  it('restores children before the index that names them, each put into the journal before it is sent', async () => {
    const deletable = app.push(index([{ shape: image() }]), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    await using back = await restore(reportOf(first))
    const sent = journalOf(back).filter(({ event }) => event === 'sent')
    expect(sent.map(({ action }) => action)).toEqual(Array(4).fill('restore'))
    expect(sent.at(-1)?.id).toBe(deletable.id)
    expect(sent.at(-2)?.id).toBe(deletable.children[0]?.id)
  })

  it('lets a list of referrers wait for its entries, and the image for both, also for one that is lost', async () => {
    const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    const [slow, lost] = ['01', '02'].map(hour => app.attest(deletable, { at: `2026-02-01T${hour}:00:00Z` }))
    const tag = referrerTag(deletable.digest)
    const list = app.version(app.tags()[tag]!)!
    await using first = await clean()
    app.row.deleted.delete(lost!.id)
    const pathOf = (...ids: number[]) => new RegExp(`/(${ids.join('|')})/restore$`)
    const flaky = { method: 'POST', path: pathOf(slow!.id), times: 1 }
    github.faults.on(flaky, { kind: 'answer', answer: { status: 502 } })
    const waited: boolean[] = []
    github.faults.on(
      { method: 'POST', path: pathOf(list.id, deletable.id) },
      { kind: 'first', run: () => waited.push(app.digests().has(slow!.digest)) }
    )
    await using back = await restore(reportOf(first))
    expect(waited).toEqual([true, true])
    expect(back.code).toBe(1)
    expect(app.tags()).toMatchObject({ 'sha-1': deletable.digest, [tag]: list.digest })
  })

  it('shows in a dry run what would come back, and sends nothing', async () => {
    app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    const writes = github.writes.length
    await using dry = await restore(reportOf(first), { 'dry-run': 'true' })
    expect(dry).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
    expect(dry.summary).toMatch(/^## Dry run: 1 image would be restored \(3 versions\)/)
    expect(dry.stdout).toMatch(/^Dry run: 1 image would be restored \(3 versions\)\. The report: /m)
    expect(github.writes).toHaveLength(writes)
  })

  it('restores what is named by id or digest, and what of it was not named too', async () => {
    const one = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    const two = app.push(manifest(), { tags: ['sha-2'], at: '2026-02-01T00:00:00Z' })
    const before = picture()
    await using _ = await clean()
    await using back = await restore(`${one.digest}, ${two.id}`)
    expect(back.code).toBe(0)
    expect(picture()).toEqual(before)
  })

  it.each<[string, (digest: string) => string]>([
    ['a tag', () => 'sha-1'],
    ['a short digest', digest => digest.slice(0, 19)],
    ['a time', () => 'since 3h']
  ])('E-36 restores by %s, without a report', async (_, what) => {
    github.world.deletedTags = 'shown'
    const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    const before = picture()
    await using first = await clean()
    expect(first.outputs['deleted-count']).toBe('3')
    await using dry = await restore(what(deletable.digest), { 'dry-run': 'true' })
    await using back = await restore(what(deletable.digest))
    expect(back.code).toBe(0)
    expect(picture()).toEqual(before)
    await using again = await restore('sha-1')
    // Nobody has told what of it is an image.
    expect(dry.summary).toMatch(/^## Dry run: (1|3) versions? would be restored in/)
    expect(dry.summary).toMatch(/<summary>.*: (1|3) versions? would be restored<\/summary>/)
    expect(back.summary).toMatch(/^## 3 versions restored in/)
    expect(back.summary).toMatch(
      /: 3 versions restored[\s\S]*\*\*Restored: 3 versions\*\*\n\n\| Version \|\n/
    )
    expect(again.summary).toMatch(/: the version is there already/)
  })

  it('law 3: restores by time what one look at the list of deleted versions does not show', async () => {
    app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    const before = picture()
    await using _ = await clean()
    github.faults.on(
      { query: /state=deleted/, times: 1 },
      { kind: 'answer', answer: { status: 200, body: [] } }
    )
    await using back = await restore('since 3h')
    expect(back.stdout).toMatch(/^app: reading the list of deleted versions again in 20 s, because/m)
    expect(back.outputs['restored-count']).toBe('3')
    expect(picture()).toEqual(before)
  })

  it('names other ways where a tag cannot be found, because the list of deleted versions shows none', async () => {
    app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using _ = await clean()
    await using back = await restore('sha-1')
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(
      /app: Nothing was restored, because no deleted version shows the tag sha-1: GitHub may hide the tags of deleted versions\. Write `since/
    )
    await using unknown = await restore('12345')
    expect(unknown.stdout).toMatch(/12345 is neither there nor among/)
  })

  it('says that tags may be hidden also where no deleted version is listed at all', async () => {
    await using back = await restore('sha-1')
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(
      /GitHub may hide the tags of deleted versions\. Write `since 3h` .* the id or digest .* its report/
    )
  })

  it('law 3: says that it found nothing to restore by time', async () => {
    await using none = await restore('since 3h')
    expect(none.code).toBe(0)
    expect(none.stdout).toMatch(/::warning::.*GitHub lists no version that was deleted in that time/)
  })

  it.each(['hidden', 'shown'] as const)(
    'leaves no tag broken on the way where a time alone says what comes back (tags %s)',
    async shown => {
      github.world.deletedTags = shown
      const platform = app.push(manifest(), { tags: ['sha-1-amd64'], at: '2026-02-01T00:00:00Z' })
      app.push(index([{ shape: platform.shape }]), { tags: ['sha-1'], at: '2026-02-01T01:00:00Z' })
      app.push(index([{ shape: image() }]), { tags: ['sha-2'], at: '2026-02-02T00:00:00Z' })
      const before = picture()
      await using _ = await clean()
      github.faults.on(
        { method: 'POST', path: /restore$/, times: 1 },
        { kind: 'answer', answer: { status: 502 } }
      )
      const broken: string[] = []
      github.faults.on(
        { method: 'POST', path: /restore$/ },
        { kind: 'then', run: () => broken.push(...github.world.broken()) }
      )
      await using back = await restore('since 3h')
      expect(back.code).toBe(0)
      expect(picture()).toEqual(before)
      expect(broken).toEqual([])
      // Their tags are seen once they are back.
      expect(back.summary).toMatch(/^\| `sha-1` \|$/m)
    }
  )

  it('logs by name what ids brought back, as soon as GitHub shows the tags again', async () => {
    const one = app.push(manifest(), { tags: ['sha-1', 'edge'], at: '2026-02-01T00:00:00Z' })
    const two = app.push(manifest(), { tags: ['sha-2'], at: '2026-02-01T00:00:00Z' })
    await using _ = await clean({ 'delete-tags': 'sha-* edge' })
    await using back = await restore(`${one.id} ${two.digest}`)
    expect(back.code).toBe(0)
    expect(back.stdout).toContain(`app: ${one.digest.slice(0, 19)} is sha-1, edge`)
    expect(back.stdout).toContain(`app: ${two.digest.slice(0, 19)} is sha-2`)
    await using again = await restore(`${one.id}`)
    expect(again.stdout).not.toContain(' is sha-1')
  })

  it('goes on where one of what a time names does not come back', async () => {
    const [lost, other] = ['sha-1', 'sha-2'].map(tag =>
      app.push(manifest(), { tags: [tag], at: '2026-02-01T00:00:00Z' })
    )
    await using _ = await clean()
    const path = new RegExp(`/${lost!.id}/restore$`)
    github.faults.on({ method: 'POST', path }, { kind: 'answer', answer: { status: 404 } })
    await using back = await restore('since 3h')
    expect(back).toMatchObject({ code: 1, outputs: { 'restored-count': '1', 'failed-count': '1' } })
    expect(app.tags()).toMatchObject({ 'sha-2': other!.digest })
  })

  it('E-07 takes the tag back from the placeholder that a killed run left behind', async () => {
    const v2 = app.push(image(), { tags: ['v2', 'sha-2'], at: '2026-02-01T00:00:00Z' })
    const removals = { method: 'DELETE', path: /versions/ }
    github.faults.on(removals, { kind: 'answer', answer: { status: 500, body: { message: 'Server Error' } } })
    await using first = await clean({ untag: 'true' })
    expect(app.tags()['sha-2']).not.toBe(v2.digest)
    github.faults.clear()
    await using back = await restore(reportOf(first))
    expect(back.stdout).not.toMatch(/stays on/)
    expect(app.tags()).toMatchObject({ v2: v2.digest, 'sha-2': v2.digest })
  })

  it('E-07 says which placeholders came back with a time, and wants no tag for them', async () => {
    github.world.deletedTags = 'shown'
    const image = app.push(manifest(), { tags: ['sha-1', 'prod'], at: '2026-02-01T00:00:00Z' })
    await using cleaned = await clean({ 'delete-tags': 'sha-*', untag: 'true' })
    expect([cleaned.code, Object.keys(app.tags())]).toEqual([0, ['v1', 'prod']])
    await using back = await restore('since 1d')
    expect(back.code).toBe(0)
    expect(back.stdout).toMatch(/::warning::app: 1 placeholder .*sha-1: the next retention run/)
    app.tag(image, 'sha-1')
    await using again = await restore('since 1d')
    expect([again.code, app.tags()['sha-1']]).toEqual([0, image.digest])
  })

  it.each(['sig', 'list'])('E-19, E-20 brings back what describes a named image: %s', async kind => {
    github.world.deletedTags = 'shown'
    const bad = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    if (kind === 'sig') {
      app.sign(bad)
      app.push(cosign('sig'), { tags: [`cosign-${referrerTag(bad.children[0]!.digest)}.sig`] })
    } else for (const _ of [1, 2]) app.attest(bad)
    const before = picture()
    await using purged = await purge('sha-1')
    expect([purged.code, Object.keys(app.tags())]).toEqual([0, ['v1']])
    await using back = await restore('sha-1')
    expect(back.code).toBe(0)
    expect(picture().tags).toEqual(before.tags)
    // An older list has no tag that would tell of it.
    expect(before.digests.length - picture().digests.length).toBe(kind === 'list' ? 1 : 0)
  })

  it('restores nothing when a name is unknown', async () => {
    const one = app.push(manifest(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using _ = await clean()
    await using back = await restore(`${one.id} 12345`)
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(/Nothing was restored, because 12345 is neither there nor among/)
    await using age = await restore('3h')
    expect(age.stdout).toMatch(/For everything deleted in that time, write `since 3h`/)
    await using words = await restore('3 hours')
    expect(words.stdout).toMatch(/For everything deleted in that time, write `since 3 hours`/)
    expect(Object.keys(app.tags())).toEqual(['v1'])
  })

  it('leaves a tag where somebody has put it since, and says so', async () => {
    app.push(image(), { tags: ['sha-1', 'sha-2'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    const newer = app.push(image(), { tags: ['sha-1'] })
    await using back = await restore(reportOf(first))
    expect(back.code).toBe(0)
    expect(app.tags()['sha-1']).toBe(newer.digest)
    expect(app.tags()).toHaveProperty('sha-2')
    expect(back.stdout).toMatch(/::warning::app: The tag sha-1 stays on sha-1 \(sha256:\w{12}\)/)
  })

  it('puts a tag back where it was when GitHub has moved it with the restore', async () => {
    const deletable = app.push(manifest(), { tags: ['sha-1', 'sha-2'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    const newer = app.push(image(), { tags: ['sha-1'] })
    github.faults.on(
      { method: 'POST', path: /\/restore$/ },
      { kind: 'then', run: () => app.tag(deletable, 'sha-1') }
    )
    await using back = await restore(reportOf(first))
    expect(app.tags()['sha-1']).toBe(newer.digest)
    expect(back.stdout).toMatch(/had taken the tag sha-1 from sha256:\w{12}: it is back there/)
    expect(back.code).toBe(0)
  })

  it('puts back the tags that the run had stripped from versions that stayed', async () => {
    const kept = app.push(image(), { tags: ['sha-1', 'v2'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean({ untag: 'true' })
    expect(app.tags()).not.toHaveProperty('sha-1')
    await using back = await restore(reportOf(first))
    expect(back.code).toBe(0)
    expect(app.tags()['sha-1']).toBe(kept.digest)
  })

  it('says plainly what GitHub has no more, and does not bring back an image without its platform', async () => {
    const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    app.row.deleted.delete(deletable.children[0]!.id)
    await using back = await restore(reportOf(first))
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(
      /GitHub answered "Package version not found\.": it was deleted more than 30 days ago/
    )
    expect(back.summary).toMatch(/it would be broken without sha256&#58;\w{12}, which was not restored/)
    expect(app.tags()).not.toHaveProperty('sha-1')
  })

  it('is red when an image is back by name and only half of it', async () => {
    const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using _ = await clean()
    app.row.deleted.delete(deletable.children[0]!.id)
    await using back = await restore(String(deletable.id))
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(/sha-1 \(sha256:\w{12}\) is restored, but not whole/)
  })

  it('asks for nothing that is too old, and says when it was deleted', async () => {
    app.push(manifest(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    for (const version of app.row.deleted.values()) app.row.deleted.delete(version.id)
    const old = new Date(Date.now() - 31 * DAY).toISOString()
    const path = reportOf(first, text => text.replace(/"started":"[^"]+"/, `"started":"${old}"`))
    const writes = github.writes.length
    await using back = await restore(path)
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(
      /it was deleted by the run of .* and GitHub keeps what is deleted for 30 days/
    )
    expect(github.writes).toHaveLength(writes)
  })

  it('takes a version that was pushed again for one that is there', async () => {
    const again = manifest()
    app.push(again, { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    app.push(again, { tags: ['sha-1'] })
    await using back = await restore(reportOf(first))
    expect(back.code).toBe(0)
    expect(back.stdout).toMatch(
      /there already: sha-1 .*: it was pushed again meanwhile, and is there as version \d+/
    )
  })

  it('settles lost answers, and is red where the token may not', async () => {
    app.push(manifest(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
    await using first = await clean()
    const path = /\/restore$/
    const forbidden = { status: 403, body: { message: 'Resource not accessible by integration' } }
    github.faults.on({ method: 'POST', path, times: 1 }, { kind: 'answer', answer: forbidden })
    await using refused = await restore(reportOf(first))
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/may not restore in app: give the job `permissions: packages: write`/)
    github.faults.on({ method: 'POST', path, times: 1 }, { kind: 'answer', answer: { status: 502 } })
    github.faults.on({ method: 'POST', path, times: 1 }, { kind: 'lost-502' })
    await using back = await restore(reportOf(first))
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
  })

  it.each<[string, (text: string) => string, RegExp]>([
    ['a dry run', text => text.replace('"dryRun":false', '"dryRun":true'), /dry run, which deleted nothing/],
    ['another owner', text => text.replace('"owner":"acme"', '"owner":"else"'), /packages of else/],
    [
      'another package',
      text => text.replaceAll('"name":"app"', '"name":"other"'),
      /about other, and `packages` names none/
    ]
  ])('refuses the report of %s', async (_, edit, sentence) => {
    await using first = await clean()
    await using back = await restore(reportOf(first, edit))
    expect(back.code).toBe(1)
    expect(back.stdout).toMatch(sentence)
  })
})

describe('purge', () => {
  it('deletes what is named with children and referrers, young or kept as it may be, and can be undone', async () => {
    const bad = app.push(image(), { tags: ['bad', 'v2'] })
    app.attest(bad)
    const before = picture()
    await using gone = await purge('bad v2')
    expect(gone.stdout).not.toMatch(/::(error|warning)/)
    expect(gone).toMatchObject({ code: 0, outputs: { 'deleted-count': '5' } })
    expect(Object.keys(app.tags())).toEqual(['v1'])
    await using back = await restore(reportOf(gone))
    expect(back.code).toBe(0)
    expect(picture()).toEqual(before)
  })

  it('leaves what a remaining image shares with it', async () => {
    const shared = manifest()
    const platform = 'linux/amd64'
    app.push(index([{ shape: shared, platform }]), { tags: ['v2'] })
    const bad = app.push(
      index([
        { shape: shared, platform },
        { shape: manifest(), platform: 'linux/arm64' }
      ]),
      { tags: ['bad'] }
    )
    await using gone = await purge(bad.digest)
    expect(gone).toMatchObject({ code: 0, outputs: { 'deleted-count': '2' } })
    expect(github.world.broken()).toEqual([])
  })

  it('tells in a dry run what would go, without a confirmation, and deletes nothing', async () => {
    app.push(image(), { tags: ['bad'] })
    await using dry = await run({ mode: 'purge', purge: 'bad', 'dry-run': 'true' })
    expect(dry).toMatchObject({ code: 0, outputs: { 'planned-count': '3' } })
    expect(github.writes).toEqual([])
  })

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['the name is not confirmed', () => ({ purge: 'bad', confirm: '' }), /`confirm` is empty\. Repeat/],
    [
      'another name is confirmed',
      () => ({ purge: 'bad', confirm: 'ap' }),
      /is "ap", and the package is `app`/
    ],
    ['nothing is named', () => ({ purge: '' }), /`purge` is empty/],
    ['two packages are meant', () => ({ purge: 'bad', packages: 'app, web' }), /about one package/],
    ['a name is unknown', () => ({ purge: 'worse' }), /"worse" is not a tag, digest or version id/],
    ['all is no tag', () => ({ purge: 'all' }), /"all" is not a tag, .* write `purge: package`/],
    ['an image that stays needs it', () => ({ purge: needed() }), /is needed by v1, which stays/],
    [
      'a reference names another owner',
      () => ({ purge: 'ghcr.io/other/app:bad' }),
      /"ghcr\.io\/other\/app:bad" belongs to another package\. This run is about `ghcr\.io\/acme\/app`/
    ],
    [
      'a reference names another package',
      () => ({ purge: 'ghcr.io/acme/web:bad' }),
      /belongs to another package/
    ],
    [
      'a reference names another registry',
      () => ({ purge: 'docker.io/acme/app:bad' }),
      /belongs to another package/
    ],
    [
      'a digest is said to be of another package, beside a name that is right',
      () => ({ purge: `twin web:1@${app.tags()['bad']}?` }),
      /belongs to another package/
    ],
    ['no tagged version would be left', () => ({ purge: 'v1 bad twin latest' }), /write `purge: package`/],
    [
      'the word package stands among others',
      () => ({ purge: 'package bad' }),
      /`package` means everything. Leave out the other names/
    ]
  ])('purges nothing when %s', async (_, inputs, sentence) => {
    app.push(manifest(), { tags: ['bad'] })
    app.push(manifest(), { tags: ['twin', 'latest'] })
    await using nothing = await purge('', inputs())
    expect(nothing.code).toBe(1)
    expect(nothing.stdout).toMatch(sentence)
    expect(github.writes).toEqual([])
  })

  it.each<[string, () => string]>([
    ['a tag, with its other tags', () => 'twin'],
    ['a tag beside something unknown and something needed', () => `twin worse ${needed()}`],
    ['a full reference', () => 'ghcr.io/acme/app:twin'],
    ['a reference in capitals', () => 'GHCR.io/Acme/App:twin'],
    ['the reference of a registry with a port', () => `${new URL(github.registryUrl).host}/acme/app:twin`],
    ['the name of the package with a digest', () => `app@${app.tags()['twin']}`],
    ['a tag and a digest', () => `acme/app:twin@${app.tags()['twin']}`],
    ['a name with a digest', () => `ghcr.io/acme/app@${app.tags()['twin']}`],
    ['a short digest', () => app.tags()['twin']!.slice(0, 19)],
    ['a tag beside one that may be absent', () => 'twin v9.9.9?']
  ])('purges %s', async (_, names) => {
    app.push(manifest(), { tags: ['twin', 'latest'] })
    const given = names()
    await using gone = await purge(given)
    expect(Object.keys(app.tags())).toEqual(['v1'])
    expect(gone.code).toBe(given.includes('worse') ? 1 : 0)
    expect(github.world.broken()).toEqual([])
  })

  it('is green where nothing is there to purge that may be absent', async () => {
    await using nothing = await purge('v9.9.9?')
    expect(nothing.code).toBe(0)
    expect(nothing.stdout).toMatch(/"v9.9.9" is not there/)
    expect(github.writes).toEqual([])
  })

  const needed = (): string => String([...app.row.order][0]?.id)

  it.each([
    ['2026-01-01T00:01:00Z', 'keeps the parts that it may need', 1, 1],
    ['2026-03-01T00:00:00Z', 'does not hold what was pushed long after it', 0, 3]
  ])('E-23, T-03: a manifest that cannot be read %s: %s', async (at, _, code, deleted) => {
    const bad = app.push(image(), { tags: ['bad'], at })
    github.faults.on(
      { host: 'registry', path: new RegExp(`manifests/(v1|${app.tags()['v1']})$`) },
      { kind: 'answer', answer: { status: 400 } }
    )
    await using purged = await purge('bad')
    expect(purged.code).toBe(code)
    expect(app.digests()).not.toContain(bad.digest)
    expect(github.writes).toHaveLength(deleted)
  })

  it('is red when GitHub refuses what was to be purged', async () => {
    const bad = app.push(manifest(), { tags: ['bad'] })
    app.row.visibility = 'public'
    app.downloaded(bad, 5_001)
    await using left = await purge('bad')
    expect(left.code).toBe(1)
    expect(left.stdout).toMatch(/1 version that should be purged is still there.*5000 downloads/)
  })

  it('deletes the package as a whole on the word, and restore brings it back', async () => {
    app.push(image(), { tags: ['sha-1'] })
    const before = picture()
    await using gone = await purge('package')
    expect(gone.stdout).not.toMatch(/::(error|warning)/)
    expect(gone).toMatchObject({ code: 0, outputs: { 'deleted-count': '6' } })
    const packages = () => github.world.packages(github.world.owner('acme')!, 'active')
    expect(packages()).toEqual([])
    expect(github.writes).toHaveLength(1)
    await using back = await restore(reportOf(gone))
    expect(back.summary).toMatch(/^## 6 versions restored in/)
    expect(back.stdout).toMatch(/The whole package is gone: it is restored with all its versions\.$/m)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '6' } })
    expect(picture()).toEqual(before)
    await using _ = await purge('package')
    await using byWord = await restore('package')
    expect(byWord.code).toBe(0)
    expect(byWord.stdout).toMatch(
      /all its versions\. .* the number of restored versions does not include them/
    )
    expect(picture()).toEqual(before)
  })

  it('leaves a package that changed since it was listed', async () => {
    github.faults.on(
      { method: 'GET', path: /container\/app\/versions$/, after: 1, times: 1 },
      { kind: 'first', run: () => app.push(manifest(), { tags: ['new'] }) }
    )
    await using left = await purge('package')
    expect(left.code).toBe(1)
    expect(github.writes).toEqual([])
  })
})
