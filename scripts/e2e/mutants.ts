import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { ExpectedError } from '../../src/errors.ts'
import { bundle } from '../bundle.ts'

const root = resolve(import.meta.dirname, '../..')

/** One way in which the action could be wrong: in this file, this text in place of that. */
interface Mutant {
  readonly what: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    what: 'subjects are ignored',
    file: 'src/policy/edges.ts',
    find: 'return subject === digest ? undefined : subject',
    replace: 'return undefined'
  },
  {
    what: 'older lists of referrers are images',
    file: 'src/policy/edges.ts',
    find: 'return others.length === 0 ? subject : undefined',
    replace: 'return undefined'
  },
  {
    what: 'what an index names is not needed',
    file: 'src/policy/node.ts',
    find: 'return content.manifest.children.map(child => child.digest).filter(child => child !== digest)',
    replace: 'return NONE'
  },
  {
    what: 'children go before their index',
    file: 'src/policy/order.ts',
    find: 'groups[group]?.deletions.push({ place, after })',
    replace: 'groups[group]?.deletions.unshift({ place, after: [] })'
  },
  {
    what: 'signatures go before what they describe',
    file: 'src/policy/order.ts',
    find: 'const ends = [...owned, ...describing.sort(byAge(graph))]',
    replace: 'const ends = owned'
  },
  {
    what: 'an undo goes the way of the run',
    file: 'src/policy/order.ts',
    find: 'return deletions.toReversed().map(',
    replace: 'return [...deletions].map('
  },
  {
    what: 'what a time names comes back newest first',
    file: 'src/modes/restore/restore-plan.ts',
    find: '(a, b) => Number(a.tags.length > 0) - Number(b.tags.length > 0) || a.id - b.id',
    replace: '(a, b) => b.id - a.id'
  },
  {
    what: 'an image goes with the first of its tags',
    file: 'src/policy/votes.ts',
    find: "if (choice.blocking.length === 0 || rule.tagMatch === 'any') {",
    replace: 'if (choice.blocking.length >= 0) {'
  },
  {
    what: 'the first 404 is believed',
    file: 'src/inventory/evidence.ts',
    find: 'export const PAUSES: readonly number[] = [1_000, 3_000]',
    replace: 'export const PAUSES: readonly number[] = []'
  }
]

/**
 * Runs the whole of npm run e2e against the sound bundle, which must pass or nothing below would mean anything, and then
 * against one broken bundle after another, and tells by which check each was found out.
 *
 * @throws ExpectedError naming the mutants that nothing found out, or what the sound bundle fails
 */
export async function tryMutants(say: (line: string) => void): Promise<void> {
  const sound = await complaintOf(join(root, 'dist/index.js'), say)
  if (sound !== undefined)
    throw new ExpectedError(`The action fails unbroken, so no mutant was tried: ${sound}`)
  const survivors: string[] = []
  for (const mutant of MUTANTS) {
    const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-mutant-'))
    try {
      await build(mutant, folder)
      const complaint = await complaintOf(join(folder, 'index.js'), say)
      say(
        `${complaint === undefined ? 'SURVIVED ' : 'found out'}  ${mutant.what}: ${complaint ?? 'nothing fails'}`
      )
      if (complaint === undefined) survivors.push(mutant.what)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  if (survivors.length > 0) throw new ExpectedError(`Nothing found out: ${survivors.join('; ')}`)
}

/** Bundles the action with one text replaced, which must be there exactly once. */
async function build({ file, find, replace, what }: Mutant, outdir: string): Promise<void> {
  const path = join(root, file)
  const source = readFileSync(path, 'utf8')
  if (source.split(find).length !== 2)
    throw new ExpectedError(`The mutant "${what}" does not fit ${file} any more.`)
  const { outputFiles } = await bundle(new Map([[path, source.replace(find, () => replace)]]))
  for (const output of outputFiles) writeFileSync(join(outdir, basename(output.path)), output.text)
}

/** What the end-to-end run says against a bundle first; undefined where it passes. */
async function complaintOf(entry: string, say: (line: string) => void): Promise<string | undefined> {
  const started = Date.now()
  const args = [join(root, 'scripts/e2e.ts'), '--first', '--entry', entry]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  }
  const [code] = await once(child, 'close')
  say(`  ${Math.round((Date.now() - started) / 1_000)} s`)
  return code === 0 ? undefined : (/^FAILED: (.*)$/m.exec(log)?.[1] ?? log.trim().split('\n').at(-1))
}
