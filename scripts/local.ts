/**
 * Runs the action on this machine against the packages that `.env` names, as a dry run unless told otherwise;
 * `npm start -- --help` has the options.
 *
 * Outputs, summary and report are left in `out/local`, or where `--out` says.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadEnvFile } from 'node:process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/errors.ts'
import { printError } from './print.ts'
import { readable } from './readable.ts'

const root = resolve(import.meta.dirname, '..')
const OPTIONS = {
  dist: { type: 'boolean' },
  'for-real': { type: 'boolean' },
  env: { type: 'string' },
  with: { type: 'string', multiple: true },
  undo: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean' }
} as const
const USAGE = `npm start -- [--env FILE] [--with INPUT=VALUE]... [--for-real] [--undo REPORT] [--out FOLDER] [--dist]

  --env FILE           reads the settings from FILE instead of .env
  --with INPUT=VALUE   sets one input, such as --with policy=my-policy.yml; counts more than the file
  --for-real           may delete or restore; without it, the run is a dry run
  --undo REPORT        restores what the run with this report deleted
  --out FOLDER         leaves outputs, summary and report there instead of in out/local
  --dist               runs the bundle, as users do, instead of the source`
const values = options()
const settings = resolve(values.env ?? join(root, '.env'))
const folder = values.out ?? 'out/local'
if (values.help) console.log(USAGE)
else if (existsSync(settings) || onlyTests()) {
  if (existsSync(settings)) loadEnvFile(settings)
  process.exitCode = await run()
} else {
  console.error(
    `There is no ${settings}. Copy .env.example to .env, and put your token and packages into it; or try an emulated GitHub: npm run emulator`
  )
  process.exitCode = 1
}

/** The tests of a policy need no settings. */
function onlyTests(): boolean {
  return values.with?.some(pair => /^policy-tests=true$/i.test(pair)) ?? false
}

function options() {
  try {
    const { values } = parseArgs({ options: OPTIONS })
    const bare = values.with?.find(pair => !/^[^=]+=/.test(pair))
    if (bare !== undefined) throw new Error(`--with needs INPUT=VALUE, such as ${bare}=VALUE`)
    if (values.with?.some(pair => /^dry-run=/i.test(pair)))
      throw new Error('--with dry-run does nothing here: leave out --for-real for a dry run')
    if (values.undo !== undefined && !existsSync(values.undo))
      throw new Error(`--undo: there is no file ${values.undo}`)
    return values
  } catch (error) {
    printError(`${messageOf(error)}\n\n${USAGE}`)
    process.exit(1)
  }
}

async function run(): Promise<number> {
  const out = resolve(root, folder)
  mkdirSync(out, { recursive: true })
  const files = { GITHUB_OUTPUT: join(out, 'outputs'), GITHUB_STEP_SUMMARY: join(out, 'summary.md') }
  for (const file of Object.values(files)) writeFileSync(file, '')
  const env = {
    ...(values.undo === undefined ? process.env : undoing(values.undo)),
    ...inputsIn(values.with ?? []),
    ...files,
    RUNNER_TEMP: out,
    'INPUT_DRY-RUN': values['for-real'] ? 'false' : 'true'
  }
  const entry = join(root, values.dist ? 'dist/index.js' : 'src/index.ts')
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'], cwd: root, env })
  const ended = once(child, 'close')
  // The runner keeps the lines that name secrets to itself, and so must this.
  for await (const line of createInterface({ input: child.stdout })) {
    const text = inWordsOfStart(readable(line))
    if (text !== '') console.log(text)
  }
  const [status] = await ended
  const isTold = readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8') !== ''
  if (isTold)
    console.log(`Outputs, summary and report are in ${out}. The next run replaces outputs and summary.md.`)
  return typeof status === 'number' ? status : 1
}

/** A path as a shell reads it. */
function forShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

/** What comes next: the action says it for a workflow, and this in the words of the command line. */
function inWordsOfStart(line: string): string {
  const report = /^To undo it within 30 days: .*`restore: (.+)`\. Keep/.exec(line)?.[1]
  if (report !== undefined) {
    const env = values.env === undefined ? '' : ` --env ${forShell(values.env)}`
    const out = values.out === undefined ? '' : ` --out ${forShell(values.out)}`
    return `To undo it: npm start --${env}${out} --for-real --undo ${report}`
  }
  if (!line.startsWith('Next: '))
    return line.replace(/(?<=`explain` is for dry runs: )set `dry-run: true`/, 'leave out --for-real')
  const confirm = /`confirm: (.+?)`/.exec(line)?.[1]
  const more = confirm === undefined ? '' : ` --with 'confirm=${confirm}'`
  return `Next: look at ${join(folder, 'summary.md')}, then add --for-real${more} to the same command.`
}

/** Inputs as the runner hands them over. */
function inputsIn(pairs: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    pairs.map(pair => {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      return [`INPUT_${name.toUpperCase()}`, value]
    })
  )
}

/** The settings without what only says what goes: a restore takes the report alone. */
function undoing(report: string): NodeJS.ProcessEnv {
  const kept = /^INPUT_(?:TOKEN|OWNER|API-URL|REGISTRY-URL)$/
  return {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('INPUT_') || kept.test(name))
    ),
    INPUT_MODE: 'restore',
    INPUT_RESTORE: resolve(report)
  }
}
