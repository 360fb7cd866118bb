import { expect, it, test } from '@jest/globals'
import { image } from '../emulator/shapes.ts'
import { expectOneSentence, type Slip } from '../helpers/one-sentence.ts'
import { ago, openScene, type Run, type Scene } from './retain/runs.ts'

/** Slips of the pen; those of words from elsewhere are in slips-of-values.test.ts. */
const RETAIN: readonly Slip[] = [
  [{ 'delete-tag': 'sha-*' }, 'Did you mean `delete-tags`?'],
  [{ 'delete-tags': '"sha-*"' }, 'Write `sha-*`'],
  [{ 'delete-tags': 'sha-[0-9]+' }, 'Write `/sha-[0-9]+/`'],
  [{ 'delete-tags': '*', 'keep-tags': 'latest|v*' }, 'Write `latest` and `v*`'],
  [{ 'delete-tags': '*', 'keep-tags': '- latest' }, 'without a dash'],
  [{ 'delete-tags': '*', 'keep-tags': '["latest"]' }, 'Write `latest`'],
  [{ 'delete-tags': '*', 'keep-tags': '>=1.0' }, 'Write `semver:>=1.0`'],
  [{ 'delete-tags': '*', 'keep-tags': 'app:latest' }, 'Write `latest`'],
  [{ 'delete-tags': 'sha-*', 'keep-at-least': 'ten' }, 'Write digits only'],
  [{ 'delete-tags': 'sha-*', 'keep-at-least': '-1' }, 'Write digits only'],
  [{ 'delete-tags': 'sha-*', 'older-than': '14' }, 'Write `14d`'],
  [{ 'delete-tags': 'sha-*', 'older-than': '5m' }, 'Write `5min`'],
  [{ 'delete-tags': 'sha-*', 'dry-run': 'yes' }, 'Write `true`.'],
  [{ 'delete-tags': 'sha-*', dryrun: 'true' }, 'Did you mean `dry-run`?'],
  [{ 'delete-tags': 'sha-*', 'max-deletion-percent': '50%' }, 'Write `50`.'],
  [{ 'delete-tags': 'sha-*', packages: 'ghcr.io/acme/app:latest' }, 'Write `app`, for the owner `acme`.'],
  [{ 'delete-tags': 'sha-*', packages: 'acme/app' }, 'Write `app`'],
  [{ 'delete-tags': 'sha-*', packages: '"acme/app"' }, 'Write `acme/app`'],
  [{ 'delete-tags': 'sha-*', 'dry-run': 'true', explain: 'feature/login' }, '`feature-login`'],
  [{ 'delete-tags': 'sha-*', owner: 'https://github.com/acme' }, 'Write `acme`'],
  [{ 'delete-tags': 'sha-*', token: '' }, 'Give '],
  [{ 'delete-tags': 'sha-*', token: 'github_pat_11AAA_x' }, 'personal access token (classic)'],
  [{ 'delete-tags': 'sha-*', mode: 'retention' }, 'Did you mean `retain`?'],
  [{ 'delete-tags': 'sha-*', protect: 'release' }, 'Did you mean `releases`?'],
  [{ 'delete-tags': 'sha-*', 'exclude-tags': 'latest' }, '`keep-tags: latest`'],
  [{ 'delete-tags': 'sha-*', explain: 'latest' }, 'set `dry-run: true`'],
  [{ 'delete-tags': 'sha-*', 'report-file': 'r.json', plan: 'nowhere.json' }, 'nowhere.json'],
  [{ policy: 'polices.yml' }, 'polices.yml'],
  [{ policy: entry('tags: [\'"latest"\']') }, 'Write `latest`'],
  [{ policy: entry('tag: latest') }, 'Did you mean `tags`?'],
  [{ policy: entry('labels: { team: \'"web"\' }') }, 'Write `web`'],
  [{ policy: entry("labels: { team: '^web$' }") }, 'labels take only globs'],
  [{ policy: entry("labels: { team: 'web|api' }") }, 'Write `web` and `api` as separate entries.']
]

const CHECK: readonly Slip[] = [
  [{ 'git-tags': 'refs/tags/v*' }, 'Write `v*`'],
  [{ 'skip-tags': '-rc\\.\\d+$' }, 'Write `/-rc\\.\\d+$/`'],
  [{ 'skip-tags': "'*-rc*'" }, 'Write `*-rc*`'],
  [{ 'image-tags': '"{version}"' }, 'Write `{version}`'],
  [{ 'image-tags': '{{version}}' }, 'Write `{version}`'],
  [{ 'image-tags': 'v$major' }, 'Write `v{major}`'],
  [{ 'image-tags': 'ghcr.io/acme/app:{tag}' }, 'Write `{tag}`'],
  [{ 'image-tags': '-{version}' }, 'Write for instance `{tag}`'],
  [{ 'image-tags': 'latest' }, '`required-tags`'],
  [{ 'image-tags': '{vesion}' }, '`{vesion}`'],
  [{ 'newest-tags': '"latest"' }, 'Write `latest`'],
  [{ 'required-tags': 'v*' }, 'Write tags in full'],
  [{ 'required-tags': 'feature/login' }, '`feature-login`'],
  [{ platforms: 'amd64' }, 'Write for instance `linux/amd64`'],
  [build('tag: {tag}'), 'Write `tag={tag}`'],
  [build('- tag={tag}'), 'Write `tag={tag}`'],
  [build('tag="{tag}"'), 'Write `tag={tag}`'],
  [build(`tag=\${tag}`), 'Write `tag={tag}`'],
  [build('tag={{tag}}'), 'Write `tag={tag}`'],
  [build('{"tag": "{tag}"}'), 'Write one such line'],
  [build('"tag"={tag}'), 'Write for instance `tag={tag}`'],
  [build('tag={tag}\ntag=x'), 'Remove one of the lines'],
  [build('tag'), 'Write one such line'],
  [{ 'dispatch-workflow': 'build' }, 'Write `build.yml`'],
  [{ 'dispatch-workflow': 'build.yml', wait: '10' }, 'Write `10min`'],
  [{ 'keep-tags': 'latest' }, 'Remove it, or change the mode']
]

const REST: readonly Slip[] = [
  [{ 'keep-tags': '- v*\n- latest', 'delete-tags': 'sha-*' }, 'on its own line, without a dash'],
  [{ policy: 'version: 1\nkeep-tags: v*\npackages:\n  - { match: app, rules: [] }' }, 'This is an input'],
  [{ mode: 'purge', purge: 'v1' }, '`confirm`'],
  [{ mode: 'purge', purge: 'v*', confirm: 'app' }, 'without wildcards'],
  [{ mode: 'purge', purge: '*', confirm: 'app' }, '`purge: package`'],
  [{ mode: 'purge', purge: 'feature/login', confirm: 'app' }, '`feature-login`'],
  [{ mode: 'restore' }, '`restore`'],
  [{ mode: 'restore', restore: 'feature/login' }, '`feature-login`'],
  [{ mode: 'restore', restore: 'since yesterday' }, '`since 3h`']
]

test.each([...RETAIN, ...CHECK.map(([slip, cure]) => [{ mode: 'check', ...slip }, cure] as const), ...REST])(
  'E-18 one sentence for the slip %j',
  async (slip, cure) => {
    await expectOneSentence([slip, cure])
  }
)

function entry(match: string): string {
  return `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match: { ${match} }\n`
}

function build(inputs: string): Readonly<Record<string, string>> {
  return { 'dispatch-workflow': 'build.yml', 'dispatch-inputs': inputs }
}

/** `latest` and v1 on one image, an old build, and a pull request's. */
async function openShop(): Promise<Scene> {
  const scene = await openScene()
  scene.app.push(image(), { tags: ['latest', 'v1'], at: ago(90) })
  scene.app.push(image(), { tags: ['sha-1'], at: ago(85) })
  scene.app.push(image(), { tags: ['pr-1'], at: ago(80) })
  return scene
}

/** Where the log says the first time that something was, or would be, deleted. */
function firstDeletion({ stdout }: Run): number {
  return stdout.search(/\bdeleted\b.*(?:sha-1|pr-1)|(?:sha-1|pr-1).*\bdeleted\b/)
}

it.each(['"latest"\nv*', '^v\\d+$', 'v*|latest', 'app:latest', '- v*', '* !"latest"'])(
  'E-18 what no tag can match stops the run before the first request: %j',
  async pattern => {
    await using scene = await openShop()
    const inputs = pattern.startsWith('*')
      ? { 'delete-tags': pattern }
      : { 'delete-tags': '*', 'keep-tags': pattern }
    const result = await scene.run(inputs)
    expect(result.errors).toEqual([expect.stringMatching(/cannot match any image tag: .*Write /)])
    expect(scene.github.requests).toEqual([])
  }
)

it.each([
  { 'delete-tags': '*', 'keep-tags': 'latst, v1' },
  { 'delete-tags': '* !latst' },
  { 'delete-tags': '/.*/', 'keep-at-least': '1', 'keep-tags': 'latst' }
])(
  'E-18 with a rule that deletes whatever is tagged an idle keep pattern holds the run: %j',
  async inputs => {
    await using scene = await openShop()
    const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
    const real = await scene.run(inputs)
    for (const { errors } of [dry, real]) {
      expect(errors).toEqual([
        expect.stringMatching(/^app: Pattern "!?latst" of rule ".*" matches no tag, and/)
      ])
    }
    expect(scene.github.writes).toEqual([])
    expect(dry.outputs['planned-count']).toBe('0')
  }
)

it('E-18 the way out of an idle pattern works: it is joined with one that matches', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': '*', 'keep-tags': '{v*,nightly}' })
  expect(result.errors).toEqual([])
  expect(scene.github.writes).toHaveLength(6)
})

it('E-18 an idle keep pattern is told before the first DELETE, and once', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': 'sha-* pr-*', 'keep-tags': 'v2*' })
  const told = result.stdout.indexOf('Pattern "v2*" of rule "keep-tags" matched no tag')
  expect(told).toBeGreaterThan(0)
  expect(told).toBeLessThan(firstDeletion(result))
  expect(result.warnings.filter(warning => warning.includes('v2*'))).toHaveLength(1)
})

it('E-18 that `latest` goes, and that nothing limits the run, is told before the first DELETE', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': '*', grace: '7d' })
  expect(result.warnings).toEqual([
    expect.stringMatching(/^app: the tag `latest` is among the tags to be deleted\./),
    expect.stringMatching(/^Only `grace` limits what is deleted from app/)
  ])
  expect(result.stdout.indexOf('Only `grace`')).toBeLessThan(firstDeletion(result))
})

it('E-18 an input that an expression left blank is told before anything goes', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': 'pr-*', 'keep-at-least': '', grace: ' ', 'dry-run': '' })
  expect(result.warnings).toEqual([
    expect.stringMatching(/^Input `keep-at-least` is blank, so the default `0` applies/),
    expect.stringMatching(/^Input `grace` is blank, so the default `24h` applies/),
    expect.stringMatching(/^Input `dry-run` is blank, so the default `false` applies/)
  ])
})

it('what only follows from a misspelt input is not told beside it', async () => {
  await using scene = await openShop()
  const result = await scene.run({ mode: 'purge', purges: 'pr-1', confirm: 'app' })
  expect(result.errors).toEqual([expect.stringMatching(/`purges` is not known. Did you mean `purge`/)])
})

it.each([
  [{ 'delete-tags': '*', 'keep-tags': 'latst' }, 'error', 'Did you mean `latest`?'],
  [{ 'delete-tags': 'sha-*', 'keep-tags': 'Latest' }, 'warning', 'Did you mean `latest`?'],
  [
    { 'delete-tags': 'sha-*', 'keep-tags': 'V*' },
    'warning',
    'Capital letters count, and there is a tag `v1`.'
  ],
  [{ 'delete-tags': '* !LATEST' }, 'error', 'Did you mean `latest`?'],
  [{ 'delete-tags': 'SHA-*' }, 'info', 'Capital letters count, and there is a tag `sha-1`.'],
  [{ 'delete-tags': 'sha1' }, 'info', 'Did you mean `sha-1`?'],
  [{ 'delete-tags': 'all' }, 'info', 'For all tags, write `*`.']
] as const)(
  'a pattern that matches no tag is told with the tag that was meant: %j',
  async (inputs, kind, hint) => {
    await using scene = await openShop()
    const { errors, warnings, stdout } = await scene.run({ ...inputs, 'dry-run': 'true' })
    const told = { error: errors.join(), warning: warnings.join(), info: stdout }[kind]
    expect(told).toContain(hint)
  }
)

it('another number is no slip', async () => {
  await using scene = await openShop()
  const { warnings } = await scene.run({ 'delete-tags': 'sha-*', 'keep-tags': 'v2' })
  expect(warnings.join()).toContain('so it protects nothing: check its spelling.')
})

it.each([
  ['acme/app', '"acme/app" begins with the owner. Write `app`, unless the name'],
  ['ghcr.io/acme/app', 'Write `app`, without the registry and the owner.'],
  ['docker.io/app', 'is on another registry']
])('a policy that names %s is told before any request where it says so', async (name, hint) => {
  await using scene = await openShop()
  const policy = `version: 1\npackages: [{ match: ${name}, rules: [{ action: delete, match: { tags: x } }] }]`
  const { warnings } = await scene.run({ policy, 'registry-url': 'https://ghcr.io', token: 'ghp_nobody' })
  expect(warnings).toEqual([expect.stringMatching(/^policy:2:21: /)])
  expect(warnings[0]).toContain(hint)
})
