import { expect, test } from '@jest/globals'
import * as z from 'zod'
import { firstIssue, listOf, parseForeign } from '../../src/util/parse-foreign.ts'

const schema = z.object({ packages: z.array(z.object({ rows: z.array(z.object({ id: z.int() })) })) })
const bodyOf = (rows: readonly unknown[]) => ({ packages: [{ rows }] })

test('gives the value, or says where it is wrong', () => {
  expect(parseForeign(schema, bodyOf([{ id: 1 }]))).toEqual({ data: bodyOf([{ id: 1 }]) })
  const wrong = parseForeign(schema, bodyOf([{ id: 'x' }]))
  expect('issues' in wrong && firstIssue(wrong.issues)).toMatch(/^ at packages\.0\.rows\.0\.id: /)
})

test('so many faults that zod cannot list them are a fault', () => {
  const rows = Array(150_000).fill({ id: 'x' })
  expect(() => schema.safeParse(bodyOf(rows))).toThrow(RangeError)
  expect(parseForeign(schema, bodyOf(rows))).toEqual({ issues: [{ path: [], message: expect.any(String) }] })
})

test('E-42 of a list the first fault is told, and no other', () => {
  const lists = z.object({ packages: listOf(z.object({ rows: listOf(z.object({ id: z.int() })) })) })
  expect(parseForeign(lists, bodyOf([{ id: 1 }, { id: 2 }]))).toEqual({
    data: bodyOf([{ id: 1 }, { id: 2 }])
  })
  const wrong = parseForeign(lists, bodyOf([{ id: 1 }, ...Array(150_000).fill({ id: 'x' })]))
  const { issues } = wrong as { issues: readonly unknown[] }
  expect(issues).toEqual([
    expect.objectContaining({
      path: ['packages', 0, 'rows', 1, 'id'],
      message: expect.stringContaining('expected')
    })
  ])
})
