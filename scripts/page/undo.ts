import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEmulator } from '../../__tests__/emulator/server.ts'
import { image } from '../../__tests__/emulator/shapes.ts'
import { createWorld } from '../../__tests__/emulator/world.ts'
import { runAction, withDefaults } from '../../__tests__/helpers/run-action.ts'

/** The pages of a whole purge, and of the restore that undoes it, by their names. */
export async function undoPages(): Promise<Record<'purge' | 'restore', string>> {
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const app = world.package('acme/app', { repository: 'acme/app' })
  for (const tag of ['v1', 'leak', 'v2']) app.push(image(['linux/amd64', 'linux/arm64']), { tags: [tag] })
  await using github = await startEmulator({ world })
  const page = async (inputs: Readonly<Record<string, string>>) => {
    const given = { ...inputs, 'page-file': 'page.html', 'registry-url': github.registryUrl }
    const run = await runAction(github, await withDefaults(given, world.githubToken('acme/app')))
    if (run.code !== 0) throw new Error(run.stdout)
    return { run, html: readFileSync(join(run.temp, 'page.html'), 'utf8') }
  }
  const purge = await page({ mode: 'purge', purge: 'leak', confirm: 'app' })
  await using _purged = purge.run
  const restore = await page({ mode: 'restore', restore: purge.run.outputs['report'] ?? '' })
  await using _restored = restore.run
  return { purge: purge.html, restore: restore.html }
}
