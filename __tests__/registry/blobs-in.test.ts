import { expect, it } from '@jest/globals'
import { blobsIn } from '../../src/registry/blobs.ts'

const sizesIn = (body: unknown) =>
  blobsIn(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))?.map(({ size }) => size)

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const blob = (size: number, mediaType = LAYER) => ({ mediaType, digest: `sha256:${size}`, size })

it.each<[string, unknown, number[] | undefined]>([
  ['an image', { config: blob(1), layers: [blob(2), blob(3)] }, [1, 2, 3]],
  ['the withdrawn artifact manifest', { blobs: [blob(4)] }, [4]],
  ['an index of images', { manifests: [blob(5, 'application/vnd.oci.image.manifest.v1+json')] }, []],
  ['a BuildKit cache', { manifests: [blob(6), blob(7, 'application/vnd.buildkit.cacheconfig.v0')] }, [6, 7]],
  ['lists that Go wrote as null', { config: null, layers: null }, []],
  [
    'layers that the registry does not store',
    {
      layers: [
        blob(8, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'),
        blob(9, 'application/vnd.oci.image.layer.nondistributable.v1.tar'),
        blob(10)
      ]
    },
    [10]
  ],
  ['schema 1, which has no sizes', { fsLayers: [{ blobSum: 'sha256:11' }] }, undefined],
  ['a size that is none', { layers: [blob(-1)] }, undefined],
  ['a layer without its size', { layers: [{ digest: 'sha256:12' }] }, undefined],
  ['what is not JSON', '<html>', undefined],
  ['a lone word', '"word"', undefined]
])('finds the blobs of %s', (_, body, sizes) => {
  expect(sizesIn(body)).toEqual(sizes)
})
