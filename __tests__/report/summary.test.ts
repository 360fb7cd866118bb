import { describe, expect, test } from '@jest/globals'
import type { Decision } from '../../src/model/decision.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { deletion, digestOf, planOf, somePackage, version } from '../helpers/make.ts'
import { DAY, drop, keep, packageRun, runOf } from './runs.ts'
import { EVIL } from './shown.ts'

const MIB = 1024 * 1024
const deleteRule = { code: 'delete-rule', rule: 'builds', tags: ['sha-1'], age: 41 * DAY } as const

describe('the answer comes first', () => {
  test('a real run says how many images went and how many stay', () => {
    const text = renderSummary(runOf([packageRun([drop(version('a')), keep(version('b'))])]))
    expect(text.split('\n')[0]).toBe(
      '## 1 image deleted (1 version) in 1 package of acme, 1 image stays (1 version)'
    )
  })

  test('a dry run says that nothing was deleted and what a real run would do', () => {
    const run = runOf([packageRun([drop(version('a')), keep(version('b'))], () => ['planned', ''])], {
      dryRun: true
    })
    const text = renderSummary(run)
    expect(text).toMatch(
      /^## Dry run: 1 image would be deleted \(1 version\) in 1 package of acme, 1 image stays \(1 version\)\n/
    )
    expect(text).toContain(
      '**Nothing was deleted.** A real run would delete 1 of 2 versions, and keep the rest.'
    )
    expect(text).not.toContain('**Deleted: ')
  })

  test('a red run says so at once, and why', () => {
    const text = renderSummary(runOf([packageRun([drop(version('a'))], () => ['failed', 'It broke.'])]))
    expect(text.split('\n')[0]).toBe(
      '## Failed: nothing was deleted in 1 package of acme, 1 image stays (1 version)'
    )
    expect(text).toContain('> **This run failed.**\n>\n> - app: 1 change failed. The first is')
  })
})

test('the table has a line a package, their sum, and no column that is zero everywhere', () => {
  const decisions = [drop(version('a')), drop(version('b')), keep(version('c'))]
  const first = packageRun(decisions)
  const second = { ...first, package: { ...somePackage, name: 'tools/x' }, outcomes: [], plan: undefined }
  const lines = renderSummary(runOf([first, { ...second, error: 'No rights.' }])).split('\n')
  expect(lines).toContain('| Package | Versions | Kept | Deleted |')
  expect(lines).toContain('| **all packages** | 3 | 1 | 2 |')
  expect(lines).toContain(`| [\`app\`](${somePackage.url}) | 3 | 1 | 2 |`)
  expect(lines).toContain(`| [\`tools/x\`](${somePackage.url}) (failed) | 0 | 0 | 0 |`)
})

test('an image is one row: its tags, how much goes with it, and why', () => {
  const [root, child, other] = [version('i', { tags: ['sha-1'] }), version('c'), version('d')]
  const steps = [deletion(root), { ...deletion(child, [root]), root: root.digest }, deletion(other)]
  const decisions = [
    drop(root, deleteRule),
    drop(child, { code: 'owned', role: 'child', of: 'sha-1' }),
    drop(other)
  ]
  const outcomes = steps.map(step => ({ step, status: 'done' as const, detail: '' }))
  const run = { package: somePackage, plan: { ...planOf(steps), decisions }, outcomes, warnings: [] }
  const text = renderSummary(runOf([run]))
  expect(text).toContain('**Deleted: 2 images, and 1 part of them (platforms, attestations, signatures)**')
  const one = { ...run, outcomes: outcomes.slice(0, 2) }
  expect(renderSummary(runOf([one]))).toContain('**Deleted: 1 image, and 1 part of it (')
  expect(text).toContain(
    '| Image | Parts | Rule | Age |\n| :-- | --: | :-- | --: |\n| `sha-1` | +1 | builds | 41 days |'
  )
  expect(text).toContain(`| \`${other.digest.slice(0, 19)}\` |  | delete-untagged | 41 days |`)
})

test('what protected the rest is counted by reason, and how much goes is drawn', () => {
  const kept = ['a', 'b', 'c'].map(name => keep(version(name), { code: 'child', of: 'v1' }))
  const text = renderSummary(runOf([packageRun([...kept, keep(version('d')), drop(version('e'))])]))
  expect(text).toContain('| part of a kept image | 3 |\n| no rule asks for its deletion | 1 |')
  expect(text).toContain(`\n\`${'█'.repeat(8)}${'░'.repeat(32)}\` 20 % of the versions were deleted\n`)
})

test('what stays is named image by image, its parts only counted', () => {
  const root = keep(version('r', { tags: ['v1'] }), { code: 'keep-rule', rule: 'keep-tags', matched: 'v1' })
  const text = renderSummary(runOf([packageRun([root, keep(version('c'), { code: 'child', of: 'v1' })])]))
  expect(text).toContain('**Kept: 1 image**\n\n| Image | Why |')
  expect(text).toMatch(linked('`v1`', '| "v1" is kept by rule "keep-tags" |'))
})

test('what a brake held or a budget left is named, as in a dry run', () => {
  const due = drop(version('a', { tags: ['sha-1'] }), deleteRule)
  const held = packageRun([due], undefined, { brakes: [{ input: 'max-deletions', limit: 0, value: 1 }] })
  const text = renderSummary(runOf([{ ...held, outcomes: [] }]))
  expect(text.split('\n')[0]).toBe(
    '## Failed: nothing was deleted in 1 package of acme, 1 image stays (1 version)'
  )
  expect(text).toContain('**Due, but not deleted: 1 image**')
  expect(text).toContain('| Image | Rule | Age |')
  expect(renderSummary(runOf([packageRun([due])]))).not.toContain('Due, but not deleted')
})

test('a run that had nothing to do says so and draws no bar', () => {
  const text = renderSummary(runOf([packageRun([keep(version('a')), keep(version('b'), { code: 'cache' })])]))
  expect(text.split('\n')[0]).toBe('## Nothing to delete in 1 package of acme, 2 images stay (2 versions)')
  expect(text).not.toContain('░')
})

test('packages of which nothing changes share a line', () => {
  const named = (name: string, run: ReturnType<typeof packageRun>) => ({
    ...run,
    package: { ...somePackage, name }
  })
  const text = renderSummary(
    runOf([
      named('app', packageRun([drop(version('a'))])),
      named('api', packageRun([keep(version('b'))])),
      named('web', packageRun([keep(version('c'))]))
    ])
  )
  expect(text).toContain('\n\nNothing changes in 2 packages: `api`, `web`.\n')
  expect(text.match(/<summary><code>/g)).toHaveLength(1)
})

test('rows are shared fairly: of 60 packages with 20,000 deletions none lacks its title and its counts', () => {
  const runs = Array.from({ length: 60 }, (_, nth) => {
    const size = nth === 0 ? 14_100 : 100
    const decisions = Array.from({ length: size }, (_, index) => {
      const tags = [`feature-with-a-long-name-${nth}-${index}-${'x'.repeat(80)}`]
      return drop(version(`${nth} ${index}`, { tags }), { ...deleteRule, tags })
    })
    return { ...packageRun(decisions), package: { ...somePackage, name: `team/service-${nth}` } }
  })
  const text = renderSummary(runOf(runs))
  for (const [nth, { outcomes }] of runs.entries()) {
    const counts = `${outcomes.length.toLocaleString('en-US')} images deleted`
    expect(text).toContain(`<code>team/service-${nth}</code>: ${counts}`)
    expect(text).toContain(`feature-with-a-long-name-${nth}-0-`)
  }
  expect(Buffer.byteLength(text)).toBeLessThan(MIB)
})

test('T-26, T-27: what GitHub refused stands in its own list with its reason, apart from failures', () => {
  const run = packageRun([drop(version('a', { tags: ['v1'] }))], () => [
    'refused',
    'more than 5000 downloads'
  ])
  const text = renderSummary(runOf([run]))
  expect(text).toContain('**Refused by GitHub: 1 change**')
  expect(text).toMatch(linked('`v1`', '| delete | more than 5000 downloads |'))
  expect(text).not.toContain('This run failed')
})

test('a child that could not be deleted is told with the image that it goes with', () => {
  const [root, child] = [version('i', { tags: ['sha-1'] }), version('c')]
  const steps = [deletion(root), { ...deletion(child, [root]), root: root.digest }]
  const decisions = [drop(root), drop(child, { code: 'owned', role: 'child', of: 'sha-1' })]
  const outcomes = steps.map(step => ({ step, status: 'skipped' as const, detail: 'it changed' }))
  const run = { package: somePackage, plan: { ...planOf(steps), decisions }, outcomes, warnings: [] }
  const short = child.digest.slice(0, 19)
  expect(renderSummary(runOf([run]))).toMatch(linked(`\`${short}\``, 'of `sha-1` | delete | it changed |'))
})

test('unreadable manifests, broken images, brakes and stripped tags are told', () => {
  const stays = version('s', { tags: ['v1', 'old'] })
  const unread = [{ digest: digestOf('u'), ref: 'v2', cause: 'status 500' }]
  const run = packageRun([keep(stays)], undefined, {
    unread,
    broken: [{ version: stays, state: 'partial' }],
    brakes: [{ input: 'max-deletions', limit: 1, value: 2 }]
  })
  const untag = { step: { action: 'untag', version: stays, tag: 'old' }, status: 'done', detail: '' } as const
  const text = renderSummary(runOf([{ ...run, outcomes: [untag] }]))
  expect(text).toContain('| `v2` | status 500 |')
  expect(text).toMatch(linked('`v1`', '`old` | broken: some of what it names is gone |'))
  expect(text).toContain('allows 1: nothing was deleted.')
  expect(text).toContain('**Stripped: 1 tag of versions that stay**')
})

test('settings that a message quotes are code, whatever they hold', () => {
  const error =
    'Set `mode: purge` and `purge: sha256:ab12`, or `dispatch-inputs: tag={tag}` or `delete-tags: *`.'
  const text = renderSummary(runOf([{ ...packageRun([keep(version('a'))]), error }]))
  expect(text).toContain(error)
  const hostile = renderSummary(
    runOf([{ ...packageRun([keep(version('a'))]), error: 'a `b|c` ` d` `<e>` `@f`' }])
  )
  expect(hostile).toContain('a &#96;b&#124;c&#96; &#96; d&#96; &#96;&#60;e&#62;&#96; &#96;&#64;f&#96;')
})

test('T-25f: a pattern counts as unmatched only when it matched in no package', () => {
  const hits = { rule: 'keep-tags', action: 'keep' } as const
  const none = [
    { ...hits, pattern: 'latest', hits: 0 },
    { ...hits, pattern: 'lates', hits: 0 }
  ]
  const one = [{ ...hits, pattern: 'latest', hits: 1 }]
  const text = renderSummary(
    runOf([packageRun([], undefined, { hits: none }), packageRun([], undefined, { hits: one })])
  )
  expect(text).toContain('> - Pattern "lates" of rule')
  expect(text).not.toContain('"latest"')
  expect(text).toContain('<summary>Patterns: 2, of which 1 matched no tag</summary>')
  expect(text).toContain('| latest | keep-tags | keep | 1 |')
})

test('what the patterns of delete rules matched is shown, too', () => {
  const hits = [{ rule: 'builds', action: 'delete', pattern: 'sha-x', hits: 1_234 } as const]
  const text = renderSummary(runOf([packageRun([], undefined, { hits })]))
  expect(text).toContain('| sha-x | builds | delete | 1,234 |')
  expect(text).not.toContain('[!WARNING]')
})

test.each([
  [90, 'takes 30 s', false],
  [1_800, 'takes 10 min', true]
])('%d deletions that are left are told with the time that they take', (left, words, quota) => {
  const due = Array.from({ length: left }, (_, index) => drop(version(`v${index}`)))
  const text = renderSummary(
    runOf([{ ...packageRun(due), outcomes: [] }], { incomplete: 'GitHub has no requests left.' })
  )
  expect(text).toContain('**This run ended early.** GitHub has no requests left.')
  expect(text).toContain(words)
  expect(text.includes('about 2 hours with `GITHUB_TOKEN`')).toBe(quota)
})

describe('names and messages cannot break out', () => {
  test.each(EVIL)('%j', evil => {
    const bad = version('a', { tags: [evil] })
    const run = packageRun(
      [drop(bad, { ...deleteRule, rule: evil, tags: [evil] }), keep(version('k'))],
      undefined,
      {
        unread: [{ digest: digestOf('u'), ref: evil, cause: evil }],
        hits: [{ rule: evil, action: 'keep', pattern: evil, hits: 0 }]
      }
    )
    const failed = packageRun([drop(bad)], () => ['failed', evil])
    const named = { ...failed, package: { ...somePackage, name: evil, url: `https://x/${evil}` } }
    const text = renderSummary(runOf([run, named], { owner: evil, warnings: [evil], incomplete: evil }))

    const known =
      /^(?:## |### |> |>$|\| |<details><summary>(?:<code>|Patterns|Ids and digests of )|To undo this within 30 days, set `mode: restore`, |<\/details>|<sub>|…and |Build and push |\*\*|`[█░]+` |$)/
    expect(text.split('\n').filter(line => !known.test(line))).toEqual([])
    // Every table keeps its number of cells.
    for (const table of text.split('\n\n').filter(block => block.startsWith('| '))) {
      expect(new Set(table.split('\n').map(row => row.split('|').length)).size).toBe(1)
    }
    expect(text).not.toMatch(
      /<script|<img|<!--|https?:\/\/(?:evil|y)|www\.evil|\u202E|\u200B|@octocat|(?<!&)#1\b|\]\(http:\/\/y/
    )
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  })
})

describe('GitHub shows no summary beyond 1 MiB, so it stays below', () => {
  const long = '\u00e9'.repeat(2_000)
  const worlds: readonly (readonly [string, () => ReturnType<typeof runOf>])[] = [
    [
      '100,000 versions, half deleted',
      () => {
        const decisions: Decision[] = Array.from({ length: 100_000 }, (_, index) => {
          const one = { ...LIKE, id: index, digest: digestOf(String(index)), tags: [`sha-${index}`] }
          return index % 2 === 0 ? drop(one, deleteRule) : keep(one)
        })
        return runOf([packageRun(decisions)])
      }
    ],
    [
      'long tags and messages in many packages',
      () => {
        const tags = Array.from({ length: 30 }, (_, index) => `${index}${long}`)
        const decisions = Array.from({ length: 1_500 }, (_, index) =>
          drop({ ...LIKE, id: index, digest: digestOf(String(index)), tags })
        )
        const one = packageRun(decisions)
        const bad = packageRun(decisions, () => ['failed', long])
        return runOf([one, bad, one, bad, one, bad, one, bad, one, bad])
      }
    ],
    [
      '8,000 packages with a warning each',
      () => runOf(Array.from({ length: 8_000 }, () => ({ ...packageRun([drop(LIKE)]), warnings: [long] })))
    ]
  ]
  const LIKE = version('like')

  test.each(worlds)('%s', (_, world) => {
    const run = world()
    const text = renderSummary(run)
    expect(Buffer.byteLength(text)).toBeLessThan(MIB)
    expect(text).toMatch(/more|left out/)
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  })

  test('a list that is too long keeps its beginning and says how much it lacks', () => {
    const tags = Array.from({ length: 5 }, (_, index) => `${'x'.repeat(120)}${index}`)
    const decisions = Array.from({ length: 1_500 }, (_, index) =>
      drop({ ...LIKE, id: index, digest: digestOf(String(index)), tags })
    )
    const text = renderSummary(runOf([packageRun(decisions)]))
    const rows = text.split('\n').filter(line => line.startsWith(`| \`${tags[0]}`)).length
    expect(rows).toBeGreaterThan(100)
    expect(rows).toBeLessThan(1_000)
    expect(text).toContain(`…and ${(1_500 - rows).toLocaleString('en-US')} more images, in the JSON report.`)
  })

  test('a thousand deleted images are all there', () => {
    const decisions = Array.from({ length: 1_000 }, (_, index) =>
      drop({ ...LIKE, id: index, digest: digestOf(String(index)), tags: [`sha-${index}`] }, deleteRule)
    )
    const text = renderSummary(runOf([packageRun(decisions)]))
    expect(text).toContain('| `sha-0` |')
    expect(text).toContain('| `sha-999` |')
    expect(text).not.toContain('…and')
  })
})

/** A row that begins with a link to the page of a version of `app`. */
function linked(name: string, rest: string): RegExp {
  const page = 'https://github.com/orgs/acme/packages/container/app/'
  return new RegExp(`^${RegExp.escape(`| [${name}](${page}`)}\\d+\\) ${RegExp.escape(rest)}`, 'm')
}

test('what GitHub refuses to delete is one of the images that stay, in the headline as in the fold', () => {
  const decisions = [drop(version('a')), drop(version('b')), keep(version('c'))]
  const one = packageRun(decisions, ({ digest }) =>
    digest === version('a').digest ? ['refused', 'too many downloads'] : ['done', '']
  )
  const text = renderSummary(runOf([one]))
  expect(text).toMatch(
    /^## 1 image deleted \(1 version\), 1 refused by GitHub .*, 2 images stay \(2 versions\)$/m
  )
  expect(text).toMatch(/<summary>.*: 1 image deleted \(1 version\), 1 refused, 2 images stay \(2 versions\)/)
  expect(text).toContain('**Kept: 1 image of the 2 that stay**')
  // How to undo it is said before the folds.
  expect(text.indexOf('To undo this')).toBeLessThan(text.indexOf('<details>'))
  const dry = renderSummary(runOf([packageRun(decisions, () => ['planned', ''])], { dryRun: true }))
  expect(dry.match(/1 image stays \(1 version\)/g)).toHaveLength(2)
})
