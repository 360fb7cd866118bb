import { expect, test } from '@jest/globals'
import { replacedIn } from '../../../src/apply/look/earlier.ts'
import type { LoadedPackage } from '../../../src/inventory/load.ts'
import { digestOf } from '../../helpers/make.ts'

const [image, list, bundle, other] = ['image', 'list', 'bundle', 'other'].map(digestOf)

test.each([
  ['nothing has its tag', [], new Map(), false],
  ['another version has its tag', [{ digest: other, tags: ['a'] }], new Map(), true],
  ['only the registry shows its tag on another one', [], new Map([[other, ['a']]]), true],
  ['a late list shows it with its tag', [{ digest: list, tags: ['a'] }], new Map(), false],
  ['others have other tags', [{ digest: other, tags: ['b'] }], new Map(), false]
])('what was deleted is replaced, with its parts: %s', (_, versions, unlisted, isReplaced) => {
  const deletion = (digest: unknown, tags: string[], after: unknown[]) => ({
    digest,
    tags,
    root: list,
    after
  })
  const deletions = { unchecked: [deletion(list, ['a'], [])], checked: [deletion(bundle, [], [list])] }
  const loaded = {
    inventory: { versions, unlisted },
    recollection: { deletions }
  } as unknown as LoadedPackage
  const asked = replacedIn(loaded)
  const one = (digest: unknown) => deletion(digest, [], []) as unknown as Parameters<typeof asked>[0]
  expect([asked(one(list)), asked(one(bundle)), asked({ ...one(image), root: image as never })]).toEqual([
    isReplaced,
    isReplaced,
    false
  ])
})
