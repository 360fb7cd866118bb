import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitList } from '../src/config/fields/list.ts'
import { parsePolicyFile } from '../src/config/policy-file.ts'
import { runPolicyTests } from '../src/config/policy-tests.ts'
import { ExpectedError } from '../src/errors.ts'
import { parseDigest } from '../src/model/digest.ts'
import { isTag } from '../src/model/tag.ts'
import { parsePatterns } from '../src/policy/pattern.ts'
import { parseAge } from '../src/policy/time.ts'
import { parseManifest } from '../src/registry/manifest.ts'
import { parseRecord } from '../src/report/read-record.ts'
import { findReferences } from '../src/usage/references.ts'
import { createSecrets } from '../src/util/secrets.ts'
import { image, index, labelled, manifest, schema1 } from './emulator/shapes.ts'
import { runsOf } from './helpers/runs-of.ts'

/**
 * Texts from outside, whole and broken: whatever they are, a reader says what is wrong with them in a sentence of its
 * own (ExpectedError) and ends. `npm run soak -- --texts 100000` tries more of them.
 */

const runs = runsOf(100)
const root = resolve(import.meta.dirname, '..')
const yamlOf = (path: string): string[] =>
  [...readFileSync(resolve(root, path), 'utf8').matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(
    match => match[1] ?? ''
  )

const POLICIES = [...yamlOf('docs/policies.md'), ...yamlOf('docs/recipes.md')]
const subject = image()
const MANIFESTS = [
  subject,
  index([{ shape: manifest() }, { shape: manifest() }]),
  manifest(),
  schema1(),
  labelled({ a: 'b' })
].map(shape => shape.bytes.toString('utf8'))
const DIGEST = subject.digest
const REPORT = JSON.stringify({
  schema: 1,
  run: {
    mode: 'retain',
    dryRun: true,
    owner: 'acme',
    api: 'https://api.github.com',
    started: '2026-06-30T12:00:00Z',
    inputs: {}
  },
  packages: [
    {
      owner: { login: 'acme', kind: 'organization' },
      name: 'app',
      visibility: 'public',
      url: '',
      warnings: [],
      versions: [
        {
          id: 1,
          digest: DIGEST,
          tags: ['v1'],
          created: null,
          updated: null,
          verdict: 'delete',
          phrase: 'x',
          reasons: [{ code: 'x' }]
        }
      ],
      steps: [{ action: 'delete', id: 1, digest: DIGEST, after: [], root: DIGEST }],
      left: 0,
      brakes: [],
      hits: [],
      broken: [],
      unread: []
    }
  ],
  journal: []
})
const FILES = [
  'image: ghcr.io/acme/app:v1\n',
  `FROM ghcr.io/acme/app@${DIGEST} AS base\n`,
  'image:\n  registry: ghcr.io\n  repository: acme/app\n  tag: $TAG\nTAG=v1\nX=$Y$Y\nY=$X\n',
  ['image: ghcr.io/acme/app:$', '{TAG}\nTAG=$', '{X}$', '{X}\nX=$', '{TAG}\n'].join(''),
  'chart: app\nrepository: oci://ghcr.io/acme/charts\nversion: 1.2.3\n'
]
const PATTERNS = [
  'v*',
  '!pr-*',
  '/^v(?<major>\\d+)/i',
  'semver:>=1.2 <2 || 4',
  '+(a|b)',
  '[a-z]{1,2}',
  '{a,b}{c,d}'
]
const AGES = ['36h', '30d', '2 weeks', '1 year']
const ODD = [
  '__proto__',
  'constructor',
  '\u0000',
  '\u2028',
  '\ud800',
  '🦀',
  '"',
  '{',
  '[',
  '\\',
  '&a ',
  '*a',
  '${',
  '<<: ',
  '!!binary ',
  '/',
  '//',
  '-1',
  '1e999',
  'null'
]

/** Texts of a corpus with pieces cut out, doubled, moved, and odd ones put in. */
function broken(corpus: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom('cut', 'double', 'put', 'swap'),
    at: fc.nat(),
    length: fc.nat(60),
    odd: fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 12 }))
  })
  const changed = fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: 6 }))
    .map(([text, changes]) =>
      changes.reduce((now, { kind, at, length, odd }) => {
        const from = at % (now.length + 1)
        const piece = now.slice(from, from + length)
        if (kind === 'put') return now.slice(0, from) + odd + now.slice(from)
        if (kind === 'swap') return now.slice(0, from) + odd + now.slice(from + length)
        return now.slice(0, from) + (kind === 'double' ? piece + piece : '') + now.slice(from + length)
      }, text)
    )
  return fc.oneof({ weight: 8, arbitrary: changed }, fc.string({ maxLength: 80, unit: 'binary' }), fc.json())
}

/** Reads it, and lets only a sentence for people through. */
function read(reader: () => unknown): void {
  try {
    reader()
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    expect(error.message).not.toBe('')
  }
}

test.each<[string, readonly string[], (text: string) => unknown]>([
  ['manifest', MANIFESTS, text => parseManifest(Buffer.from(text), undefined)],
  [
    'manifest of a type',
    MANIFESTS,
    text => parseManifest(Buffer.from(text), 'application/vnd.oci.image.index.v1+json')
  ],
  ['policy', POLICIES, text => runPolicyTests(parsePolicyFile(text, 'policy.yml'))],
  ['report', [REPORT], text => parseRecord(text, 'report.json')],
  ['list', PATTERNS, text => splitList(text)],
  ['pattern', PATTERNS, text => parsePatterns([text]).scan(['v1.2.3', 'pr-1', 'a/b', '🦀'])],
  ['age', AGES, text => parseAge(text)],
  ['tag', ['v1.2.3', 'latest'], text => isTag(text)],
  ['digest', [DIGEST], text => parseDigest(text)]
])('a %s, whatever it is, is read or refused in a sentence', (_, corpus, reader) => {
  fc.assert(
    fc.property(broken(corpus), text => read(() => reader(text))),
    runs
  )
})

test('files with references, whatever they are, are searched', () => {
  fc.assert(
    fc.property(fc.array(broken(FILES), { maxLength: 4 }), texts => {
      read(() =>
        findReferences(
          texts.map((text, at) => ({ path: `${at}.yaml`, text })),
          'acme'
        )
      )
    }),
    runs
  )
})

test('a secret is found in any text and in every spelling, and what holds none stays as it is', () => {
  const secret = fc.stringMatching(/^(?:[\w+/=.-]?[A-Za-z0-9]){8,40}$/)
  const spelling = fc.constantFrom<(text: string) => string>(
    text => text,
    encodeURIComponent,
    text => Buffer.from(text).toString('base64url'),
    text => encodeURIComponent(Buffer.from(`user:${text}`).toString('base64')),
    text => [...text].map(one => `&#${one.charCodeAt(0)};`).join('')
  )
  fc.assert(
    fc.property(secret, spelling, fc.string(), fc.string(), (text, spell, before, after) => {
      const secrets = createSecrets()
      secrets.add(text)
      expect(secrets.scrub(`${before} ${spell(text)} ${after}`)).not.toContain(spell(text))
      expect(secrets.scrub('nothing of it')).toBe('nothing of it')
    }),
    runs
  )
})
