import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { ExpectedError } from '../../src/errors.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Descriptor, Manifest } from '../../src/model/manifest.ts'
import { ACCEPT, isSchema1, MAX_BYTES, parseManifest } from '../../src/registry/manifest.ts'
import { mentionsOf } from '../../src/registry/unknown-manifest.ts'
import { digestOf } from '../helpers/make.ts'

const OCI = 'application/vnd.oci.image'
const INDEX = `${OCI}.index.v1+json`
const MANIFEST = `${OCI}.manifest.v1+json`
const DOCKER = 'application/vnd.docker.distribution.manifest'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const CACHE = 'application/vnd.buildkit.cacheconfig.v0'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

const [A, B, C] = [digestOf('a'), digestOf('b'), digestOf('c')]
const LONG = `sha512:${'0'.repeat(128)}` as Digest
const parse = (body: unknown, contentType?: string): Manifest =>
  parseManifest(Buffer.from(JSON.stringify(body)), contentType)

const entry = (digest: string, os: string, architecture: string, more: object = {}) => ({
  mediaType: MANIFEST,
  digest,
  size: 7,
  platform: { os, architecture },
  ...more
})
const image = {
  schemaVersion: 2,
  mediaType: MANIFEST,
  config: { mediaType: `${OCI}.config.v1+json`, digest: C, size: 1 },
  layers: [{ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: B, size: 2 }]
}
const child = (digest: Digest, platform?: string, more: Partial<Descriptor> = {}): Descriptor => ({
  digest,
  index: false,
  ...(platform === undefined ? {} : { platform }),
  ...more
})

interface Row {
  shape: string
  body: unknown
  type?: string
  want: Partial<Manifest>
}

const rows: Row[] = [
  {
    shape: 'an OCI index (4.1)',
    body: {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        entry(A, 'linux', 'ppc64le'),
        entry(B, 'linux', 'arm', { platform: { os: 'linux', architecture: 'arm', variant: 'v7' } })
      ],
      annotations: { 'com.example.key1': 'value1', odd: 3 }
    },
    want: {
      mediaType: INDEX,
      form: 'index',
      kind: 'image',
      children: [child(A, 'linux/ppc64le'), child(B, 'linux/arm/v7')],
      annotations: { 'com.example.key1': 'value1' }
    }
  },
  {
    shape: 'a Docker manifest list (4.2)',
    body: {
      schemaVersion: 2,
      mediaType: `${DOCKER}.list.v2+json`,
      manifests: [entry(A, 'linux', 'amd64', { mediaType: `${DOCKER}.v2+json` })]
    },
    want: {
      mediaType: `${DOCKER}.list.v2+json`,
      form: 'index',
      kind: 'image',
      children: [child(A, 'linux/amd64')]
    }
  },
  {
    shape: 'an OCI image (4.3)',
    body: image,
    want: { mediaType: MANIFEST, form: 'manifest', kind: 'image', children: [], config: C }
  },
  {
    shape: 'a Docker image (4.3)',
    body: {
      ...image,
      mediaType: `${DOCKER}.v2+json`,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: C, size: 1 }
    },
    want: { mediaType: `${DOCKER}.v2+json`, form: 'manifest', kind: 'image', config: C }
  },
  {
    shape: 'a buildx index with an attestation (4.4)',
    body: {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        entry(A, 'linux', 'amd64'),
        entry(B, 'unknown', 'unknown', {
          annotations: {
            'vnd.docker.reference.digest': A,
            'vnd.docker.reference.type': 'attestation-manifest'
          }
        })
      ]
    },
    want: { kind: 'image', children: [child(A, 'linux/amd64'), child(B, undefined, { describes: A })] }
  },
  {
    shape: 'a new attestation manifest with its subject (4.4)',
    body: {
      ...image,
      artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
      config: { mediaType: EMPTY, digest: C, size: 2, data: 'e30=' },
      subject: { mediaType: MANIFEST, digest: A, size: 1 }
    },
    want: {
      kind: 'artifact',
      subject: A,
      artifactType: 'application/vnd.docker.attestation.manifest.v1+json'
    }
  },
  {
    shape: 'a build cache in the form of an image (4.5)',
    body: { ...image, config: { mediaType: CACHE, digest: C, size: 1 } },
    want: { form: 'manifest', kind: 'cache', children: [] }
  },
  {
    shape: 'T-13: a build cache in the form of an index, whose layers are no children (4.5)',
    body: {
      schemaVersion: 2,
      mediaType: `${DOCKER}.list.v2+json`,
      manifests: [
        { mediaType: `${OCI}.layer.v1.tar+zstd`, digest: A, size: 1 },
        { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: C, size: 1 },
        { mediaType: CACHE, digest: B, size: 1 }
      ]
    },
    want: { form: 'index', kind: 'cache', children: [] }
  },
  {
    shape: 'a build cache with a layer of a type nobody knows, a child only if it proves to be one',
    body: {
      manifests: [
        { mediaType: 'application/x-layer', digest: A, size: 1 },
        { mediaType: CACHE, digest: B, size: 1 }
      ]
    },
    want: { kind: 'cache', children: [child(A, undefined, { uncertain: true })] }
  },
  {
    shape: 'a classic cosign signature (4.6)',
    body: {
      ...image,
      layers: [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', digest: B, size: 1 }]
    },
    want: { form: 'manifest', kind: 'image', children: [] }
  },
  {
    shape: 'a cosign bundle (4.7)',
    body: {
      ...image,
      artifactType: BUNDLE,
      config: { mediaType: EMPTY, digest: C, size: 2 },
      subject: { mediaType: INDEX, digest: A, size: 1 }
    },
    want: { kind: 'artifact', subject: A, artifactType: BUNDLE }
  },
  {
    shape: "T-13: a fallback tag's index, whose entries have no platform (4.8)",
    body: {
      mediaType: INDEX,
      schemaVersion: 2,
      manifests: [{ mediaType: MANIFEST, digest: A, size: 779, artifactType: BUNDLE, annotations: {} }]
    },
    want: { form: 'index', kind: 'artifact', children: [child(A)] }
  },
  {
    shape: 'an artifact without artifactType (4.9)',
    body: { ...image, config: { mediaType: 'application/vnd.example+type', digest: C, size: 2 } },
    want: { kind: 'artifact' }
  },
  {
    shape: 'T-13: a Helm chart, which has no mediaType (4.10)',
    body: {
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: C, size: 99 },
      layers: [],
      annotations: { 'org.opencontainers.image.title': 'signtest' }
    },
    want: {
      mediaType: MANIFEST,
      form: 'manifest',
      kind: 'artifact',
      annotations: { 'org.opencontainers.image.title': 'signtest' }
    }
  },
  {
    shape: 'a nested index (4.11)',
    body: {
      mediaType: INDEX,
      manifests: [entry(A, 'linux', 'amd64'), { mediaType: INDEX, digest: B, size: 1 }]
    },
    want: { children: [child(A, 'linux/amd64'), { digest: B, index: true }] }
  },
  {
    shape: 'T-13: a signed schema 1 image (4.12)',
    body: {
      schemaVersion: 1,
      name: 'library/debian',
      tag: '6',
      fsLayers: [{ blobSum: A }],
      history: [],
      signatures: []
    },
    want: { mediaType: `${DOCKER}.v1+prettyjws`, form: 'manifest', kind: 'image', children: [] }
  },
  {
    shape: 'the same child twice (4.13)',
    body: {
      mediaType: INDEX,
      manifests: [entry(A, 'linux', 'arm'), entry(B, 'linux', 'amd64'), entry(A, 'linux', 'arm64')]
    },
    want: { children: [child(A, 'linux/arm'), child(B, 'linux/amd64')] }
  },
  {
    shape: 'the same child once as an index and once as something unknown',
    body: {
      manifests: [
        { mediaType: 'application/x-unknown', digest: A, size: 1 },
        { mediaType: INDEX, digest: A, size: 1 }
      ]
    },
    want: { children: [{ digest: A, index: true }] }
  },
  {
    shape: 'an empty index (4.13)',
    body: { schemaVersion: 2, mediaType: INDEX, manifests: [] },
    want: { form: 'index', kind: 'image', children: [] }
  },
  {
    shape: 'an empty index as Go writes it',
    body: { schemaVersion: 2, mediaType: INDEX, manifests: null, subject: null },
    want: { form: 'index', children: [] }
  },
  {
    shape: 'an index with a subject and an artifact type',
    body: {
      mediaType: INDEX,
      artifactType: 'application/x-set',
      subject: { digest: A },
      manifests: [entry(B, 'linux', 'amd64')]
    },
    want: { form: 'index', kind: 'artifact', subject: A }
  },
  {
    shape: 'the withdrawn artifact manifest',
    body: {
      mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
      artifactType: 'x/y',
      blobs: [],
      subject: { digest: A }
    },
    want: { form: 'manifest', kind: 'artifact', subject: A }
  },
  {
    shape: 'an entry whose type is a withdrawn one or schema 1',
    body: {
      manifests: [
        { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', digest: A, size: 1 },
        { mediaType: `${DOCKER}.v1+json`, digest: B, size: 1 }
      ]
    },
    want: { children: [child(A), child(B)] }
  },
  {
    shape: 'an entry without a type, with a sha512 digest and half a platform',
    body: { manifests: [{ digest: LONG, platform: { os: 'linux' } }] },
    want: { children: [child(LONG, undefined, { uncertain: true })] }
  },
  {
    shape: 'odd values where no edge is',
    body: {
      manifests: [{ mediaType: MANIFEST, digest: A, platform: 'linux', annotations: [], artifactType: 4 }],
      annotations: 'x'
    },
    want: { children: [child(A)], annotations: {} }
  },
  {
    shape: 'a Content-Type with parameters, which wins over the body',
    body: { mediaType: INDEX, manifests: [] },
    type: `${DOCKER}.list.v2+json; charset=utf-8`,
    want: { mediaType: `${DOCKER}.list.v2+json`, form: 'index' }
  },
  {
    shape: 'a Content-Type that would hide the children',
    body: { manifests: [entry(A, 'linux', 'amd64')] },
    type: MANIFEST,
    want: { mediaType: INDEX, form: 'index', children: [child(A, 'linux/amd64')] }
  },
  {
    shape: 'an image under a Content-Type that means nothing',
    body: image,
    type: 'application/octet-stream',
    want: { mediaType: MANIFEST, form: 'manifest' }
  }
]

describe('every shape that is met in the wild', () => {
  test.each(rows)('$shape', ({ body, type, want }) => {
    const manifest = parse(body, type)
    const told = Object.keys(want) as (keyof Manifest)[]
    expect(Object.fromEntries(told.map(key => [key, manifest[key]]))).toEqual(want)
  })
})

test('E-25: an entry or a subject of an unknown digest algorithm names no version of GHCR', () => {
  const odd = `blake3:${'a'.repeat(64)}`
  const body = { schemaVersion: 2, manifests: [{ digest: odd }, { digest: A }], subject: { digest: odd } }
  const manifest = parseManifest(Buffer.from(JSON.stringify(body)), undefined)
  expect(manifest.children.map(child => child.digest)).toEqual([A])
  expect(manifest.subject).toBeUndefined()
})

describe('what cannot be read is refused, never taken for a manifest without edges', () => {
  const big = Buffer.alloc(MAX_BYTES + 1, ' ')
  const utf8 = Buffer.concat([Buffer.from('{"manifests":[],"x":"'), Buffer.from([0xff]), Buffer.from('"}')])
  const bytes = (body: unknown) => Buffer.from(JSON.stringify(body))
  const broken: [string, Uint8Array, string?][] = [
    ['a page of HTML', Buffer.from('<html>Please log in</html>'), 'text/html'],
    ['nothing', Buffer.alloc(0), INDEX],
    ['null', bytes(null), INDEX],
    ['a list', bytes([]), INDEX],
    ['an error of a registry', bytes({ errors: [{ code: 'DENIED' }] }), MANIFEST],
    ['an index without a list of manifests', bytes({ schemaVersion: 2, mediaType: INDEX }), INDEX],
    ['manifests that are no list', bytes({ mediaType: INDEX, manifests: { a: 1 } }), INDEX],
    ['an entry without a digest', bytes({ manifests: [{ mediaType: MANIFEST }] })],
    ['an entry with a cut digest', bytes({ manifests: [{ mediaType: MANIFEST, digest: A.slice(0, -1) }] })],
    ['a subject that is not a digest', bytes({ ...image, subject: { digest: 'latest' } })],
    ['a subject without a digest', bytes({ ...image, subject: {} })],
    ['children in capital letters', bytes({ ...image, Manifests: [entry(A, 'linux', 'amd64')] })],
    ['children with a long s', bytes({ manifests: [], manifeſts: [entry(A, 'linux', 'amd64')] })],
    ['a child with a digest in capital letters', bytes({ manifests: [{ digest: A, Digest: B }] })],
    ['a child with a type in capital letters', bytes({ manifests: [{ digest: A, MediaType: MANIFEST }] })],
    ['a subject with a digest in capital letters', bytes({ ...image, subject: { digest: A, DIGEST: B } })],
    ['an index and an image at once', bytes({ ...image, manifests: [entry(A, 'linux', 'amd64')] })],
    ['more than 4 MiB', big],
    ['bytes that are not UTF-8', utf8]
  ]
  test.each(broken.map(([what, content, type]) => ({ what, content, type })))(
    '$what',
    ({ content, type }) => {
      expect(() => parseManifest(content, type)).toThrow(ExpectedError)
    }
  )

  test('the message says which entry it was', () => {
    expect(() => parse({ manifests: [entry(A, 'linux', 'amd64'), { digest: 'x' }] })).toThrow(
      'manifests.1.digest: "x" is not a digest'
    )
  })
})

test('every type that the Accept header of GHCR needs is named', () => {
  for (const type of [
    INDEX,
    MANIFEST,
    `${DOCKER}.list.v2+json`,
    `${DOCKER}.v2+json`,
    `${DOCKER}.v1+prettyjws`
  ]) {
    expect(ACCEPT.split(', ')).toContain(type)
  }
})

test('only schema 1 is schema 1', () => {
  expect(isSchema1(parse({ fsLayers: [] }))).toBe(true)
  expect(isSchema1(parse(image))).toBe(false)
})

test('a type or a platform longer than any is none: a few hundred of 4 MiB each were more than a page can hold', () => {
  const long = 'x'.repeat(256)
  expect(parse({ ...image, artifactType: long }).artifactType).toBeUndefined()
  const { children, kind } = parse({ manifests: [entry(A, long, 'amd64', { mediaType: long })] })
  expect([children, kind]).toEqual([[child(A, undefined, { uncertain: true })], 'image'])
})

test('annotations beyond any measure are not held, and are known to be unknown', () => {
  const { annotations, annotationsUnknown } = parse({ ...image, annotations: { a: 'x'.repeat(65_536) } })
  expect([annotations, annotationsUnknown]).toEqual([{}, true])
  expect(parse({ ...image, annotations: { a: 'x'.repeat(65_535) } }).annotationsUnknown).toBeUndefined()
})

test('what is held of a manifest that nobody can read is not all of its bytes', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const held = Array.from({ length: 10 }, (_, at) =>
    mentionsOf(Buffer.from(`{"a":"${A}","b":"${`${at}`.repeat(3_900_000)}"}`), INDEX, 'odd')
  )
  const inUse = (): number => {
    // What tests before this one left is given back only when the next collection begins.
    for (let times = 0; times < 3; times++) gc()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = inUse()
  held.length = 0
  expect(before - inUse()).toBeLessThan(10_000_000)
})

test('law 2: what nobody can read needs what it names, also where letters are written by their numbers', () => {
  const escaped = [...B].map(letter => `\\u00${letter.charCodeAt(0).toString(16).toUpperCase()}`).join('')
  const bytes = Buffer.from(`{"Manifests":[{"digest":"${A}"},{"digest":"${escaped}"}]}`)
  const { children, unknown } = mentionsOf(bytes, INDEX, 'odd')
  expect(children.map(({ digest }) => digest)).toEqual([A, B])
  expect(unknown).toBe('odd')
})
