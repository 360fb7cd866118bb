import { expect, test } from '@jest/globals'
import { withoutDeleted } from '../../../src/apply/drift/deleted-rows.ts'
import { ExpectedError } from '../../../src/errors.ts'
import { version } from '../../helpers/make.ts'

const rows = Array.from({ length: 20 }, (_, id) => version(`v${id}`, { id }))
const idsOf = (some: readonly { readonly id: number }[]) => some.map(({ id }) => id)

test('law 3: what was gone and is found again is new, and so is what nobody asks for', async () => {
  const asked: number[] = []
  const find = async (id: number) => {
    asked.push(id)
    return { seen: id === 4 ? rows[4] : undefined, at: 0 }
  }
  const gone = new Set(idsOf(rows).filter(id => id > 1))
  const { seen } = await withoutDeleted({ seen: rows, at: 7 }, gone, find)
  expect(idsOf(seen)).toEqual([0, 1, 4, 18, 19])
  expect(asked).toEqual(idsOf(rows.slice(2, 18)))
})

test('law 3: what GitHub does not tell of is new', async () => {
  const find = async (id: number) => {
    if (id === 1) throw new ExpectedError('GitHub answered HTTP 500.')
    return { seen: undefined, at: 0 }
  }
  const { seen } = await withoutDeleted({ seen: rows, at: 7 }, new Set([1, 2]), find)
  expect(idsOf(seen)).toEqual(idsOf(rows).filter(id => id !== 2))
})
