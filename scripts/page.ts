/**
 * Opens the HTML report in a real browser, at 1, 1,000 and 20,000 deletions, with hostile names, of a purge and of a restore, uses it as an
 * approver would, and draws it, light and dark, into `out/page`:
 *
 *   npm run page
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hostilePageRun, pageRun } from '../__tests__/report/page-runs.ts'
import type { RunResult } from '../src/model/run.ts'
import { planDigest } from '../src/report/page/data.ts'
import { renderPage } from '../src/report/page/page.ts'
import { undoPages } from './page/undo.ts'
import { openTab, type Tab } from './render/devtools.ts'

const out = resolve(import.meta.dirname, '../out/page')
mkdirSync(out, { recursive: true })

const RUNS: Readonly<Record<string, () => RunResult>> = {
  '1': () => pageRun(1),
  '1000': () => pageRun(1_000, 3),
  '20000': () => pageRun(20_000, 60, { warnings: ['Pattern "lates" of rule "keep-tags" matched no tag.'] }),
  hostile: hostilePageRun
}

for (const [name, make] of Object.entries(RUNS)) {
  const run = make()
  const file = join(out, `${name}.html`)
  writeFileSync(file, renderPage(run))
  await using tab = await openTab(file, 1_400, 900)
  await use(tab, run)
  for (const scheme of ['light', 'dark'] as const) {
    await tab.show(scheme)
    await tab.screenshot(join(out, `${name}-${scheme}.png`))
  }
  assert.deepEqual(tab.requests, [], 'the page asks nobody')
  assert.deepEqual(tab.complaints, [], 'the browser has nothing to complain of')
  console.log(`${name}: as it should be`)
}

for (const [name, html] of Object.entries(await undoPages())) {
  const file = join(out, `${name}.html`)
  writeFileSync(file, html)
  await using tab = await openTab(file, 1_400, 900)
  await tab.evaluate(`document.querySelector('.row').click()`)
  assert.ok((await nodes(tab)) >= 3, 'a click shows the image with its platforms')
  for (const scheme of ['light', 'dark'] as const) {
    await tab.show(scheme)
    await tab.screenshot(join(out, `${name}-${scheme}.png`))
  }
  assert.deepEqual([...tab.requests, ...tab.complaints], [])
  console.log(`${name}: as it should be`)
}

/** How many versions the graph of the chosen image shows. */
async function nodes(tab: Tab): Promise<number> {
  return await tab.evaluate<number>(`document.querySelectorAll('#graph .node').length`)
}

/** Reads, searches, filters, resets, and opens an image. */
async function use(tab: Tab, run: RunResult): Promise<void> {
  const value = <T>(expression: string): Promise<T> => tab.evaluate<T>(expression)
  const shown = async (): Promise<number> =>
    Number(
      (await value<string>(`document.getElementById('total').textContent`)).split(' ')[0]?.replaceAll(',', '')
    )
  assert.equal(await value(`document.getElementById('plan-digest').textContent`), planDigest(run))
  assert.equal(await value('globalThis.alerted ?? document.images.length'), 0)
  const all = await shown()
  assert.ok((await value<number>(`document.querySelectorAll('.row').length`)) <= Math.min(all, 80))
  const type = (text: string): string =>
    `{ const field = document.getElementById('search'); field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event('input')) }`
  const first = run.packages[0]?.plan?.decisions[0]?.version
  await value(type(first?.digest ?? ''))
  assert.equal(await shown(), 1, 'a digest finds its version')
  await value(`document.querySelector('.row').click()`)
  if (Number(run.packages[0]?.plan?.steps.length) >= 4)
    assert.equal(await nodes(tab), 4, 'a click shows the index with all its parts')
  assert.ok((await value<number>(`document.querySelectorAll('#reasons li').length`)) > 0)
  await value(`document.getElementById('reset').click()`)
  assert.equal(await shown(), all)
  await value(
    `{ const select = document.getElementById('filter-state'); if (select) { select.selectedIndex = 1; select.dispatchEvent(new Event('change')) } }`
  )
  assert.ok((await shown()) <= all)
  await value(`document.getElementById('reset').click()`)
  await value(
    `document.querySelectorAll('.row')[Math.min(2, document.querySelectorAll('.row').length - 1)].click()`
  )
}
