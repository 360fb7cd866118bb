import { expect, test } from '@jest/globals'
import { eachOf } from '../../src/util/concurrency.ts'

const turn = () => new Promise(setImmediate)

test('results come in the order of the items, and only so many are worked on at once', async () => {
  let now = 0
  let most = 0
  const results = await eachOf(
    Array.from({ length: 50 }, (_, n) => n),
    7,
    async n => {
      most = Math.max(most, ++now)
      for (let turns = n % 5; turns >= 0; turns--) await turn()
      now--
      return n * 2
    }
  )
  expect(results).toEqual(Array.from({ length: 50 }, (_, n) => n * 2))
  expect(most).toBe(7)
})

test('after a failure nothing more is begun', async () => {
  let begun = 0
  const work = async (n: number) => {
    begun++
    await turn()
    if (n === 3) throw new Error('no')
  }
  await expect(
    eachOf(
      Array.from({ length: 50 }, (_, n) => n),
      5,
      work
    )
  ).rejects.toThrow('no')
  for (let turns = 0; turns < 20; turns++) await turn()
  expect(begun).toBeLessThanOrEqual(10)
})

test('nothing to do is done', async () => {
  expect(await eachOf([], 5, async () => 1)).toEqual([])
})
