import { describe, expect, test } from '@jest/globals'
import { referrerTag } from '../../src/model/digest.ts'
import { emptyUsage, type Usage } from '../../src/model/usage.ts'
import { decide } from '../../src/policy/plan.ts'
import { digestOf } from '../helpers/make.ts'
import { type Facts, fateOf, goes, packageOf, planFor } from '../helpers/package.ts'
import { policyOf } from '../helpers/policies.ts'
import { NOW } from '../helpers/worlds.ts'

/** What burned the users of other tools, one row an incident. Everything is 90 days old unless it says otherwise. */

interface Row {
  readonly hazard: string
  readonly package: Readonly<Record<string, Facts>>
  readonly rules: readonly object[]
  readonly world?: Partial<Usage>
  readonly goes: readonly string[]
}

const untagged = { action: 'delete', match: { untagged: true } }
const oldUntagged = { action: 'delete', match: { untagged: true, 'older-than': '30d' } }
const newest = (tags: string | string[], count: number) => ({
  action: 'delete',
  match: { tags },
  'keep-at-least': count
})
const all = (tags: string | string[]) => ({ action: 'delete', match: { tags } })
const describing = (name: string, suffix = ''): string => `${referrerTag(digestOf(name))}${suffix}`

const release: Record<string, Facts> = {
  idx: { tags: ['v1'], children: ['amd', 'arm', 'att'] },
  amd: {},
  arm: {},
  att: {}
}

/** Three releases, each platform with its attestation, pushed before the index as build workflows do. */
const attested: Record<string, Facts> = Object.fromEntries(
  [3, 2, 1].flatMap((nth): [string, Facts][] => [
    [`idx${nth}`, { tags: [`v${nth}`], age: 90 - nth, children: [`amd${nth}`, `arm${nth}`] }],
    ...['amd', 'arm'].flatMap((platform): [string, Facts][] => [
      [`${platform}${nth}`, { age: 90.2 - nth }],
      [
        `fb-${platform}${nth}`,
        { tags: [describing(`${platform}${nth}`)], age: 90.1 - nth, children: [`sig-${platform}${nth}`] }
      ],
      [`sig-${platform}${nth}`, { age: 90.1 - nth, subject: `${platform}${nth}` }]
    ])
  ])
)

/** An image that was signed and attested: each time the list of referrers was pushed anew. */
const referred: Record<string, Facts> = {
  img: { tags: ['v1'], age: 90 },
  list2: { tags: [describing('img')], age: 88, children: ['b1', 'b2'] },
  list1: { age: 89, children: ['b1'] },
  b1: { age: 89, subject: 'img' },
  b2: { age: 88, subject: 'img' }
}

const rows: Row[] = [
  {
    hazard: 'T-01: platforms and attestations of a tagged index are untagged, and stay',
    package: release,
    rules: [oldUntagged],
    goes: []
  },
  {
    hazard: 'T-02: a single platform with its provenance is an index too',
    package: { idx: { tags: ['v1'], children: ['amd', 'att'] }, amd: {}, att: {} },
    rules: [oldUntagged],
    goes: []
  },
  {
    hazard: 'T-03: one manifest that cannot be read holds every deletion of the package',
    package: {
      ...release,
      broken: { tags: ['v2'], state: 'unread' },
      leftover: {},
      old: { tags: ['sha-1'] }
    },
    rules: [untagged, all('sha-*')],
    goes: []
  },
  {
    hazard: 'T-03: one that is not even listed, too',
    package: {
      ...release,
      outer: { tags: ['v2'], children: ['lost'] },
      lost: { unlisted: true, state: 'unread' },
      leftover: {}
    },
    rules: [untagged],
    goes: []
  },
  {
    hazard: 'T-05: deleting only untagged versions can break a tag; a child of one stays',
    package: { ...release, leftover: {} },
    rules: [untagged],
    goes: ['leftover']
  },
  {
    hazard: 'T-06: leaves of a nested index stay, newest first',
    package: {
      outer: { tags: ['v1'], children: ['inner'] },
      inner: { children: ['leafa', 'leafb'] },
      leafa: {},
      leafb: {}
    },
    rules: [untagged],
    goes: []
  },
  {
    hazard: 'T-06: leaves of a nested index stay, oldest first',
    package: {
      leafb: {},
      leafa: {},
      inner: { children: ['leafa', 'leafb'] },
      outer: { tags: ['v1'], children: ['inner'] }
    },
    rules: [untagged],
    goes: []
  },
  {
    hazard: 'T-07: signatures of platforms are no images, and take no slot',
    package: {
      sigb: { tags: [describing('arm', '.sig')], age: 1.5 },
      siga: { tags: [describing('amd', '.sig')], age: 1.6 },
      idx: { tags: ['v1', 'latest'], age: 80, children: ['amd', 'arm'] },
      amd: { age: 80 },
      arm: { age: 80 }
    },
    rules: [newest('*', 2), untagged],
    goes: []
  },
  {
    hazard: 'T-08: attestations of platforms take no slot',
    package: attested,
    rules: [newest('*', 3), untagged],
    goes: []
  },
  {
    hazard: 'T-08, T-41: with an image its attestations of platforms go, and with no other',
    package: attested,
    rules: [newest('*', 2), untagged],
    goes: ['idx1', 'amd1', 'fb-amd1', 'sig-amd1', 'arm1', 'fb-arm1', 'sig-arm1']
  },
  {
    hazard: 'T-09: a child that a release shares with a candidate stays',
    package: {
      rc: { tags: ['1.12.1-rc2'], children: ['amd', 'x'] },
      rel: { tags: ['1.12.1'], age: 80, children: ['amd', 'y'] },
      amd: {},
      x: {},
      y: {}
    },
    rules: [all('*-rc*'), untagged],
    goes: ['rc', 'x']
  },
  {
    hazard: 'T-11: what describes a platform of a kept index stays',
    package: { ...release, sig: { subject: 'amd' }, sbom: { subject: 'sig' } },
    rules: [untagged, { action: 'delete', match: { state: 'orphaned' } }],
    goes: []
  },
  {
    hazard: 'T-12: what describes something that is gone is orphaned; a tag that only looks like it is a tag',
    package: {
      v: { tags: ['v1'] },
      fallback: { tags: [describing('vanished')], children: ['sig'] },
      sig: { subject: 'vanished' },
      cosign: { tags: [describing('vanished', '.sig')] },
      young: { subject: 'vanished', age: 0.5 },
      user: { tags: ['sha256-foo'] },
      longer: { tags: [`${describing('vanished')}.spdx`] }
    },
    rules: [{ action: 'delete', match: { state: 'orphaned' } }],
    goes: ['fallback', 'sig', 'cosign']
  },
  {
    hazard: 'T-12: untagged means untagged, not orphaned',
    package: { v: { tags: ['v1'] }, orphan: { subject: 'vanished' }, leftover: {} },
    rules: [untagged],
    goes: ['leftover']
  },
  {
    hazard: 'T-14: what is in use by digest stays, with its children',
    package: { idx: { children: ['amd'] }, amd: {}, other: { children: ['x'] }, x: {}, v: { tags: ['v1'] } },
    rules: [untagged],
    world: { inUse: [{ by: 'catalog', digest: digestOf('idx') }] },
    goes: ['other', 'x']
  },
  {
    hazard: 'T-15: an old child of a young index stays',
    package: { v: { tags: ['v1'] }, idx: { age: 0.04, children: ['amd'] }, amd: { age: 200 } },
    rules: [{ action: 'delete', match: { untagged: true, 'older-than': '7d' } }],
    goes: []
  },
  {
    hazard: 'T-16: what was pushed just now is not garbage',
    package: { v: { tags: ['v1'] }, amd: { age: 0.0001 }, arm: { age: 0.0001 } },
    rules: [untagged],
    goes: []
  },
  {
    hazard: 'T-18: tagged platforms of a release stay, whatever matches them',
    package: {
      idx: { tags: ['5.0.2'], children: ['amd', 'arm'] },
      amd: { tags: ['abc-amd64'] },
      arm: { tags: ['abc-arm64'] }
    },
    rules: [{ ...all(['*-amd64', '*-arm64']), untag: true }, untagged],
    goes: []
  },
  {
    hazard: 'T-20: one tag that a rule does not match holds the version',
    package: {
      a: { tags: ['sha-abc', 'v0.4.4'] },
      b: { tags: ['sha-def', 'latest'] },
      c: { tags: ['sha-fff'] }
    },
    rules: [all('sha-*')],
    goes: ['c']
  },
  {
    hazard: 'T-21: images are counted, not tags',
    package: {
      d: { tags: ['b-4', 'b-4a', 'b-4b'], age: 1.5 },
      c: { tags: ['b-3'], age: 2 },
      b: { tags: ['b-2'], age: 3 },
      a: { tags: ['b-1'], age: 4 }
    },
    rules: [newest('b-*', 2)],
    goes: ['b', 'a']
  },
  {
    hazard: 'T-23: a rule counts what it is about',
    package: {
      a: { tags: ['1.3.0'], age: 2 },
      b: { tags: ['1.3.0-rc2'], age: 3 },
      c: { tags: ['1.3.0-rc1'], age: 4 },
      d: { tags: ['1.2.1'], age: 5 }
    },
    rules: [newest('*-rc*', 1)],
    goes: ['c']
  },
  {
    hazard: 'T-24: a moving tag beside an immutable one',
    package: Object.fromEntries(
      [6, 5, 4, 3, 2, 1].map((nth): [string, Facts] => [
        `b${nth}`,
        { tags: nth === 6 ? ['1.2.3-6', '1.2.3'] : [`1.2.3-${nth}`], age: 10 - nth }
      ])
    ),
    rules: [newest('/^\\d+\\.\\d+\\.\\d+-.+$/', 4)],
    goes: ['b2', 'b1']
  },
  {
    hazard: 'T-25: kept if young or among the newest: 10 images, 4 of them young, keep 5',
    package: Object.fromEntries(
      Array.from({ length: 10 }, (_, nth): [string, Facts] => [
        `b${nth}`,
        { tags: [`b-${nth}`], age: nth < 4 ? 5 + nth : 40 + nth }
      ])
    ),
    rules: [{ ...newest('b-*', 5), 'keep-within': '30d' }],
    goes: ['b5', 'b6', 'b7', 'b8', 'b9']
  },
  {
    hazard: 'T-25b: a build cache takes no slot, and only goes by its name',
    package: {
      cache: { tags: ['buildcache'], age: 2, kind: 'cache' },
      img: { tags: ['v1.0.0'], age: 3 },
      old: { tags: ['v0.9.0'], age: 4 }
    },
    rules: [newest('*', 1)],
    goes: ['old']
  },
  {
    hazard: 'T-25b: a rule that names caches takes them',
    package: { v: { tags: ['v1'] }, c1: { tags: ['cache-1'], kind: 'cache' }, c2: { kind: 'cache' } },
    rules: [{ action: 'delete', match: { tags: 'cache-*', kind: 'cache' } }, untagged],
    goes: ['c1', 'c2']
  },
  {
    hazard: 'T-25c: 0 is a number',
    package: { v: { tags: ['v1'] }, a: { tags: ['b-1'] }, b: { tags: ['b-2'] } },
    rules: [newest('b-*', 0)],
    goes: ['a', 'b']
  },
  {
    hazard: 'T-25d: a tag without wildcards is exact',
    package: { v: { tags: ['v1'] }, a: { tags: ['pr-912'] }, b: { tags: ['pr-9120'] } },
    rules: [all('pr-912')],
    goes: ['a']
  },
  {
    hazard: 'T-25g: latest does not protect latest-dev',
    package: { a: { tags: ['latest'] }, b: { tags: ['latest-dev'] } },
    rules: [{ action: 'keep', match: { tags: 'latest' } }, all('*')],
    goes: ['b']
  },
  {
    hazard: 'T-25h: case counts',
    package: { a: { tags: ['Latest'] }, b: { tags: ['latest'] } },
    rules: [{ action: 'keep', match: { tags: 'Latest' } }, all('*')],
    goes: ['b']
  },
  {
    hazard: 'T-25i: what is called like a git tag is no deleted branch',
    package: {
      a: { tags: ['6.0.1'] },
      b: { tags: ['feature-x'] },
      c: { tags: ['gone'] },
      d: { tags: ['main'] }
    },
    rules: [{ action: 'delete', match: { tags: '*', branch: 'deleted' } }],
    world: { branches: new Set(['main', 'feature/x']), gitTags: new Set(['v6.0.1']) },
    goes: ['c']
  },
  {
    hazard: 'T-25i: of branches that nobody could list none is deleted',
    package: { a: { tags: ['v1'] }, b: { tags: ['gone'] } },
    rules: [{ action: 'delete', match: { tags: '*', branch: 'deleted' } }],
    world: { branches: new Set(['main']), gitTags: undefined },
    goes: []
  },
  {
    hazard:
      'T-25i: what names no branch at all, because the group found nothing or only a commit, is no deleted one',
    package: {
      a: { tags: ['main-1a2b3c4'] },
      b: { tags: ['1a2b3c4'] },
      c: { tags: ['gone-1a2b3c4'] },
      d: { tags: ['_-1a2b3c4'] }
    },
    rules: [{ action: 'delete', match: { tags: '/^(?<branch>.*?)-?[0-9a-f]{7}$/', branch: 'deleted' } }],
    world: { branches: new Set(['main']), gitTags: new Set<string>() },
    goes: ['c']
  },
  {
    hazard: 'T-25i: the same of git tags',
    package: { a: { tags: ['v1-debug'] }, b: { tags: ['debug'] }, c: { tags: ['v2-debug'] } },
    rules: [{ action: 'delete', match: { tags: '/^(?<tag>.*?)-?debug$/', 'git-tag': 'deleted' } }],
    world: { gitTags: new Set(['v1']) },
    goes: ['c']
  },
  {
    hazard: 'T-27: the newest is held back when all that is tagged would go',
    package: { a: { tags: ['b-1'], age: 9 }, b: { tags: ['b-2'], age: 3, children: ['c'] }, c: { age: 3 } },
    rules: [all('*')],
    goes: ['a']
  },
  {
    hazard: 'T-27: a kept version with a tag of any kind is one',
    package: {
      a: { tags: ['b-1'] },
      b: { age: 0.1 },
      sig: { tags: [describing('b', '.sig')] }
    },
    rules: [all('*')],
    goes: ['a']
  },
  {
    hazard: 'T-30: a listed version that the registry does not have is a ghost, and no obstacle',
    package: {
      v: { tags: ['v1'] },
      ghost: { tags: ['old'], state: 'missing' },
      half: { tags: ['x'], children: ['amd', 'gone'] },
      amd: {},
      gone: { unlisted: true, state: 'missing' }
    },
    rules: [{ action: 'delete', match: { state: 'ghost' } }],
    goes: ['ghost']
  },
  {
    hazard: 'T-30: broken is broken at any depth',
    package: {
      v: { tags: ['v1'] },
      outer: { tags: ['x'], children: ['inner', 'amd'] },
      inner: { children: ['gone'] },
      amd: {},
      deep: { tags: ['z'], children: ['half'] },
      half: { children: ['gone', 'arm'] },
      arm: {},
      hollow: { tags: ['y'], children: ['shell'] },
      shell: { children: ['gone'] },
      gone: { unlisted: true, state: 'missing' }
    },
    rules: [{ action: 'delete', match: { state: ['partial'] } }],
    goes: ['outer', 'inner', 'amd', 'deep', 'half', 'arm']
  },
  {
    hazard: 'T-30: a broken image takes no place of a whole one, and stays where it would have had one',
    package: {
      a: { tags: ['b-9'], age: 10, children: ['gone'] },
      b: { tags: ['b-8'], age: 11, children: ['amd', 'gone'] },
      amd: { age: 11 },
      c: { tags: ['b-7'], age: 12 },
      d: { tags: ['b-6'], age: 13 },
      e: { tags: ['b-5'], age: 14, children: ['gone'] },
      f: { tags: ['b-4'], age: 15 },
      gone: { unlisted: true, state: 'missing' }
    },
    rules: [{ ...all('*'), 'keep-at-least': 2 }],
    goes: ['e', 'f']
  },
  {
    hazard: 'T-30: a rule about broken images counts them',
    package: {
      a: { tags: ['b-9'], age: 10, children: ['gone'] },
      b: { tags: ['b-8'], age: 11, children: ['gone'] },
      c: { tags: ['b-7'], age: 12 },
      gone: { unlisted: true, state: 'missing' }
    },
    rules: [{ action: 'delete', match: { state: 'ghost' }, 'keep-at-least': 1 }],
    goes: ['b']
  },
  {
    hazard: 'T-35: while a tag moves two versions have it, and both hold it',
    package: { a: { tags: ['prod'] }, b: { tags: ['prod'] }, c: { tags: ['dev'] } },
    rules: [{ action: 'keep', match: { tags: 'prod' } }, all('*')],
    goes: ['c']
  },
  {
    hazard: 'T-40: what an interrupted run left behind is collected',
    package: { ...release, amdOld: {}, sigOld: { subject: 'amdOld' } },
    rules: [untagged],
    goes: ['amdOld', 'sigOld']
  },
  {
    hazard: 'E-19: an older list of referrers is a part of its subject, and stays with it',
    package: referred,
    rules: [untagged, { action: 'delete', match: { state: ['orphaned', 'ghost', 'partial'] } }],
    goes: []
  },
  {
    hazard: 'E-19: an older list of referrers takes no slot of real images',
    package: { ...referred, x1: { age: 95 }, x2: { age: 96 }, x3: { age: 97 } },
    rules: [{ ...untagged, 'keep-at-least': 2 }],
    goes: ['x3']
  },
  {
    hazard: 'E-19: an older list of referrers goes with its subject, whatever is said of untagged versions',
    package: { ...referred, other: { tags: ['v2'] } },
    rules: [all('v1')],
    goes: ['img', 'list2', 'list1', 'b1', 'b2']
  },
  {
    hazard: 'E-19: lists of referrers are orphaned once their subject is gone, older ones too',
    package: { other: { tags: ['v2'] }, ...referred, img: { state: 'missing', unlisted: true } },
    rules: [{ action: 'delete', match: { state: 'orphaned' } }],
    goes: ['list2', 'list1', 'b1', 'b2']
  },
  {
    hazard: 'E-19: an index whose children describe several subjects is no list of referrers',
    package: {
      img: { tags: ['v1'] },
      own: { tags: ['v2'] },
      odd: { children: ['b1', 'b2'] },
      b1: { subject: 'img' },
      b2: { subject: 'own' }
    },
    rules: [untagged],
    goes: ['odd']
  },
  {
    hazard: 'E-20: whatever tag names what it describes, it stays with that',
    package: {
      img: { tags: ['v1'] },
      sig: { tags: [`cosign-${describing('img', '.sig')}`] },
      vex: { tags: [describing('img', '.vex')] },
      notes: { tags: [describing('img', '.release.notes')] },
      old: { tags: ['pr-1'] },
      lost: { tags: [`cosign-${describing('gone', '.sig')}`] }
    },
    rules: [{ action: 'keep', match: { tags: 'v*' } }, all('*')],
    goes: ['old', 'lost']
  },
  {
    hazard: 'E-20: such a tagged referrer of what stays takes no slot',
    package: {
      img: { tags: ['v1'], age: 80 },
      sig: { tags: [`cosign-${describing('img', '.sig')}`], age: 70 },
      old: { tags: ['v0'], age: 90 }
    },
    rules: [newest('*', 2)],
    goes: []
  },
  {
    hazard: 'an image stays whose platform is in use by digest, and every index above it, at any depth',
    package: {
      v1: { tags: ['v1'] },
      top: { tags: ['pr-1'], children: ['mid'] },
      mid: { children: ['inner'] },
      inner: { children: ['amd'] },
      amd: {}
    },
    rules: [all('pr-*')],
    world: { inUse: [{ by: 'compose.yaml:1', digest: digestOf('amd') }] },
    goes: []
  },
  {
    hazard: 'an image stays whose platform is in use by digest, although that platform is gone',
    package: { v1: { tags: ['v1'] }, idx: { tags: ['pr-1'], children: ['lost'] } },
    rules: [all('pr-*')],
    world: { inUse: [{ by: 'compose.yaml:1', digest: digestOf('lost') }] },
    goes: []
  },
  {
    hazard: 'a platform that is kept by its digest stays when its image goes',
    package: { v1: { tags: ['v1'] }, idx: { tags: ['pr-1'], children: ['amd', 'arm'] }, amd: {}, arm: {} },
    rules: [{ action: 'keep', match: { digests: digestOf('amd') } }, all('pr-*')],
    goes: ['idx', 'arm']
  },
  {
    hazard: 'E-23: what is not listed cannot be younger than the first index that names it',
    package: {
      first: { tags: ['v1'], age: 90, children: ['lost'] },
      second: { tags: ['v2'], age: 10, children: ['lost'] },
      lost: { unlisted: true, state: 'unread' },
      old: { tags: ['pr-1'], age: 50 }
    },
    rules: [all('pr-*')],
    goes: ['old']
  },
  {
    hazard: 'E-23: what cannot be read and has no date may need whatever is there',
    package: { v1: { tags: ['v1'], state: 'unread', undated: true }, old: { tags: ['pr-1'] } },
    rules: [all('pr-*')],
    goes: []
  },
  {
    hazard:
      'E-03: a part that was pushed once more is younger than its index, and stays while that is unread',
    package: {
      idx: { tags: ['v1'], state: 'unread', age: 90 },
      part: { age: 10 },
      old: { tags: ['pr-1'], age: 5 }
    },
    rules: [untagged, all('pr-*')],
    goes: ['old']
  },
  {
    hazard: 'E-07: a placeholder that was left behind takes no slot and has no grace',
    package: {
      left: { tags: ['pr-3'], age: 0, placeholder: 'pr-3' },
      new: { tags: ['pr-2'], age: 20 },
      old: { tags: ['pr-1'], age: 30 }
    },
    rules: [newest('pr-*', 1)],
    goes: ['left', 'old']
  },
  {
    hazard: 'E-07: a placeholder is no holder of a tag in use, nor of the last tag',
    package: { left: { tags: ['prod'], placeholder: 'prod' }, old: { tags: ['pr-1'] } },
    rules: [all('pr-*'), { action: 'keep', match: { tags: 'prod' } }],
    world: { inUse: [{ by: 'compose.yaml:1', tag: 'prod' }] },
    goes: ['left']
  },
  {
    hazard:
      'law 1: what says that it is a placeholder stays as its tags want where it has one that it did not take',
    package: {
      left: { tags: ['v2', 'keepme'], placeholder: 'v2', age: 90 },
      both: { tags: ['v3', 'pr-2'], placeholder: 'v3', age: 90 },
      other: { tags: ['v4'], placeholder: 'v5', age: 90 },
      young: { tags: ['pr-3', 'pr-4'], placeholder: 'pr-3', age: 0 },
      old: { tags: ['pr-1'] }
    },
    rules: [all('pr-*'), { action: 'keep', match: { tags: ['keepme', 'v4'] } }],
    goes: ['old']
  },
  {
    hazard: 'law 1: what says that it is a placeholder stays where a keep rule names its digest',
    package: {
      named: { tags: ['v2'], placeholder: 'v2', age: 90 },
      bare: { placeholder: 'v3', age: 90 },
      left: { tags: ['v4'], placeholder: 'v4', age: 90 }
    },
    rules: [
      all('pr-*'),
      untagged,
      { action: 'keep', match: { digests: [digestOf('named'), digestOf('bare')] } }
    ],
    goes: ['left']
  },
  {
    hazard: 'E-09: a date before GHCR is no date',
    package: { first: { age: 20_000 }, second: { tags: ['pr-1'], age: 700_000 }, third: {} },
    rules: [untagged, all('pr-*')],
    goes: ['third']
  },
  {
    hazard:
      'E-11: a package of nothing but signatures is a store of them: what they describe may be elsewhere',
    package: {
      sig: { tags: [describing('elsewhere', '.sig')] },
      list: { tags: [describing('other')], children: ['bundle'] },
      bundle: { subject: 'other' }
    },
    rules: [untagged, { action: 'delete', match: { state: ['orphaned', 'ghost', 'partial'] } }],
    goes: []
  },
  {
    hazard: 'E-11: a version without content, or our own leftover placeholder, makes no image store of it',
    package: {
      sig: { tags: [describing('elsewhere', '.sig')] },
      ghost: { state: 'missing' },
      left: { placeholder: 'rc-1' }
    },
    rules: [untagged, { action: 'delete', match: { state: ['orphaned', 'ghost', 'partial'] } }],
    goes: ['ghost', 'left']
  }
]

describe('an incident', () => {
  test.each(rows.map(row => [row.hazard, row] as const))('%s', (_, row) => {
    expect(goes(row.package, planFor(row.package, policyOf(row.rules), row.world))).toEqual(row.goes)
    expect(goes(row.package, planFor(row.package, policyOf(row.rules.toReversed()), row.world))).toEqual(
      row.goes
    )
  })

  test('T-01: a child is kept as what it is, by the name of its image', () => {
    const plan = planFor(release, policyOf([oldUntagged]))
    expect(fateOf(plan, 'arm').reasons).toEqual([{ code: 'child', of: 'v1' }])
  })

  test('T-09: a child of two images that both go is deleted once, after both', () => {
    const plan = planFor(
      {
        v: { tags: ['v1'] },
        a: { tags: ['b-1'], age: 9, children: ['amd'] },
        b: { tags: ['b-2'], age: 8, children: ['amd'] },
        amd: { age: 9 }
      },
      policyOf([all('b-*')])
    )
    expect(plan.steps.map(({ version }) => version.digest)).toEqual(['a', 'b', 'amd'].map(digestOf))
    expect(plan.steps.at(-1)).toMatchObject({ after: ['a', 'b'].map(digestOf), root: digestOf('b') })
  })

  test('T-10: a child that an index names twice is deleted once', () => {
    const plan = planFor(
      { v: { tags: ['v1'] }, a: { tags: ['b-1'], children: ['amd', 'amd'] }, amd: {} },
      policyOf([all('b-*')])
    )
    expect(plan.steps).toHaveLength(2)
  })

  test('T-22: an image that is kept loses no tag', () => {
    const plan = planFor(
      { a: { tags: ['0.6', 'latest', 'main'], age: 2 }, b: { tags: ['0.5', 'old'], age: 40 } },
      policyOf([{ action: 'delete', match: { tags: '0.*' }, 'keep-at-least': 1, untag: true }])
    )
    expect(fateOf(plan, 'a')).toMatchObject({ verdict: 'keep', untag: [] })
    expect(fateOf(plan, 'b')).toMatchObject({ verdict: 'keep', untag: ['0.5'] })
  })

  test('T-25f: it is told how many tags each pattern matched', () => {
    const plan = planFor(
      { a: { tags: ['v1', 'v2'] } },
      policyOf([{ name: 'r', action: 'keep', match: { tags: ['v*', '/^\\d+$/'] } }])
    )
    expect(plan.hits).toEqual([
      { rule: 'r', action: 'keep', pattern: 'v*', hits: 2 },
      { rule: 'r', action: 'keep', pattern: '/^\\d+$/', hits: 0 }
    ])
  })
})

test.each<[string, { readonly onlyCounted?: true }, readonly string[]]>([
  ['stands on nobody knows what may need all that is there', {}, []],
  ['is only counted may need what stands alone, and nothing else', { onlyCounted: true }, ['old']]
])('E-23: what %s', (_, facts, gone) => {
  const manifests: Record<string, Facts> = { v1: { tags: ['v1'] }, old: { tags: ['pr-1'] }, loose: {} }
  const unresolved = [{ ref: 'v9', cause: 'HTTP 500', ...facts }]
  const policy = policyOf([untagged, all('pr-*')])
  const plan = decide({ ...packageOf(manifests), unresolved }, policy, emptyUsage, NOW)
  expect(goes(manifests, plan)).toEqual(gone)
})
