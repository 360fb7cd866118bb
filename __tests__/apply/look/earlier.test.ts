import { expect, test } from '@jest/globals'
import { replacedBy } from '../../../src/apply/look/earlier.ts'
import type { LoadedPackage } from '../../../src/inventory/load.ts'
import type { Digest } from '../../../src/model/digest.ts'
import { digestOf } from '../../helpers/make.ts'

const [list, bundle, image, other] = [
  digestOf('list'),
  digestOf('bundle'),
  digestOf('image'),
  digestOf('other')
] as const

/** What has tags by now, as GitHub and the registry show it. */
interface Shown {
  readonly rows?: Readonly<Record<Digest, readonly string[]>>
  readonly unlisted?: Readonly<Record<Digest, readonly string[]>>
}

test.each<[string, string, Shown, boolean]>([
  ['nothing has its tag', 'a', {}, false],
  ['another version has its tag', 'a', { rows: { [other]: ['a'] } }, true],
  ['only the registry shows its tag on another one', 'a', { unlisted: { [other]: ['a'] } }, true],
  ['a late list shows it with its tag', 'a', { rows: { [list]: ['a'] } }, false],
  ['others have other tags', 'a', { rows: { [other]: ['b'] } }, false],
  ['one of its two tags is on another version', 'a b', { rows: { [other]: ['a'] } }, false],
  ['both of its tags are on others', 'a b', { rows: { [other]: ['a'], [image]: ['b'] } }, true]
])(
  'what was deleted is replaced, without its parts: %s',
  (_, tags, { rows = {}, unlisted = {} }, isReplaced) => {
    const deletion = (id: number, digest: Digest, names: readonly string[]) => ({
      id,
      digest,
      after: [],
      tags: names
    })
    const deletions = { unchecked: [deletion(1, list, tags.split(' '))], checked: [deletion(2, bundle, [])] }
    const versions = Object.entries(rows).map(([digest, names]) => ({ digest, tags: names }))
    const inventory = { versions, unlisted: new Map(Object.entries(unlisted)) }
    const replaced = replacedBy({ inventory, recollection: { deletions } } as unknown as LoadedPackage)
    expect([...replaced]).toEqual(isReplaced ? [1] : [])
  }
)
