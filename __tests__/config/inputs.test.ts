import { describe, expect, test } from '@jest/globals'
import { inputWarnings } from '../../src/config/advice.ts'
import { type Inputs, readInputs } from '../../src/config/inputs.ts'
import { problemsOf } from '../helpers/problems.ts'

const HOUR = 3_600_000
const RUNNER = {
  GITHUB_REPOSITORY: 'Octo/App',
  GITHUB_REPOSITORY_OWNER: 'Octo',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_API_URL: 'https://api.github.com',
  RUNNER_TEMP: '/runner/temp',
  INPUT_TOKEN: 'ghs_secret'
}

/** The environment that the runner makes of these inputs. */
function envOf(inputs: Record<string, string>, runner: NodeJS.ProcessEnv = RUNNER): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...runner }
  for (const [name, value] of Object.entries(inputs)) {
    env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value
  }
  return env
}

const read = (inputs: Record<string, string>, runner?: NodeJS.ProcessEnv): Inputs =>
  readInputs(envOf(inputs, runner))

const wrong = (inputs: Record<string, string>, runner?: NodeJS.ProcessEnv): readonly string[] =>
  problemsOf(() => read(inputs, runner))

test('without any input, nothing is asked for and everything has its default', () => {
  expect(read({})).toEqual({
    packagesGiven: false,
    policyTests: false,
    explain: undefined,
    mode: 'retain',
    token: 'ghs_secret',
    owner: 'Octo',
    packages: { names: ['app'], patterns: [] },
    dryRun: false,
    policy: undefined,
    deleteTags: [],
    keepTags: [],
    keepAtLeast: 0,
    deleteUntagged: false,
    keepUntagged: 0,
    olderThan: undefined,
    deleteBroken: [],
    untag: false,
    grace: 24 * HOUR,
    ageFrom: 'newest',
    rankBy: 'created',
    protect: [],
    protectFiles: [],
    minRemaining: undefined,
    newestTags: [],
    maxDeletions: undefined,
    maxDeletionPercent: undefined,
    deletionsPerRun: undefined,
    plan: undefined,
    gitTags: ['v*'],
    skipTags: [],
    requiredTags: [],
    imageTags: ['{tag}', '{version}'],
    platforms: [],
    releasesOnly: false,
    expectVisibility: undefined,
    failOnMissing: false,
    dispatchWorkflow: undefined,
    dispatchRepository: 'Octo/App',
    dispatchRef: undefined,
    dispatchInputs: { tag: '{tag}' },
    dispatchToken: undefined,
    maxDispatches: 20,
    wait: undefined,
    purge: [],
    confirm: undefined,
    restore: undefined,
    reserveRequests: 50,
    patience: 5 * 60_000,
    memory: true,
    sizes: false,
    timeLimit: 5 * HOUR,
    reportFile: '/runner/temp/ghcr-steward-report.json',
    apiUrl: 'https://api.github.com',
    registryUrl: 'https://ghcr.io',
    repository: 'Octo/App',
    serverUrl: 'https://github.com'
  })
})

const VALUES: readonly (readonly [string, string, Partial<Inputs>])[] = [
  ['keep-at-least', '0', { keepAtLeast: 0 }],
  ['keep-at-least', ' 12\n', { keepAtLeast: 12 }],
  ['keep-at-least', '', { keepAtLeast: 0 }],
  ['max-deletions', '0', { maxDeletions: 0 }],
  ['max-deletions', ' ', { maxDeletions: undefined }],
  ['deletions-per-run', '0', { deletionsPerRun: 0 }],
  ['grace', '  ', { grace: 24 * HOUR }],
  ['grace', '36h', { grace: 36 * HOUR }],
  ['older-than', '2 weeks', { olderThan: 14 * 24 * HOUR }],
  ['dry-run', 'TRUE', { dryRun: true }],
  ['delete-untagged', 'false', { deleteUntagged: false }],
  ['delete-tags', ' sha-*,\n  /^pr (1|2), x$/\n# no\n', { deleteTags: ['sha-*', '/^pr (1|2), x$/'] }],
  ['keep-tags', `sha256:${'a'.repeat(64)}`, { keepTags: [`sha256:${'a'.repeat(64)}`] }],
  ['delete-broken', 'ghost, partial ghost', { deleteBroken: ['ghost', 'partial'] }],
  ['max-deletion-percent', '100', { maxDeletionPercent: 100 }],
  ['time-limit', '30 min', { timeLimit: HOUR / 2 }],
  ['report-file', 'out/my report.json', { reportFile: 'out/my report.json' }],
  ['owner', 'Acme-Corp', { owner: 'Acme-Corp' }],
  ['api-url', 'https://ghes.example/api/v3/', { apiUrl: 'https://ghes.example/api/v3' }],
  ['api-url', 'http://127.0.0.1:8080', { apiUrl: 'http://127.0.0.1:8080' }],
  ['registry-url', 'http://[::1]:5000/', { registryUrl: 'http://[::1]:5000' }],
  ['registry-url', 'http://localhost:5000', { registryUrl: 'http://localhost:5000' }]
]

test.each(VALUES)('T-25c: input %s as %j', (name, value, expected) => {
  expect(read({ [name]: value })).toMatchObject(expected)
})

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['token', '', /^Input `token` is empty/],
  ['mode', 'retian', /"retian" is not a mode. Did you mean `retain`/],
  ['mode', 'delete', /Did you mean `retain`\? .*`retain` \(deletes by policy\)/],
  ['mode', 'dry-run', /write `dry-run: true`/],
  ['mode', 'undo', /Did you mean `restore`\? .*`restore` \(undoes\)/],
  ['mode', 'purge: all', /`purge` \(deletes what the input `purge` names\)/],
  ['dry-run', 'yes', /^Input `dry-run`: "yes" cannot be read\. Write `true`\.$/],
  ['dry-run', 'maybe', /"maybe" is neither `true` nor `false`/],
  ['keep-at-least', '-1', /"-1" is not a whole number.*digits only/],
  ['keep-at-least', '1e3', /digits only/],
  ['keep-at-least', '0x10', /digits only/],
  ['keep-at-least', '3.5', /digits only/],
  ['keep-at-least', '٣', /digits only/],
  ['keep-at-least', '99999999999999999999', /too large/],
  ['max-deletion-percent', '101', /from `0` to `100`/],
  ['max-deletion-percent', '50%', /"50%" cannot be read\. Write `50`\.$/],
  ['max-deletion-percent', 'half', /without a percent sign/],
  ['older-than', '3 moons', /"3 moons" is not an age.*`30d`/],
  ['older-than', '2026-01-01', /Dates do not work here: write the age, such as `30d`/],
  ['grace', '24', /"24" is not an age/],
  ['time-limit', '0h', /`time-limit`/],
  ['delete-tags', 'v[1', /v\[1/],
  ['delete-tags', '/(/', /\/\(\//],
  ['delete-tags', 'v1 # not latest', /own line/],
  ['delete-tags', "['main-*', x", /Write `main-\*`, without brackets/],
  ['keep-tags', 'sha256:abc', /"sha256:abc" is not a full digest/],
  [
    'keep-tags',
    'latest !latest',
    /`keep-tags`: no tag can match, because the `!` patterns exclude everything/
  ],
  ['delete-tags', 'sha-* !*', /`delete-tags`: no tag can match/],
  ['keep-tags', `!sha256:${'a'.repeat(64)}`, /not a full digest/],
  ['delete-broken', 'ghosts', /Did you mean `ghost`/],
  ['age-from', 'oldest', /Possible values are `newest`, `created`, `updated`/],
  ['owner', 'octo/app', /is not the name of an organization or user\. Write `octo`\./],
  ['owner', '@octo', /Write `octo`\./],
  ['owner', 'https://github.com/orgs/octo', /Write `octo`\./],
  ['owner', '-octo', /without a slash/],
  ['packages', '[]', /^Input `packages` is an empty list, so there is no package/],
  ['packages', 'app:latest', /"app:latest" is not a package name\. Write `app`\./],
  ['packages', `app@sha256:${'a'.repeat(64)}`, /Write `app`\./],
  ['packages', 'site%2Fapp', /Write `site\/app`\./],
  ['packages', 'https://ghcr.io/octo/app', /Write `app`, for the owner `octo`\./],
  ['packages', 'https://github.com/orgs/octo/packages/container/site%2Fapp/settings', /Write `site\/app`\./],
  ['packages', 'app$', /is not a package name\. Write it as in `docker pull`/],
  ['packages', 'Octo/app', /begins with the owner. Write `app`; .*`octo\/octo\/app`/],
  ['packages', 'octo/app-*', /begins with the owner. Write `app-\*`/],
  ['packages', 'ghcr.io/other/app', /is not under `ghcr.io\/octo\/`/],
  ['packages', 'ghcr.io/octo', /is not under/],
  ['packages', 'localhost:5000/octo/site/app', /is not on the registry ghcr\.io\. Write `site\/app`/],
  ['packages', '!localhost:5000/octo/app-*', /Write `!app-\*`/],
  ['api-url', 'api.github.com', /is not the address of GitHub's REST API. Write `https:\/\/api.github.com`/],
  ['api-url', 'ftp://x', /is not an HTTP address/],
  ['api-url', 'http://api.github.com', /would send the token unencrypted/],
  ['api-url', 'http://127.0.0.1.evil.example', /unencrypted/],
  ['api-url', 'https://x/?a=b', /Leave that part out/],
  ['registry-url', 'https://ghcr.io/octo', /has a path.*`https:\/\/ghcr.io`/]
]

describe('a value that cannot be is refused with the input, the value and the fix', () => {
  test.each(REFUSED)('T-25e: %s as %j', (name, value, message) => {
    expect(wrong({ [name]: value })).toEqual([expect.stringMatching(message)])
  })

  test.each([
    ['linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/armv7', 'linux/arm/v7'],
    ['linux/i386', 'linux/386']
  ])('no image has the platform %s, so a check does not look for it', (platforms, meant) => {
    expect(wrong({ mode: 'check', platforms })).toEqual([
      `Input \`platforms\`: "${platforms}" is not a platform of an image. Write \`${meant}\`.`
    ])
    expect(wrong({ mode: 'check', platforms: meant })).toEqual([])
  })

  test('every problem is told at once, each entry of a list for itself', () => {
    const problems = wrong({
      'keep-at-least': 'ten',
      'delete-tags': 'v[1 ok /(/',
      dryrun: 'true',
      grace: 'x'
    })
    expect(problems.map(problem => /`(.+?)`/.exec(problem)?.[1])).toEqual([
      'dryrun',
      'delete-tags',
      'delete-tags',
      'keep-at-least',
      'grace'
    ])
  })

  test('and so is a server that the runner cannot mean', () => {
    const server = { ...RUNNER, GITHUB_SERVER_URL: 'github.com' }
    expect(wrong({ 'registry-url': 'https://ghcr.io' }, server)).toEqual([
      'Variable GITHUB_SERVER_URL: "github.com" is not an HTTP address. Write `https://github.com`.'
    ])
  })

  test('law 10: a password in an address is not repeated', () => {
    const [problem] = wrong({ 'api-url': 'https://me:hunter2@x.example' })
    expect(problem).toMatch(/contains a user or a password/)
    expect(problem).not.toContain('hunter2')
  })
})

describe('law 9: an unknown input stops the run', () => {
  test.each([
    ['dry_run', /^Input `dry_run` is not known. Did you mean `dry-run`\?$/],
    ['keep tags', /`keep_tags` is not known. Did you mean `keep-tags`/],
    ['delete-untaged', /Did you mean `delete-untagged`/],
    ['colour', /`colour` is not known. Remove it/]
  ])('%s', (name, message) => {
    expect(wrong({ [name]: 'true' })).toEqual([expect.stringMatching(message)])
  })

  test('even when it is blank', () => {
    expect(wrong({ 'keep-tag': '' })).toHaveLength(1)
  })
})

describe('packages', () => {
  test.each([
    ['App/Api', { names: ['app/api'], patterns: [] }],
    ['regtech/sbl/python-alpine a_b', { names: ['regtech/sbl/python-alpine', 'a_b'], patterns: [] }],
    ['ghcr.io/octo/app', { names: ['app'], patterns: [] }],
    ['ghcr.io/octo/octo/app', { names: ['octo/app'], patterns: [] }],
    ['App-* !app-Old', { names: [], patterns: ['app-*', '!app-old'] }],
    ['base app-*', { names: ['base'], patterns: ['base', 'app-*'] }],
    ['base !x', { names: ['base'], patterns: ['base', '!x'] }],
    ['/^App\\W/', { names: [], patterns: ['/^App\\W/'] }],
    ['ghcr.io/octo/app-*', { names: [], patterns: ['app-*'] }],
    ['**', { names: [], patterns: ['**'] }],
    ['[\n  "a",\n  "team/b"\n]', { names: ['a', 'team/b'], patterns: [] }],
    ['App?', { names: ['app'], patterns: [], optional: ['app'] }],
    ['ghcr.io/octo/team/app?, web', { names: ['team/app', 'web'], patterns: [], optional: ['team/app'] }],
    ['app-* base?', { names: ['base'], patterns: ['app-*', 'base'], optional: ['base'] }],
    ['a?b? app-*?', { names: [], patterns: ['a?b?', 'app-*?'] }]
  ])('T-39: %s', (packages, expected) => {
    expect(read({ packages }).packages).toEqual(expected)
  })

  test('outside of a repository they must be given, and so must the owner', () => {
    const { GITHUB_REPOSITORY, GITHUB_REPOSITORY_OWNER, ...bare } = RUNNER
    expect(wrong({ packages: 'app' }, bare)).toEqual([expect.stringMatching(/`owner` is empty/)])
    expect(wrong({ owner: 'octo' }, bare)).toEqual([expect.stringMatching(/`packages` is empty/)])
  })
})

test.each([
  ['https://github.com', 'https://ghcr.io'],
  ['https://octo.ghe.com', 'https://containers.octo.ghe.com'],
  ['https://ghes.example', 'https://containers.ghes.example']
])('the registry of %s is %s', (server, registry) => {
  expect(read({}, { ...RUNNER, GITHUB_SERVER_URL: server }).registryUrl).toBe(registry)
})

describe('inputs of other modes', () => {
  test('stop the run when they are set', () => {
    expect(wrong({ confirm: 'app', 'skip-tags': 'x*' })).toEqual([
      expect.stringMatching(
        /^Input `skip-tags` is only for mode `check`, and the mode is `retain`.*write `keep-tags`\.$/
      ),
      expect.stringMatching(/^Input `confirm` is only for mode `purge`/)
    ])
  })

  test('do no harm when they say what the default says, as the runner hands them over', () => {
    const inputs = {
      'git-tags': ' v* ',
      'image-tags': '{tag},{version}',
      'fail-on-missing': 'False',
      confirm: ''
    }
    expect(wrong(inputs)).toEqual([])
  })
})

describe('placeholders', () => {
  test.each([
    ['image-tags', '{vesion}', 'vesion'],
    ['dispatch-inputs', 'tag={tga}', 'tga'],
    ['dispatch-ref', 'refs/tags/{name}', 'name']
  ])('of %s that nothing feeds stop the run: %s', (input, value, name) => {
    const problems = wrong({ mode: 'check', [input]: value })
    expect(problems).toEqual([
      expect.stringMatching(`^Input \`${input}\`: \`\\{${name}\\}\` is not a known placeholder`)
    ])
  })

  test('may be named groups of the git tags, and JSON has none', () => {
    const inputs = {
      mode: 'check',
      'git-tags': '/^(?<pkg>.+)@(?<version>.+)$/',
      'image-tags': '{pkg}-{version} {major}.{minor}',
      'dispatch-inputs': 'data={"tag": "{tag}", "newest": {is-latest}}'
    }
    expect(wrong(inputs)).toEqual([])
  })
})

test.each([
  ['ghcr.io/octo/app', 'ghcr.io/octo/app', true],
  ['ghcr.io/octo/app', 'app', true],
  ['app?', 'app?', true],
  ['ghcr.io/octo/app-*', 'app-*', true],
  ['app', 'ghcr.io/other/app', false],
  ['app', 'ap', false]
])('`packages: %s` is repeated by `confirm: %s`: %s', (packages, confirm, expected) => {
  const problems = wrong({ mode: 'purge', purge: 'package', packages, confirm })
  expect(problems).toEqual(expected ? [] : [expect.stringMatching(/^Input `confirm` is /)])
})

test('a wrong address beside a confirmation is told alone', () => {
  const inputs = { mode: 'purge', purge: 'package', packages: 'app', confirm: 'app', 'registry-url': 'x' }
  expect(wrong(inputs)).toEqual([expect.stringMatching(/^Input `registry-url`/)])
})

describe('warnings', () => {
  test.each([
    [{}, ['Nothing is deleted']],
    [{ 'keep-tags': 'v*', 'keep-at-least': '3' }, ['Nothing is deleted']],
    [{ 'delete-tags': 'x' }, []],
    [{ 'delete-broken': 'ghost' }, []],
    [{ 'delete-untagged': 'true', 'keep-at-least': '3', untag: 'true' }, ['`keep-at-least`', '`untag`']],
    [{ 'delete-tags': 'x', 'keep-untagged': '3' }, ['`keep-untagged`']],
    [{ 'delete-tags': 'x', 'image-tags': '{version}-alpine' }, ['`git-tags` or `image-tags` has no effect']],
    [{ 'delete-tags': 'x', 'image-tags': '{version}-alpine', protect: 'releases' }, []],
    [{ mode: 'check', wait: '1h', 'dispatch-token': 'x' }, ['`wait`', '`dispatch-token`']],
    [{ mode: 'check', wait: '1h', 'dispatch-workflow': 'build.yml' }, []]
  ])('for %j', (inputs, expected) => {
    const warnings = inputWarnings(read(inputs as Record<string, string>))
    expect(warnings).toEqual(expected.map(part => expect.stringContaining(part)))
  })
})
