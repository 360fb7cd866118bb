/**
 * Bundles src/index.ts into dist and collects the licences of every
 * package that ended up in it. With --check nothing is written: the exit code
 * says whether dist is what the sources give.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Metafile } from 'esbuild'
import { bundle } from './bundle.ts'

const root = resolve(import.meta.dirname, '..')
const outdir = join(root, 'dist')

const { outputFiles, metafile } = await bundle()

const files = new Map<string, string>([
  ...outputFiles.map(file => [relative(outdir, file.path), file.text] as const),
  ['licenses.txt', licences(metafile)]
])
if (process.argv.includes('--check')) {
  const stale = [...files]
    .filter(([name, text]) => read(join(outdir, name)) !== text)
    .map(([name]) => `dist/${name}`)
  const wrong = [...stale, ...foreign().map(name => `dist/${name}`)]
  if (wrong.length > 0) {
    console.error(`out of date: ${wrong.join(', ')}; run npm run build`)
    process.exitCode = 1
  }
} else {
  mkdirSync(outdir, { recursive: true })
  for (const name of foreign()) rmSync(join(outdir, name), { recursive: true })
  for (const [name, text] of files) writeFileSync(join(outdir, name), text)
  for (const [name, text] of files) console.log(`dist/${name} ${Buffer.byteLength(text)} bytes`)
}

/** What lies in dist and was not built from the sources: it would be released and attested with the rest. */
function foreign(): string[] {
  return existsSync(outdir) ? readdirSync(outdir).filter(name => !files.has(name)) : []
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function licences(meta: Metafile): string {
  const packages = new Map<string, string>()
  const bundled = Object.values(meta.outputs).flatMap(output => Object.entries(output.inputs))
  for (const [input, { bytesInOutput }] of bundled) {
    if (bytesInOutput === 0 || !input.includes('node_modules/')) continue
    // Packages nest further package.json files, with a name even; the one that counts is next to node_modules.
    const [folder = ''] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []
    const dir = join(root, folder)
    const manifest: { name: string; version: string; license?: string } = JSON.parse(
      readFileSync(join(dir, 'package.json'), 'utf8')
    )
    const id = `${manifest.name}@${manifest.version}`
    if (packages.has(id)) continue
    const file = readdirSync(dir).find(name => /^(licen[cs]e|copying)/i.test(name))
    const text =
      file === undefined ? '(no licence file in the package)' : readFileSync(join(dir, file), 'utf8').trim()
    packages.set(id, `${id}\n${manifest.license ?? 'UNKNOWN'}\n\n${text.replaceAll('\r\n', '\n')}\n`)
  }
  return [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
    .join(`\n${'-'.repeat(72)}\n\n`)
}
