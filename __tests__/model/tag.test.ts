import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fitsAround, gitNames, isTag, tagSpellings } from '../../src/model/tag.ts'

/** One git name has many spellings in image tags; the image of a name that is not found may be deleted. */

const LONG =
  'feature/JIRA-1234-make-the-checkout-remember-what-was-in-the-basket-even-when-the-session-has-ended'

describe('E-14 a branch is found by every spelling of its name', () => {
  test.each([
    ['release/1.x', 'release-1-x'],
    ['release/1.x', 'release-1.x'],
    ['release/1.x', 'release_1.x'],
    ['feature/login', 'feature_login'],
    ['feature/login', 'feature-login'],
    ['feature/abc', 'featureabc'],
    ['feature/1/2', 'feature12'],
    ['a--b', 'a-b'],
    ['a-b', 'a--b'],
    ['Feature/ABC', 'feature-abc'],
    ['feature/über', 'feature-uber'],
    ['feature/über', 'feature--ber'],
    ['fix/straße', 'fix-strasse'],
    ['fix/łódź', 'fix-lodz'],
    ['feature/日本', 'feature-ri-ben'],
    ['feature/日本', 'feature'],
    ['fix-', 'fix'],
    ['v1', '1'],
    ['release/1.2', '1.2'],
    [LONG, LONG.replaceAll('/', '-').slice(0, 40)],
    [LONG, LONG.replaceAll('/', '-').slice(0, 48)],
    [LONG, LONG.replaceAll('/', '_').slice(0, 63).toLowerCase()],
    [`${LONG}/${LONG}`, `${LONG}/${LONG}`.replaceAll('/', '-').slice(0, 128)]
  ])('%s by %s', (branch, text) => {
    expect(gitNames(['main', branch, 'other']).find(text)).toContain(branch)
  })

  test('a cut name is that of every living branch that it begins', () => {
    const names = [`${LONG}-1`, `${LONG}-2`, 'feature/other']
    expect(gitNames(names).find(LONG.replaceAll('/', '-').slice(0, 63))).toEqual(names.slice(0, 2))
  })

  test.each([
    ['main', 'mainline'],
    ['v1.1.0', '11.0'],
    ['feature/login', 'feature-log'],
    ['dependabot/npm/x-1.2.3', '1.2.3'],
    ['日本', 'main'],
    ['feature/日本', 'feature-checkout-basket']
  ])('%s not by %s', (branch, text) => {
    expect(gitNames([branch]).find(text)).toEqual([])
  })

  test('E-42 a branch of a fork with eighty letters that are no Latin ones takes no longer than any other', () => {
    const text = 'sha-0123456789abcdef0123456789abcdef01234567'
    expect(gitNames([`${'я-'.repeat(80)}zzz`]).find(text)).toEqual([])
    expect(gitNames([`${'я-'.repeat(80)}567`]).find(text)).toHaveLength(1)
  })

  test('parts are found in a text around its gaps as an expression finds them', () => {
    const texts = fc.stringMatching(/^[ab]{0,6}$/)
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), texts, (parts, text) => {
        expect(fitsAround(parts, text)).toBe(new RegExp(`^${parts.join('.*')}$`).test(text))
      })
    )
  })

  const part = fc.stringMatching(/^[A-Za-z0-9]{1,12}$/)
  const separator = fc.constantFrom('/', '-', '_', '.', '--', '+', '/-', '@')
  const branch = fc
    .tuple(part, fc.array(fc.tuple(separator, part), { maxLength: 14 }))
    .map(([first, rest]) => first + rest.flat().join(''))
  const slugs: readonly ((name: string) => string)[] = [
    name => name.replaceAll(/[^a-zA-Z0-9._-]+/g, '-'),
    name => name.replaceAll(/[^a-zA-Z0-9._-]/g, '_'),
    name => name.replaceAll(/[^a-zA-Z0-9]+/g, '-').toLowerCase(),
    name => name.replaceAll(/[^a-zA-Z0-9]/g, '-'),
    name => name.replaceAll('/', ''),
    name => name.replaceAll(/[^a-zA-Z0-9]/g, '').toLowerCase()
  ]
  test('whatever a workflow makes of it, and wherever it cuts', () => {
    fc.assert(
      fc.property(
        branch,
        fc.array(branch, { maxLength: 5 }),
        fc.constantFrom(...slugs),
        fc.constantFrom(40, 48, 53, 63, 128),
        (name, others, slug, length) => {
          const text = slug(name)
            .slice(0, length)
            .replace(/[-_.]+$/, '')
          expect(gitNames([...others, name]).find(text)).toContain(name)
        }
      )
    )
  })
})

describe('E-15 a version with build metadata is found by the tags that Helm and Docker give it', () => {
  test.each(['1.0.0_b5', '1.0.0-b5', 'v1.0.0_b5', '1.0.0b5'])('1.0.0+b5 by %s', text => {
    expect(gitNames(['1.0.0+b5']).find(text)).toEqual(['1.0.0+b5'])
    expect(gitNames(['v1.0.0+b5']).find(text)).toEqual(['v1.0.0+b5'])
  })

  test.each(['chart-1.0.0+b5', 'chart/v1.0.0+b5', 'chart@1.0.0+b5'])('%s by its version alone', name => {
    expect(gitNames([name]).find('1.0.0_b5')).toEqual([name])
  })

  test('the spellings are tags, and the name itself where it is one', () => {
    expect(tagSpellings('1.0.0+b5')).toEqual(['1.0.0_b5', '1.0.0-b5'])
    expect(tagSpellings('v1.0.0')).toEqual(['v1.0.0'])
    expect(tagSpellings('x'.repeat(129))).toEqual([])
    fc.assert(fc.property(fc.string(), name => tagSpellings(name).every(isTag)))
  })
})
