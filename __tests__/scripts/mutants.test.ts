import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { MUTANTS } from '../../scripts/e2e/mutants.ts'

const root = resolve(import.meta.dirname, '../..')

test.each(MUTANTS.map(mutant => [mutant.what, mutant] as const))(
  'the mutant of the end-to-end run in which %s changes one place that is there',
  (_, { file, find }) => {
    expect(readFileSync(resolve(root, file), 'utf8').split(find)).toHaveLength(2)
  }
)
