import fc from 'fast-check'
import { policyFor } from '../../src/config/for-package.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import type { Policy } from '../../src/policy/rule.ts'

/** Arbitrary rules, as YAML has them. */

const AGES = ['1h', '1d', '7d', '14d', '30d']
const age = fc.constantFrom(...AGES)

const optional = <T>(key: string, value: fc.Arbitrary<T>, weight = 3) =>
  fc.oneof(
    { weight, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: value.map(one => ({ [key]: one })) }
  )

const all = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
  fc.tuple(...parts).map(fields => Object.assign({}, ...fields))

/** A window that nothing can be in is refused. */
const ages = all(optional('older-than', age, 4), optional('newer-than', age, 12)).filter(given => {
  const { 'older-than': older, 'newer-than': newer } = given as Record<string, string | undefined>
  return older === undefined || newer === undefined || AGES.indexOf(older) < AGES.indexOf(newer)
})

const tagMatch = all(
  fc.constantFrom<object>(
    { tags: 'sha-*' },
    { tags: ['*', '!latest'] },
    { tags: ['v*', '1*'] },
    { tags: ['pr-*', 'sha-*'] },
    { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/' },
    { tags: '*' },
    { tags: ['*', '!v*'] },
    { tags: '**' },
    { tags: 'sha256-*' },
    { semver: '*' },
    { semver: '>=1 <2', variants: ['alpine'] },
    { semver: '*', prerelease: 'include' },
    { tags: 'semver:<2' }
  ),
  ages,
  optional('kind', fc.constantFrom('cache', ['image', 'cache']), 6)
)

const deletion = fc.oneof(
  { weight: 5, arbitrary: tagMatch },
  { weight: 2, arbitrary: all(fc.constant({ untagged: true }), ages) },
  {
    weight: 1,
    arbitrary: all(fc.constantFrom({ state: 'orphaned' }, { state: ['ghost', 'partial', 'orphaned'] }), ages)
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<object>(
      { tags: '/^pr-(?<pr>\\d+)$/', 'pull-request': 'closed', 'closed-for': '3d' },
      { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/', branch: 'deleted' },
      { semver: '*', 'git-tag': 'deleted' },
      { 'untagged-for': '7d' }
    )
  }
)

const clauses = all(
  optional('keep-at-least', fc.nat(3), 2),
  optional('keep-within', age, 8),
  optional('keep-daily', fc.nat(3), 10),
  optional('keep-weekly', fc.nat(3), 10),
  optional('keep-monthly', fc.nat(3), 10)
)

/** A keep rule whose clauses keep nothing is refused. */
const keepSome = clauses.filter(given => {
  const counts = Object.values(given)
  return counts.length === 0 || counts.some(count => count !== 0)
})

const groups = (match: object): fc.Arbitrary<object> => {
  if ('semver' in match) {
    return all(
      optional('group-by', fc.constantFrom('semver-minor', 'semver-major'), 1),
      optional('rank-by', fc.constant('created'), 5)
    )
  }
  if ('tags' in match && String(match.tags).includes('<branch>'))
    return optional('group-by', fc.constant('branch'), 1)
  return optional('rank-by', fc.constant('updated'), 5)
}

const strips = (match: object): fc.Arbitrary<object> =>
  'tags' in match || 'semver' in match
    ? fc.oneof(
        { weight: 6, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.constant({ 'tag-match': 'any' }) },
        { weight: 2, arbitrary: fc.constant({ untag: true }) }
      )
    : fc.constant({})

export const deleteRules = deletion.chain(match =>
  all(fc.constant({ action: 'delete', match }), clauses, groups(match), strips(match))
)

/** Without any clause: deletes all that it selects. */
export const plainDeleteRules = deletion.map((match): object => ({ action: 'delete', match }))

const keepMatch = fc.oneof(
  { weight: 4, arbitrary: tagMatch },
  { weight: 1, arbitrary: fc.constant<object>({ untagged: true, 'older-than': '14d' }) },
  { weight: 1, arbitrary: fc.constant<object>({ 'newer-than': '7d' }) }
)

export const plainKeepRules = keepMatch.map((match): object => ({ action: 'keep', match }))

const keepRules = fc.oneof(
  plainKeepRules,
  keepMatch.chain(match => all(fc.constant({ action: 'keep', match }), keepSome, groups(match)))
)

/** Mostly rules that delete, so that something happens. */
export const ruleLists = fc.array(
  fc.oneof({ weight: 4, arbitrary: deleteRules }, { weight: 1, arbitrary: keepRules }),
  { minLength: 1, maxLength: 5 }
)

export const settings = all(
  optional('grace', fc.constantFrom('0h', '1h', '14d')),
  optional('age-from', fc.constantFrom('created', 'updated'))
)

export function policyOf(rules: readonly object[], defaults: object = {}): Policy {
  // JSON is YAML, and written faster.
  const text = JSON.stringify({ version: 1, defaults, packages: [{ match: '**', rules }] })
  const policy = policyFor(parsePolicyFile(text, 'policy.yml'), 'app')
  if (policy === undefined) throw new Error('the policy matches no package')
  return policy
}
