import { expect, test } from '@jest/globals'
import { coveredBy, matchesNothing } from '../../src/policy/cover.ts'

test.each<[string[], string, boolean]>([
  [['app*'], 'app-meta', true],
  [['app*'], 'app', true],
  [['app-*'], 'app', false],
  [['app*'], 'app-*', true],
  [['app-*'], 'app*', false],
  [['*a*'], 'app-*', true],
  [['app?'], 'app*', false],
  [['app?'], 'app?', true],
  [['/^app/'], 'app-meta', true],
  [['/^app/'], 'app-*', false],
  [['app*', '!app-meta'], 'app-meta', false],
  [['app*', '!app-meta'], 'app-other', true],
  [['app*', '!app-meta'], 'app-*', false],
  [['!app'], 'web', true],
  [['*'], 'team/app', false],
  [['*'], '**', false],
  [['**'], '*', true],
  [['**'], 'team/**', true],
  [['**'], '**', true],
  [['*/**'], '**/x', false],
  [['team/*'], 'team/**', false],
  [['{app,web}-*'], 'app-*', false],
  [['{app,web}-*'], 'app-1', true]
])('%j covers %s: %s', (sources, pattern, expected) => {
  expect(coveredBy(sources, [pattern]).has(pattern)).toBe(expected)
})

test.each<[string[], boolean]>([
  [['latest', '!latest'], true],
  [['sha-*', '!*'], true],
  [['!*'], true],
  [['*', '!latest'], false],
  [['!latest'], false],
  [['latest', 'v*', '!latest'], false],
  [[], false]
])('%j matches nothing: %s', (sources, expected) => {
  expect(matchesNothing(sources, '*')).toBe(expected)
})
