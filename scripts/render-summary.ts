/**
 * Draws a job summary as people see it, by GitHub's Markdown rules, in a real browser:
 *
 *   npx node scripts/render-summary.ts <summary.md> <picture.png> [--dark] [--open=N] [--height=N]
 *
 * `--open` opens the first N foldable parts, `--height` cuts the picture off (16,000 without it).
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { draw } from './render/browser.ts'
import { page, WIDTH } from './render/page.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dark: { type: 'boolean' }, open: { type: 'string' }, height: { type: 'string' } }
})
const [source, target] = positionals
if (source === undefined || target === undefined) {
  throw new Error('usage: npx node scripts/render-summary.ts <summary.md> <picture.png>')
}
const look = { scheme: values.dark ? 'dark' : 'light', open: Number(values.open ?? 0) } as const
await draw(page(readFileSync(source, 'utf8'), look), target, WIDTH, Number(values.height ?? 16_000))
console.log(target)
