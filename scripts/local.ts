/**
 * Runs the action on this machine against the packages that `.env` names, as a dry run unless told otherwise;
 * `npm start -- --help` has the options.
 *
 * Outputs, summary and report are left in `out/local`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadEnvFile } from 'node:process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readable } from './readable.ts'

const root = resolve(import.meta.dirname, '..')
const OPTIONS = {
  dist: { type: 'boolean' },
  'for-real': { type: 'boolean' },
  env: { type: 'string' },
  undo: { type: 'string' },
  help: { type: 'boolean' }
} as const
const USAGE = `npm start -- [--env FILE] [--for-real] [--undo REPORT] [--dist]

  --env FILE      settings from this file; .env unless told
  --for-real      may delete, or restore; without it nothing is changed
  --undo REPORT   restores what the run with this report deleted
  --dist          the bundle, as users run it, and not the source`
const values = options()
const settings = resolve(values.env ?? join(root, '.env'))
if (values.help) console.log(USAGE)
else if (existsSync(settings)) {
  loadEnvFile(settings)
  process.exitCode = await run()
} else {
  console.error(
    `There is no ${settings}. Copy .env.example to .env, and put your token and packages into it.`
  )
  process.exitCode = 1
}

function options() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(1)
  }
}

async function run(): Promise<number> {
  const out = join(root, 'out/local')
  mkdirSync(out, { recursive: true })
  const files = { GITHUB_OUTPUT: join(out, 'outputs'), GITHUB_STEP_SUMMARY: join(out, 'summary.md') }
  for (const file of Object.values(files)) writeFileSync(file, '')
  const env = {
    ...(values.undo === undefined ? process.env : undoing(values.undo)),
    ...files,
    RUNNER_TEMP: out,
    'INPUT_DRY-RUN': values['for-real'] ? 'false' : 'true'
  }
  const entry = join(root, values.dist ? 'dist/index.js' : 'src/index.ts')
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'], cwd: root, env })
  const ended = once(child, 'close')
  // The runner keeps the lines that name secrets to itself, and so must this.
  for await (const line of createInterface({ input: child.stdout })) {
    const text = readable(line)
    if (text !== '') console.log(text)
  }
  const [status] = await ended
  console.log(`outputs, summary and report are in ${out}`)
  const report = /^report<<(.+)\n(.+)\n\1$/m.exec(readFileSync(files.GITHUB_OUTPUT, 'utf8'))?.[2]
  if (values['for-real'] && values.undo === undefined && report !== undefined) {
    const env = values.env === undefined ? '' : ` --env ${values.env}`
    console.log(`to undo it: npm start --${env} --for-real --undo ${report}`)
  }
  return typeof status === 'number' ? status : 1
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
