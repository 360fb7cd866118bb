import { expect, it } from '@jest/globals'
import type { ApplyContext } from '../../../src/apply/apply.ts'
import { agreed } from '../../../src/apply/tags/agreed-holders.ts'
import { holdersAsker } from '../../../src/apply/tags/ask-holders.ts'
import { claimOn } from '../../../src/apply/tags/tag-claims.ts'
import { ExpectedError } from '../../../src/errors.ts'
import type { Digest } from '../../../src/model/digest.ts'
import type { TagHead } from '../../../src/registry/read.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../../helpers/make.ts'

/** Who has a tag, where witnesses differ or are silent. */

const [back, part, one, other] = ['back', 'part', 'one', 'other'].map(digestOf) as [
  Digest,
  Digest,
  Digest,
  Digest
]
const found = (digest: Digest): TagHead => ({ state: 'found', digest })
const MISSING: TagHead = { state: 'missing' }
const UNREAD: TagHead = { state: 'unread', cause: 'it rains' }

/** Whether GitHub answers, and on what it showed and shows `edge`. */
interface GitHub {
  readonly wasOn?: Digest
  readonly isOut?: boolean
  readonly isThere?: boolean
  readonly on?: Digest
}

/** What the registry says of `edge` at each look, the last for ever. */
function scopeOf(
  heads: readonly TagHead[],
  { isOut = false, isThere = true, on = one }: GitHub = {}
): ApplyContext {
  let looks = 0
  const row = { ...version('one'), id: 1, digest: on, tags: isThere ? ['edge'] : [] }
  const answer = async (given: object) => {
    if (isOut) throw new ExpectedError('GitHub is out.')
    return given
  }
  const context = {
    clock: fakeClock(),
    registry: { headTag: async () => heads[Math.min(looks++, heads.length - 1)] },
    packages: { version: () => answer({ seen: row }), page: () => answer({ seen: [row] }) }
  }
  return { pkg: somePackage, context } as unknown as ApplyContext
}

const knownOf = (head: TagHead, row?: Digest) => ({
  heads: new Map([['edge', head]]),
  rows: new Map(row === undefined ? [] : [['edge', row]]),
  ids: new Map([[one, 1]]),
  gap: undefined
})

it.each<[string, readonly TagHead[], boolean, Digest | undefined]>([
  ['the version has lost the tag', [found(other)], false, other],
  ['the registry shows it there later', [found(other), found(one)], true, one],
  ['both go on', [found(other)], true, undefined],
  ['the registry is silent then', [UNREAD], true, undefined]
])('law 3: the registry and GitHub show a tag on two versions, and %s', async (_, heads, isThere, holder) => {
  const { pkg, context } = scopeOf(heads, { isThere })
  const now = await agreed(pkg, knownOf(found(other), one), context)
  const claim = claimOn('edge', { ...knownOf(MISSING), ...now }, new Set([back]))
  expect([claim?.holder, claim?.doubt === '']).toEqual([holder, holder !== undefined])
})

it('what the registry and GitHub went on to contradict each other about is not waited for again', async () => {
  const { pkg, context } = scopeOf([found(other)])
  const unsettled = new Set<string>()
  const waited: number[] = []
  for (let nth = 0; nth < 2; nth++) {
    const since = context.clock.now()
    const now = await agreed(pkg, knownOf(found(other), one), context, unsettled)
    expect(now.heads.get('edge')).toMatchObject({ state: 'unread' })
    waited.push(context.clock.now() - since)
  }
  expect(waited).toEqual([25_000, 0])
})

it.each([
  [true, one],
  [false, undefined]
])(
  'law 3: the registry shows a tag on a listed version behind its list, and that says by itself that it has it: %s',
  async (isThere, holder) => {
    const { pkg, context } = scopeOf([found(one)], { isThere })
    const now = await agreed(pkg, knownOf(found(one)), context)
    const claim = claimOn('edge', { ...knownOf(MISSING), ...now }, new Set([back]))
    expect([claim?.holder, claim?.doubt === '']).toEqual([holder, isThere])
  }
)

it.each<[string, TagHead, TagHead, GitHub, Digest | 'unknown' | undefined]>([
  ['it was pushed since', MISSING, found(other), { isOut: true }, other],
  ['nobody answers', MISSING, UNREAD, { isOut: true }, 'unknown'],
  ['the registry is silent, and GitHub shows it on nothing', MISSING, UNREAD, { isThere: false }, undefined],
  ['nobody answers, and somebody had it before', found(other), UNREAD, { isOut: true }, other],
  ['the registry shows it on what comes back', MISSING, found(back), { isOut: true }, undefined],
  ['GitHub goes on listing it on what comes back', found(other), found(other), { on: back }, other],
  [
    'GitHub lists a push with it, which the registry does not know',
    found(other),
    found(other),
    {},
    'unknown'
  ],
  ['GitHub alone lists a push with it', MISSING, MISSING, {}, 'unknown'],
  ['GitHub alone lists it on what is back', MISSING, MISSING, { on: part }, part],
  [
    'GitHub lists it on what is back, and the registry on a push',
    MISSING,
    found(other),
    { on: part },
    'unknown'
  ],
  ['it moved since, and GitHub shows that nowhere', found(one), found(other), { wasOn: one }, 'unknown']
])('law 3: a tag is asked for right before a restore: %s', async (_, before, head, gitHub, holder) => {
  const scope = scopeOf([head], gitHub)
  const coming = new Set([back, part])
  const known = { ...knownOf(before, gitHub.wasOn), ids: new Map() }
  const more = await holdersAsker(scope)(known, ['edge'], on => on === back, new Set([part]))
  const claim = claimOn('edge', more(known), coming)
  expect(claim === undefined ? undefined : (claim.holder ?? 'unknown')).toBe(holder)
})
