import { expect, test } from '@jest/globals'
import { image } from '../emulator/shapes.ts'
import { ago, openScene } from './retain/runs.ts'

/**
 * Slips of the pen, each the only one of its run: the run ends before its first request, with one annotation that
 * says what is wrong and what to write instead, in words that one reads once.
 */
const RETAIN: readonly (readonly [slip: Readonly<Record<string, string>>, cure: string])[] = [
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
  [{ 'delete-tags': 'sha-*', packages: 'ghcr.io/acme/app:latest' }, 'Write `ghcr.io/acme/app`'],
  [{ 'delete-tags': 'sha-*', packages: 'acme/app' }, 'Write `app`'],
  [{ 'delete-tags': 'sha-*', owner: 'https://github.com/acme' }, 'Write `acme`'],
  [{ 'delete-tags': 'sha-*', token: '' }, 'Give '],
  [{ 'delete-tags': 'sha-*', token: 'github_pat_11AAA_x' }, 'personal access token (classic)'],
  [{ 'delete-tags': 'sha-*', mode: 'retention' }, 'Possible values are `retain`'],
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

const CHECK: typeof RETAIN = [
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
  [{ 'dispatch-workflow': 'build.yml', wait: '10' }, 'Write for instance `5m`'],
  [{ 'keep-tags': 'latest' }, 'Remove it, or change the mode']
]

const REST: typeof RETAIN = [
  [{ 'keep-tags': '- v*\n- latest', 'delete-tags': 'sha-*' }, 'on its own line, without a dash'],
  [{ policy: 'version: 1\nkeep-tags: v*\npackages:\n  - { match: app, rules: [] }' }, 'This is an input'],
  [{ mode: 'purge', purge: 'v1' }, '`confirm`'],
  [{ mode: 'purge', purge: 'v*', confirm: 'app' }, 'without wildcards'],
  [{ mode: 'purge', purge: '*', confirm: 'app' }, '`purge: package`'],
  [{ mode: 'restore' }, '`restore`'],
  [{ mode: 'restore', restore: 'since yesterday' }, '`since 3h`']
]

test.each([...RETAIN, ...CHECK.map(([slip, cure]) => [{ mode: 'check', ...slip }, cure] as const), ...REST])(
  'E-18 one sentence for the slip %j',
  async (slip, cure) => {
    await using scene = await openScene()
    scene.app.push(image(), { tags: ['latest', 'v1'], at: ago(90) })
    const { errors, warnings, code } = await scene.run(slip)
    expect({ errors, warnings, code }).toEqual({
      errors: [expect.stringContaining(cure)],
      warnings: [],
      code: 1
    })
    expect(errors[0]?.length).toBeLessThan(330)
    expect(errors[0]?.split(/\. (?=[A-Z])/).length).toBeLessThanOrEqual(3)
    expect(scene.github.requests).toEqual([])
  }
)

function entry(match: string): string {
  return `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match: { ${match} }\n`
}

function build(inputs: string): Readonly<Record<string, string>> {
  return { 'dispatch-workflow': 'build.yml', 'dispatch-inputs': inputs }
}
