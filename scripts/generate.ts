/**
 * Writes the files that are made from the sources. With --check nothing is written: the exit code says whether
 * they are what the sources give.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withContents } from './generate/contents.ts'
import { modesOf, withInputs, withOutputs } from './generate/inputs-table.ts'
import { pageAssets } from './generate/page-assets.ts'
import { policyJsonSchema } from './generate/policy-json-schema.ts'

/** A file's path and what must be in it; `now` is what is in it, for generators that fill in a part. */
interface Generator {
  readonly path: string
  readonly make: (now: string) => string
}

const root = resolve(import.meta.dirname, '..')

const actionYml = readFileSync(join(root, 'action.yml'), 'utf8')
const pagePart = (name: string): string => readFileSync(join(root, 'src/report/page', name), 'utf8')

const GENERATORS: readonly Generator[] = [
  {
    path: 'src/report/page/assets.ts',
    make: () => pageAssets(pagePart('style.css'), pagePart('client.js'))
  },
  { path: 'policy.schema.json', make: () => `${JSON.stringify(policyJsonSchema(), null, 2)}\n` },
  {
    path: 'README.md',
    make: now => withContents(withInputs(now, actionYml, modesOf))
  },
  { path: 'docs/reference.md', make: now => withOutputs(now, actionYml) }
]

const stale = GENERATORS.map(({ path, make }) => {
  const file = join(root, path)
  const now = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return { path, file, now, text: make(now) }
}).filter(({ now, text }) => now !== text)

if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`out of date: ${stale.map(({ path }) => path).join(', ')}; run npm run generate`)
    process.exitCode = 1
  }
} else {
  for (const { path, file, text } of stale) {
    writeFileSync(file, text)
    console.log(path)
  }
}
