/**
 * Draws summaries of every kind into `out/gallery`, to be looked at after a change of the report:
 *
 *   npx node scripts/gallery.ts [name...]
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { shown } from '../__tests__/report/shown.ts'
import { renderSummary } from '../src/report/summary.ts'
import { draw } from './render/browser.ts'
import { page, WIDTH } from './render/page.ts'

const out = resolve(import.meta.dirname, '../out/gallery')
mkdirSync(out, { recursive: true })
const wanted = process.argv.slice(2)
for (const [name, run] of Object.entries(shown)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const target = join(out, `${name}.png`)
  await draw(page(renderSummary(run()), { scheme: 'light', open: 100 }), target, WIDTH, 3_000)
  console.log(target)
}
