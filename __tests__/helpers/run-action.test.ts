import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseOutputs, runAction, withDefaults } from './run-action.ts'

const servers = { apiUrl: 'http://127.0.0.1:1/api', registryUrl: 'http://127.0.0.1:1' }
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entry-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs this JavaScript in place of the action. */
async function runScript(script: string, inputs: Record<string, string> = {}, circumstances = {}) {
  const entry = join(folder, 'entry.mjs')
  await writeFile(entry, `import { appendFileSync, writeFileSync } from 'node:fs'\n${script}`)
  return runAction(servers, inputs, { entry, ...circumstances })
}

it('hands over exactly the inputs and a clean environment, and brings back all that was left', async () => {
  process.env['https_proxy'] = 'http://127.0.0.1:9'
  await using run = await runScript(
    `const { env } = process
    appendFileSync(env.GITHUB_OUTPUT, 'deleted-count<<d\\n3\\nd\\nmissing-tags<<d\\nv1\\nv2\\nd\\n')
    writeFileSync(env.RUNNER_TEMP + '/report.json', '{"format": 1}')
    appendFileSync(env.GITHUB_OUTPUT, 'report<<d\\n' + env.RUNNER_TEMP + '/report.json\\nd\\n')
    appendFileSync(env.GITHUB_STEP_SUMMARY, '# Done')
    console.log(JSON.stringify(Object.entries(env).filter(([name]) => /^INPUT|URL|proxy|REPO/.test(name))))
    console.error('careful')
    process.exitCode = 1`,
    { 'dry-run': 'true', 'keep tags': 'a b', 'registry-url': '' },
    { repository: 'Octo/Shop', env: { RUNNER_DEBUG: '1' } }
  ).finally(() => {
    delete process.env['https_proxy']
  })
  expect(run).toMatchObject({
    code: 1,
    stderr: 'careful\n',
    outputs: { 'deleted-count': '3', 'missing-tags': 'v1\nv2' },
    summary: '# Done',
    report: { format: 1 }
  })
  expect(Object.fromEntries(JSON.parse(run.stdout))).toEqual({
    'INPUT_DRY-RUN': 'true',
    INPUT_KEEP_TAGS: 'a b',
    'INPUT_REGISTRY-URL': servers.registryUrl,
    GITHUB_API_URL: servers.apiUrl,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'Octo/Shop',
    GITHUB_REPOSITORY_OWNER: 'Octo'
  })
})

it('names the signal that somebody else ended the process with', async () => {
  await using run = await runScript("process.kill(process.pid, 'SIGKILL')")
  expect(run).toMatchObject({ code: null, stderr: '\nended by SIGKILL, which nobody here sent\n' })
})

it('kills the process when told to, at once and for good', async () => {
  const kill = AbortSignal.abort()
  await using run = await runScript('setInterval(() => {}, 1000)', {}, { kill })
  expect(run.code).toBeNull()
})

it("fills in action.yml's defaults, the token for its expression, and lets an input win", async () => {
  const inputs = await withDefaults({ grace: '1h' }, 'ghs_x')
  expect(inputs).toMatchObject({ token: 'ghs_x', mode: 'retain', grace: '1h', 'dry-run': 'false' })
})

it('reads back every output, whatever is in it', () => {
  const delimiter = 'ghadelimiter_5f'
  const name = fc.stringMatching(/^[a-z][a-z-]*$/)
  const value = fc.string().filter(text => !text.includes(delimiter))
  fc.assert(
    fc.property(fc.dictionary(name, value), outputs => {
      const file = Object.entries(outputs).map(
        ([key, text]) => `${key}<<${delimiter}\n${text}\n${delimiter}\n`
      )
      expect(parseOutputs(file.join(''))).toEqual({ ...outputs })
    })
  )
})

it.each(['name<<end\nvalue\n', 'no output at all\n'])('does not take %j for outputs', file => {
  expect(() => parseOutputs(file)).toThrow()
})
