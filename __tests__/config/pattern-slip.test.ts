import { describe, expect, test } from '@jest/globals'
import { refuseSlip } from '../../src/config/fields/pattern-slip.ts'
import { globBetweenSlashes } from '../../src/config/fields/regex-slip.ts'

const slipOf = (pattern: string, subject: Parameters<typeof refuseSlip>[1] = 'image tag'): string => {
  try {
    refuseSlip(pattern, subject)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const expression = (name: string): string => `\${{ ${name} }}`

describe('E-18 patterns that no image tag can match are refused with the right spelling', () => {
  test.each([
    ['"latest"', '`latest`'],
    ["'v*'", '`v*`'],
    ['!"latest"', '`!latest`'],
    ['“latest”', '`latest`'],
    ["['main-*'", 'Write `main-*`, without brackets'],
    ["['main-*','old-*',", 'Write `main-*`, `old-*`, without brackets'],
    ["'pr-*']", 'Write `pr-*`, without brackets'],
    ['[main-*', 'Write `main-*`, without brackets'],
    ['^v\\d+$', '`/^v\\d+$/`'],
    ['!^v\\d+$', '`!/^v\\d+$/`'],
    ['v\\d+', '`/v\\d+/`'],
    ['^v', '`/^v/`'],
    ['-rc\\.\\d+$', '`/-rc\\.\\d+$/`'],
    ['.*', '`/.*/`'],
    ['main-.+', '`/main-.+/`'],
    ['v[0-9]+', '`/v[0-9]+/`'],
    ['v[0-9]+.[0-9]+.[0-9]+', '`/^v\\d+\\.\\d+\\.\\d+$/`'],
    ['!v[12].[0-9]+', '`!/^v[12]\\.\\d+$/`'],
    ['v[0-9]+.[0-9]+*', '`/^v\\d+\\.\\d+[^\\/]*$/`'],
    ['v(1|2)', '`/v(1|2)/`'],
    ['v*|latest', '`v*` and `latest` as separate'],
    ['rc|beta', '`rc` and `beta` as separate entries, or `/rc|beta/` for parts of a name'],
    ['|', 'Separate entries with commas'],
    ['app:latest', '`latest`'],
    ['ghcr.io/octo/app:v1.*', '`v1.*`'],
    ['ghcr.io/octo/app:', '`latest`'],
    ['refs/tags/v*', '`v*`'],
    ['release/*', '`release-*`'],
    [`app@sha256:${'a'.repeat(64)}`, '`digests`'],
    ['-', 'without a dash'],
    ['- v*', '`v*`'],
    ['-rc', '`*-rc`'],
    ['>=1.2', '`semver:>=1.2`'],
    ['^1.2', '`semver:^1.2`'],
    ['^v0', '`/^v0/`'],
    ['~1.2', '`semver:~1.2`'],
    ['v1, v2', '`v1`, `v2`'],
    ['v1 v2', '`v1`, `v2`'],
    ['latest;', '`latest`'],
    ['v%', '`v*`'],
    ['$TAG', expression('env.TAG')],
    [expression('vars.KEEP'), 'Write the value itself'],
    ['1.0.0+b5', '`1.0.0_b5` or `1.0.0-b5`'],
    ['{version}-alpine', '`*-alpine`'],
    ['["latest","v*"]', '`latest`, `v*`'],
    ['[latest]', '`latest`'],
    ['{v*,"x"}', 'Leave it out']
  ])('E-18 %s', (pattern, cure) => {
    const message = slipOf(pattern)
    expect(message).toMatch(/^The pattern `.+` cannot match any image tag: .*\.$/)
    expect(message).toContain(cure)
  })

  test.each([
    'latest',
    'v1.*',
    '1.2.*',
    'v?',
    '!v*',
    '*',
    '_x',
    '[lL]atest',
    '[0-9]',
    'v[!a-c]*',
    '{latest,pr-*}',
    'v{1..9}',
    '@(latest|sha)-*',
    '+([0-9]).+([0-9])',
    '*(a|b)',
    '/^"x"$/',
    'semver:>=1 <2',
    'sha-*'
  ])('%s may match', pattern => {
    expect(slipOf(pattern)).toBe('')
  })
})

describe('a regular expression that matches whatever there is', () => {
  test.each([
    ['/v*/', 'Write `v*`, without slashes, for a glob, or `*` for all.'],
    ['!/(-rc)*-?/', 'Write `^` in front of it'],
    ['!/x?/i', 'Write `!x?`'],
    ['/(rc)?/', 'Write `^` in front of it and `$` behind it, or `*` for all.']
  ])('%s', (pattern, cure) => {
    for (const subject of ['image tag', 'git tag', 'package'] as const) {
      expect(slipOf(pattern, subject)).toMatch(
        new RegExp(`^The pattern .* matches every ${subject}: in a regular`)
      )
      expect(slipOf(pattern, subject)).toContain(cure)
    }
  })

  test.each([
    '/.*/',
    '/[^]*/',
    '/[\\s\\S]*/',
    '/^.*$/',
    '/.+/',
    '/v/',
    '/^(rc)?$/',
    '/-rc\\d*$/',
    '/^v\\d*/'
  ])('%s may be meant', pattern => {
    expect(slipOf(pattern)).toBe('')
  })
})

describe('a glob between slashes that is a regular expression as well', () => {
  const STAR = (sign: string): string =>
    `in a regular expression, \`${sign}*\` means any number of \`${sign}\`, and not any text.`

  test.each([
    ['/main-*/', `${STAR('-')} Write \`main-*\`, without slashes, for a glob, or \`/^main-.*$/\`.`],
    ['!/sha*/', `${STAR('a')} Write \`!sha*\`, without slashes, for a glob, or \`!/^sha.*$/\`.`],
    ['/v1*/i', `${STAR('1')} Write \`v1*\`, without slashes, for a glob, or \`/^v1.*$/i\`.`],
    ['/^pr-*$/', `${STAR('-')} Write \`pr-*\`, without slashes, for a glob, or \`/^pr-.*$/\`.`],
    [
      '/v1.*.2/',
      'in a regular expression, a dot means any character. Write `v1.*.2`, without slashes, for a glob, or `/^v1\\..*\\.2$/`.'
    ],
    ['/v1\\.*/', `${STAR('\\.')} Write \`v1.*\`, without slashes, for a glob, or \`/^v1\\..*$/\`.`]
  ])('%s', (pattern, sentence) => {
    expect(slipOf(pattern)).toBe('')
    expect(globBetweenSlashes(pattern)).toBe(
      `The pattern \`${pattern}\` may match other tags than you mean: ${sentence}`
    )
  })

  test.each([
    'main-*',
    '/main-.*/',
    '/^v\\d*$/',
    '/^v1\\..*$/',
    '/v1.*/',
    '/[0-9a-f]*/',
    '/(rc)*/',
    '/.*-rc/',
    'semver:1.*'
  ])('%s is none', pattern => {
    expect(globBetweenSlashes(pattern)).toBeUndefined()
  })
})

describe('E-18 the same for git tags and packages', () => {
  test.each([
    ['-rc\\.\\d+$', '`/-rc\\.\\d+$/`'],
    ['^v', '`/^v/`'],
    ['"v*"', '`v*`'],
    ['refs/tags/v*', '`v*`'],
    ['-rc', '`*-rc`'],
    ['v1|v2', '`v1` and `v2`']
  ])('git tag %s', (pattern, cure) => {
    expect(slipOf(pattern, 'git tag')).toContain(cure)
  })

  test.each(['release/*', 'pkg@1.*', 'v1.0.0+b5', '**', '/-rc$/', '@scope/pkg@*'])('git tag %s', pattern => {
    expect(slipOf(pattern, 'git tag')).toBe('')
  })

  test.each([
    ['!"prod"', '`!prod`'],
    ['^app', '`/^app/`'],
    ['app*|web', '`app*` and `web`'],
    ['app_%', '`app_*`']
  ])('package %s', (pattern, cure) => {
    expect(slipOf(pattern, 'package')).toContain(cure)
  })

  test.each(['app/*', '**', '!test-*', 'app.{api,web}', 'ghcr.io/octo/*'])('package %s', pattern => {
    expect(slipOf(pattern, 'package')).toBe('')
  })
})
