/**
 * Draws the pictures in the README, light and dark: the job summary of the demo's dry run, in Chromium.
 *
 *   npm run picture
 *
 * docs/summary.sha256 then says what they were drawn from; a test compares it with what would be drawn now.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { draw } from './render/browser.ts'
import { drawnFrom } from './render/drawn-from.ts'
import { page, WIDTH } from './render/page.ts'

/** The numbers and the first rows; the rest is more of the same. */
const HEIGHT = 1_150

const root = resolve(import.meta.dirname, '..')
// The demo runs the bundle, and the hash is that of the sources.
for (const script of ['build.ts', 'demo.ts'])
  execFileSync(process.execPath, [join(root, 'scripts', script)], { stdio: 'ignore' })
const summary = readFileSync(join(root, 'out/summary-dry-run.md'), 'utf8')
for (const [scheme, name] of [
  ['light', 'summary.png'],
  ['dark', 'summary-dark.png']
] as const) {
  const target = join(root, 'docs', name)
  await draw(page(summary, { scheme, open: 1 }), target, WIDTH, HEIGHT)
  console.log(target)
}
writeFileSync(join(root, 'docs/summary.sha256'), `${drawnFrom()}\n`)
