import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { referrerTag } from '../../src/model/digest.ts'
import { type PageData, pageData, planDigest } from '../../src/report/page/data.ts'
import { renderPage } from '../../src/report/page/page.ts'
import { imageTally } from '../../src/report/tally.ts'
import { planOf, somePackage, version } from '../helpers/make.ts'
import { hostilePageRun, pageRun } from './page-runs.ts'
import { keep, runOf } from './runs.ts'

const dataIn = (page: string): PageData =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as PageData

test('the page holds every version with its verdict, every reason, and what belongs together', () => {
  const data = dataIn(renderPage(pageRun(8)))
  expect(data.rows).toHaveLength(48)
  const [root, amd, , signature] = data.rows
  expect(root).toMatchObject({ t: ['sha-0000000'], n: 'index', c: [1, 2] })
  expect(root?.r).toEqual(['tag sha-0000000 matched by rule "builds", pushed 60 days ago'])
  expect(amd).toMatchObject({ n: 'linux/amd64', r: ['child of sha-0000000, which goes'] })
  expect(signature).toMatchObject({ s: 0 })
  expect(data.states[root?.k ?? -1]).toEqual({ word: 'would be deleted', tone: 'goes' })
  expect(data.title).toBe('Dry run: 8 of 48 versions in 1 package of acme would be deleted')
})

test("a signature that only its tag makes one is a part of its image, as in the summary's count", () => {
  const image = version('image', { tags: ['v1'] })
  const signed = version('signature', { tags: [`${referrerTag(image.digest)}.sig`] })
  const alone = version('alone', { tags: [`${referrerTag(image.digest)}.att`] })
  const decisions = [
    keep(image, { code: 'no-rule' }),
    keep(signed, { code: 'referrer', of: 'v1' }),
    keep(alone, { code: 'no-rule' })
  ]
  const run = runOf([
    { package: somePackage, plan: { ...planOf([]), decisions }, outcomes: [], warnings: [] }
  ])
  const { rows } = pageData(run)
  expect(rows.map(({ s }) => s)).toEqual([undefined, 0, undefined])
  expect(rows.filter(({ s }) => s === undefined)).toHaveLength(imageTally(run.packages).remaining)
})

test('nothing leaves the page, and nothing but its own script and style runs in it', () => {
  const page = renderPage(pageRun(4))
  const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(page) ?? []
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; base-uri 'none'/
  )
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? []
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(page) ?? []
  for (const text of [style, script]) {
    expect(policy).toContain(createHash('sha256').update(text).digest('base64'))
  }
  expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|fetch\(|eval\(/)
  expect(page.replace(/<script.*?<\/script>/gs, '')).not.toMatch(/\b(?:src|href)=/)
})

test('hostile names stay data: none of them ends the element that holds them', () => {
  const page = renderPage(hostilePageRun())
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(page).not.toMatch(/<img|<!-- hidden/)
  const data = dataIn(page)
  expect(data.rows.map(({ t }) => t[0])).toContain('</details><script>alert(1)</script>')
  expect(data.packages.map(({ url }) => url).join('')).toBe('')
})

test('beyond what a browser can show, kept parts are left out and counted', () => {
  const run = pageRun(99_999)
  const data = pageData(run)
  expect(data.hidden).toBe(30)
  expect(data.rows.filter(row => data.states[row.k]?.tone === 'goes')).toHaveLength(99_999)
})

test('the digest of a plan is that of its steps: an outcome changes nothing, one step less does', () => {
  const run = pageRun(8)
  expect(
    planDigest({ ...run, dryRun: false, packages: run.packages.map(one => ({ ...one, outcomes: [] })) })
  ).toBe(planDigest(run))
  expect(planDigest(pageRun(4))).not.toBe(planDigest(run))
  expect(planDigest(run)).toMatch(/^sha256:[0-9a-f]{64}$/)
})
