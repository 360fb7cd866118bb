import { expect, it } from '@jest/globals'
import type { ApplyContext } from '../../../src/apply/apply.ts'
import { claimOn, type TagHolders } from '../../../src/apply/tags/tag-claims.ts'
import { guardTags } from '../../../src/apply/tags/tag-guard.ts'
import type { Context } from '../../../src/context.ts'
import { ExpectedError } from '../../../src/errors.ts'
import type { Digest } from '../../../src/model/digest.ts'
import type { PackageVersion } from '../../../src/model/package.ts'
import type { TagHead } from '../../../src/registry/read.ts'
import type { TagList } from '../../../src/registry/tag-list.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../../helpers/make.ts'

const [back, other, third] = ['back', 'other', 'third'].map(digestOf) as [Digest, Digest, Digest]
const found = (digest: Digest): TagHead => ({ state: 'found', digest })
const DENIED: TagHead = { state: 'missing' }
const UNREAD: TagHead = { state: 'unread', cause: 'it rains' }
const nobody = undefined

it.each<[string, TagHead | undefined, Digest | undefined, Digest | 'unknown' | undefined]>([
  ['both say the same', found(other), other, other],
  ['the list does not show who has it', found(other), undefined, other],
  ['the list shows it on none', found(third), undefined, 'unknown'],
  ['the list shows it on what was deleted', found(third), back, 'unknown'],
  ['the list shows it where it was before', found(other), third, other],
  ['the registry serves what was deleted', found(back), undefined, back],
  ['the registry serves what was deleted, and the list shows a push', found(back), other, 'unknown'],
  ['the registry denies it', DENIED, undefined, nobody],
  ['the registry denies it, and the list shows what was deleted', DENIED, back, nobody],
  ['the registry denies what the list shows', DENIED, other, 'unknown'],
  ['the registry does not answer', UNREAD, undefined, 'unknown'],
  ['the list alone answers', UNREAD, other, other],
  ['the list alone is asked', undefined, other, other],
  ['nobody knows of it', undefined, undefined, nobody]
])('law 3: who had a tag, where %s', (_, head, row, expected) => {
  const before: TagHolders = {
    heads: new Map(head === undefined ? [] : [['latest', head]]),
    rows: new Map(row === undefined ? [] : [['latest', row]]),
    ids: new Map([[third, 3]]),
    gap: undefined
  }
  const claim = claimOn('latest', before, new Set([back]))
  expect(claim === undefined ? undefined : (claim.holder ?? 'unknown')).toBe(expected)
  expect(claim?.holder === undefined && claim !== undefined).toBe((claim?.doubt ?? '') !== '')
})

/** A package of which a restore takes tags, as far as it is asked for. */
function world(stands: Map<string, Digest>, versions: readonly PackageVersion[], list?: TagList) {
  const asked: string[] = []
  const registry = {
    listTags: async () => list ?? { state: 'read', tags: [...stands.keys()] },
    headTag: async (_: string, tag: string): Promise<TagHead> => {
      asked.push(tag)
      const digest = stands.get(tag)
      return digest === undefined ? DENIED : found(digest)
    },
    readManifest: async () => ({ state: 'read', manifest: { form: 'image' } }),
    prepareToPut: async () => {},
    readBytes: async (_: string, digest: Digest) => ({
      state: 'bytes',
      bytes: Buffer.from(digest),
      mediaType: ''
    }),
    putManifest: async (_: string, tag: string, bytes: Buffer) => {
      stands.set(tag, bytes.toString() as Digest)
      return bytes.toString()
    }
  }
  const tagsOf = (digest: Digest) => [...stands].flatMap(([tag, on]) => (on === digest ? [tag] : []))
  const packages = {
    version: async (_: unknown, id: number) => {
      const one = versions.find(each => each.id === id)
      return { seen: one === undefined ? undefined : { ...one, tags: tagsOf(one.digest) } }
    },
    listVersions: async () => ({ versions }),
    listDeleted: async () => [],
    page: async () => ({ seen: [], at: 0 })
  }
  const context = {
    registry,
    packages,
    clock: fakeClock(),
    gitHubTime: (ms: number) => ms
  } as unknown as Context
  const scope = { pkg: somePackage, context, journal: { append: () => {} } } as unknown as ApplyContext
  return { scope, asked }
}

const MANY = Array.from({ length: 2_500 }, (_, at) => `v${at}`)

it('a restore gives a tag back that is one of too many to be asked for, and asks for the newest alone', async () => {
  const old = version('back', { id: 1, tags: [] })
  const stands = new Map(MANY.map(tag => [tag, other]))
  const holder = version('other', { id: 2, tags: MANY })
  const { scope, asked } = world(stands, [old, holder])
  const guard = await guardTags([holder], [], [], scope)
  for (const tag of ['v1', 'v2499']) stands.set(tag, old.digest)
  await guard.note([old])
  const { warnings, alarms } = await guard.told()
  expect(warnings).toEqual([expect.stringMatching(/had taken the tag v1, v2499 from .*: it is back there/)])
  expect(alarms).toEqual([])
  expect(new Set(stands.values())).toEqual(new Set([other]))
  expect(asked.filter(tag => tag === 'v0')).toHaveLength(7)
  expect(new Set(asked).size).toBe(2_001)
})

it('law 3: a restore is red where GitHub does not say which of too many tags came back', async () => {
  const old = version('back', { id: 1, tags: [] })
  const holder = version('other', { id: 2, tags: MANY })
  const { scope } = world(new Map(MANY.map(tag => [tag, other])), [old, holder])
  const guard = await guardTags([holder], [], [], scope)
  scope.context.packages.version = async () => {
    throw new ExpectedError('GitHub gave HTTP 502.')
  }
  await guard.note([old])
  const { alarms } = await guard.told()
  expect(alarms).toEqual([expect.stringMatching(/Not all tags of the package.*GitHub gave HTTP 502/)])
})

it('law 3: a restore is red where a tag came along, and the registry did not say which tags there were', async () => {
  const old = version('back', { id: 1, tags: [] })
  const stands = new Map([['late', other]])
  const { scope } = world(stands, [old], { state: 'unread', cause: 'it rains' })
  const guard = await guardTags([], ['sha-1'], [], scope)
  stands.set('late', old.digest)
  stands.set('sha-1', old.digest)
  await guard.note([old])
  const { warnings, alarms } = await guard.told()
  expect(warnings).toEqual([])
  expect(alarms).toEqual([
    'Whether another version had the tag late before the restore is unknown: it rains.'
  ])
})

it('law 3: a registry that stores another manifest than it was given has not put the tag back', async () => {
  const old = version('back', { id: 1, tags: [] })
  const holder = version('other', { id: 2, tags: ['a'] })
  const stands = new Map([['a', other]])
  const { scope } = world(stands, [old, holder])
  Object.assign(scope.context.registry, { putManifest: async () => third })
  const guard = await guardTags([holder], [], [], scope)
  stands.set('a', old.digest)
  await guard.note([old])
  const { alarms } = await guard.told()
  expect(alarms.join()).toContain(`The tag a could not be put on ${other}: the registry stored ${third}.`)
})

it('law 5: a restore is red, in one sentence, where a tag does not stay where it is put back', async () => {
  const old = version('back', { id: 1, tags: [] })
  const holder = version('other', { id: 2, tags: ['a', 'b'] })
  const stands = new Map([...holder.tags].map(tag => [tag, other]))
  const { scope } = world(stands, [old, holder])
  const registry = {
    ...scope.context.registry,
    putManifest: async (_: string, __: string, bytes: Buffer) => bytes.toString() as Digest
  }
  const stubborn = { ...scope, context: { ...scope.context, registry } }
  const guard = await guardTags([holder], [], [], stubborn)
  for (const tag of holder.tags) stands.set(tag, old.digest)
  await guard.note([old])
  const { warnings, alarms } = await guard.told()
  expect(warnings).toEqual([])
  expect(alarms).toEqual([
    `The restore took the tag a, b from ${other}, and it is not back there. The registry confirmed that the tag a is on ` +
      `${other} now, but nobody shows it there: look where it is. If it belongs there, put it back: ` +
      `\`docker buildx imagetools create -t <image>:<tag> <image>@${other}\`.`
  ])
})

/** The registry answers this of tags, one answer a question, and then what is so. */
function says({ context }: ApplyContext, ...answers: Digest[]): void {
  const { headTag } = context.registry
  context.registry.headTag = async (...asked) => {
    const answer = answers.shift()
    return answer === undefined ? headTag(...asked) : found(answer)
  }
}

const edgeOn = (name: string, id: number, tags = ['edge']) => version(name, { id, tags })

/** A restore brings back a version, and `edge` moves to it. */
async function takeEdge(old: PackageVersion, deleted: readonly PackageVersion[] = []) {
  const holder = edgeOn('other', 2)
  const stands = new Map([['edge', other]])
  const { scope } = world(stands, [old, holder, edgeOn('third', 3)])
  const guard = await guardTags([holder], [], deleted, scope)
  stands.set('edge', old.digest)
  await guard.note([old])
  return { guard, stands, scope }
}

it('law 3: a tag that was left to somebody, whom a late list showed, was not put back by that', async () => {
  const { guard, stands, scope } = await takeEdge(edgeOn('back', 1))
  const lists = [[edgeOn('third', 3)]]
  scope.context.packages.page = async () => ({ seen: lists.shift() ?? [], at: 0 }) as never
  // A server that lags shows it where it was for a moment.
  says(scope, back, other)
  const { alarms } = await guard.told()
  expect([stands.get('edge'), alarms]).toEqual([other, []])
})

it.each([[['edge']], [[]]])(
  'law 3: a tag that a further restore takes, after it was given back, goes back once more (%j)',
  async tags => {
    const { guard, stands } = await takeEdge(edgeOn('back', 1, tags))
    await guard.giveBack()
    expect(stands.get('edge')).toBe(other)
    stands.set('edge', third)
    await guard.note([edgeOn('third', 3, tags)])
    const { alarms } = await guard.told()
    expect([stands.get('edge'), alarms]).toEqual([other, []])
  }
)

it.each<[string, readonly PackageVersion[], Digest[]]>([
  ['after it was seen elsewhere behind the restore', [], [other]],
  ['and that it was not deleted with', [edgeOn('back', 1, []), edgeOn('gone', 9, ['sha-1'])], []]
])(
  'law 3: a tag that somebody puts on what came back stays, and is told of, %s',
  async (_, deleted, looks) => {
    const { guard, stands, scope } = await takeEdge(edgeOn('back', 1, []), deleted)
    says(scope, ...looks)
    const { alarms } = await guard.told()
    expect(stands.get('edge')).toBe(back)
    expect(alarms).toEqual([expect.stringMatching(/The tag edge came to .* with the restore or after it/)])
  }
)

it('law 11: a restore whose looks grow old while it waits for its turn is sent after ten of them', async () => {
  const old = edgeOn('back', 1)
  const { scope } = world(new Map(), [old])
  const guard = await guardTags([], [], [], scope)
  const { before, isFresh } = guard.around([old])
  const fresh: boolean[] = []
  for (let look = 0; look < 10; look++) {
    await before(old)
    await scope.context.clock.sleep(5_000)
    fresh.push(isFresh(old))
  }
  expect(fresh).toEqual([...Array.from({ length: 9 }, () => false), true])
})
