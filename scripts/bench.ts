/**
 * Measures what the README claims, in one run on one machine: the claims are ratios, never seconds.
 * `npm run bench` runs everything; `npm run bench -- start-up` one part of it.
 */
import { deletions } from './bench/deletions.ts'
import { startUp } from './bench/start-up.ts'

const PARTS: Readonly<Record<string, () => Promise<void>>> = { 'start-up': startUp, deletions }

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in PARTS))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`)
for (const [name, measure] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n== ${name}`)
  await measure()
}
