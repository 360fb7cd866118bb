import { describe, expect, test } from '@jest/globals'
import { splitList } from '../../src/config/fields/list.ts'
import { InputError } from '../../src/errors.ts'

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  [' \n , ,\n', []],
  ['a', ['a']],
  ['a,b c\nd\r\ne,\tf', ['a', 'b', 'c', 'd', 'e', 'f']],
  ['# all, of them\na\n  # b\nc', ['a', 'c']],
  ['a#b', ['a#b']],
  // Regular expressions keep their spaces and commas.
  ['/a b/ c', ['/a b/', 'c']],
  ['/^x{1,2}$/,!/y, z/i d', ['/^x{1,2}$/', '!/y, z/i', 'd']],
  ['/a\\/ b/ c', ['/a\\/ b/', 'c']],
  ['/[/ ]x/ c', ['/[/ ]x/', 'c']],
  ['/^app/api$/', ['/^app/api$/']],
  ['/^\\d+\\.\\d+$/', ['/^\\d+\\.\\d+$/']],
  ['/a/,/b/', ['/a/', '/b/']],
  ['app/api b/c', ['app/api', 'b/c']],
  // Globs keep the commas of their braces and brackets.
  ['v{1,2}.*,x', ['v{1,2}.*', 'x']],
  ['v{1,{2,3}},[a,b]c d', ['v{1,{2,3}}', '[a,b]c', 'd']],
  ['{tag},{version}', ['{tag}', '{version}']],
  ['a},b', ['a}', 'b']],
  // Ranges keep what can only be theirs.
  ['semver:>=1.2 <2 latest', ['semver:>=1.2 <2', 'latest']],
  ['semver:>= 1.2 < 2, latest', ['semver:>= 1.2 < 2', 'latest']],
  ['semver:^1 || ^2 v*', ['semver:^1 || ^2', 'v*']],
  ['semver:1.2 - 1.9 x', ['semver:1.2 - 1.9', 'x']],
  ['!semver:1.x 2.x', ['!semver:1.x', '2.x']],
  ['semver:* semver:1', ['semver:*', 'semver:1']]
]

describe('a list input is split', () => {
  test.each(CASES)('T-25c: %j', (text, entries) => {
    expect(splitList(text)).toEqual(entries)
  })
})

describe('a list input is refused', () => {
  test.each([
    ['v1 # not latest', /own line/],
    ['v1, #x', /own line/],
    ['/^v\nlatest', /closing slash/],
    ['a /^v b', /closing slash/],
    ['/[/ v1', /never closed/],
    ['/a/Q', /closing slash/]
  ])('%j', (text, message) => {
    expect(() => splitList(text)).toThrow(message)
  })

  test('with everything that is wrong at once', () => {
    expect(() => splitList('/a\n/b\nc # d')).toThrow(InputError)
    expect(() => splitList('/a\n/b\nc # d')).toThrow(/\/a.*\n.*\/b.*\n.*# d/)
  })
})
