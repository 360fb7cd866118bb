import type { DeleteReason } from '../../src/model/decision.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import type { PackageRun, RunResult } from '../../src/model/run.ts'
import { deletion, digestOf, planOf, somePackage, version } from '../helpers/make.ts'
import { DAY, drop, keep, packageRun, runOf } from './runs.ts'

/** One run of every kind that people meet in a job summary, for the eye and for tests of the rendered page. */

const builds = (tag: string, days: number): DeleteReason => ({
  code: 'delete-rule',
  rule: 'builds',
  tags: [tag],
  age: days * DAY
})

const build = (index: number) => {
  const tag = `sha-${(index * 2_654_435).toString(16).padStart(7, '0').slice(0, 7)}`
  return drop(version(`build ${index}`, { tags: [tag] }), builds(tag, 400 - index / 4))
}

const releases = [1, 2, 3].map(patch =>
  keep(version(`release ${patch}`, { tags: [`v1.2.${patch}`] }), {
    code: 'keep-rule',
    rule: 'releases',
    matched: `v1.2.${patch}`
  })
)
const parts = Array.from({ length: 40 }, (_, index) =>
  keep(version(`part ${index}`), { code: 'child', of: 'v1.2.3' })
)

const planned = (_: PackageVersion) => ['planned', ''] as const

const named = (run: PackageRun, name: string): PackageRun => ({
  ...run,
  package: { ...somePackage, name, url: `https://github.com/orgs/acme/packages/container/package/${name}` }
})

/** Names and messages that try to break out of where they stand. */
export const EVIL = [
  '</details><script>alert(1)</script>',
  'a|b|c',
  '`code` *bold* _it_ ~~s~~ [x](http://y) ![i](j)',
  'line\nbreak\r\n\n# Heading',
  '--- - 1. 2)',
  '" : 9\n"x',
  'back\\|slash',
  '@octocat #1 https://evil.example www.evil.example',
  'mail@evil.example',
  '<!-- hidden',
  '```',
  '<img src=x onerror=alert(1)>',
  '&lt;b&gt; &#60;b&#62;',
  ':tada: [^1] $x$ [!NOTE]',
  '\u202Egnp.exe\u200B'
]

export const shown: Readonly<Record<string, () => RunResult>> = {
  'thousand-deletions': () =>
    runOf([
      packageRun([...Array.from({ length: 1_000 }, (_, index) => build(index)), ...releases, ...parts])
    ]),
  'dry-run': () =>
    runOf(
      [
        packageRun(
          [...Array.from({ length: 12 }, (_, index) => build(index)), ...releases, ...parts],
          planned
        )
      ],
      {
        dryRun: true
      }
    ),
  'nothing-to-do': () => runOf([packageRun([...releases, ...parts])]),
  brake: () =>
    runOf([
      {
        ...packageRun([...Array.from({ length: 90 }, (_, index) => build(index)), ...releases], undefined, {
          brakes: [{ input: 'max-deletion-percent', limit: 50, value: 96.8 }],
          hits: [{ rule: 'releases', action: 'keep', pattern: 'relase-*', hits: 0 }]
        }),
        outcomes: []
      }
    ]),
  unread: () =>
    runOf([
      packageRun(
        [
          ...releases,
          keep(version('u'), { code: 'unread', cause: 'HTTP 502' }),
          ...Array.from({ length: 5 }, (_, index) =>
            keep(version(`maybe ${index}`), { code: 'depends-on-unread', on: 'v1.2.4', cause: 'HTTP 502' })
          )
        ],
        undefined,
        {
          unread: [{ digest: digestOf('u'), ref: 'v1.2.4', cause: 'HTTP 502' }],
          broken: [{ version: version('b', { tags: ['v0.9.0'] }), state: 'partial' }]
        }
      ),
      {
        ...packageRun([]),
        plan: undefined,
        error:
          'The package `shop/wbe` was not found among the packages of acme: check its spelling and the rights of the token.'
      }
    ]),
  refused: () =>
    runOf([
      packageRun([...Array.from({ length: 4 }, (_, index) => build(index)), ...releases], one =>
        one.digest === build(1).version.digest
          ? ['refused', 'Publicly visible package versions with more than 5000 downloads cannot be deleted.']
          : one.digest === build(2).version.digest
            ? ['skipped', 'it has got the tag latest since the listing']
            : ['done', '']
      )
    ]),
  left: () =>
    runOf([{ ...packageRun(Array.from({ length: 2_400 }, (_, index) => build(index))), outcomes: [] }], {
      incomplete: 'GitHub has no requests left for this token until 04:00 UTC.'
    }),
  many: () =>
    runOf(
      Array.from({ length: 30 }, (_, index) =>
        named(packageRun([build(index), build(index + 50), ...releases]), `regtech/sbl/service-${index}`)
      )
    ),
  hostile: () => {
    const runs = EVIL.map(evil => {
      const bad = version('a', { tags: [evil] })
      const steps = [deletion(bad)]
      const reasons = [{ code: 'delete-rule', rule: evil, tags: [evil], age: 41 * DAY }] as const
      return {
        package: { ...somePackage, name: evil, url: `https://github.com/orgs/acme/packages/${evil}` },
        plan: {
          ...planOf(steps),
          decisions: [
            { verdict: 'delete', version: bad, reasons } as const,
            keep(version('k'), { code: 'in-use', by: evil })
          ],
          unread: [{ digest: digestOf('u'), ref: evil, cause: evil }],
          hits: [{ rule: evil, action: 'keep', pattern: evil, hits: 0 } as const]
        },
        outcomes: steps.map(step => ({ step, status: 'failed', detail: evil }) as const),
        warnings: [evil]
      }
    })
    return runOf(runs, { owner: EVIL[0] ?? '', warnings: EVIL, incomplete: EVIL.join(' ') })
  }
}
