import { isDeepStrictEqual } from 'node:util'
import type { Believable } from '../../__tests__/emulator/believable.ts'
import { startEmulator } from '../../__tests__/emulator/server.ts'
import { type ActionRun, runAction, withDefaults } from '../../__tests__/helpers/run-action.ts'

/** What somebody in a hurry writes: all tags, no age, nothing that is kept, and what makes the brakes silent. */
const ACCIDENT = { packages: 'shop/web', 'delete-tags': '*', grace: '0', 'max-deletion-percent': '100' }

/**
 * A policy that takes everything but the last tagged image, which GitHub does not let go, and one run that brings it
 * all back: the report of the first is what the second needs.
 *
 * @param show prints what a run did and keeps its summary
 * @returns what is not well: sentences
 */
export async function undoAccident(
  { world, web }: Believable,
  show: (name: string, inputs: Readonly<Record<string, string>>, run: ActionRun) => void
): Promise<string[]> {
  const before = web.tags()
  await using github = await startEmulator({ world, latencyMs: 20 })
  const run = async (name: string, inputs: Readonly<Record<string, string>>, shown = inputs) => {
    const given = { ...inputs, 'registry-url': github.registryUrl }
    const result = await runAction(github, await withDefaults(given, world.githubToken('acme/shop')), {
      repository: 'acme/shop'
    })
    show(name, shown, result)
    return result
  }
  await using accident = await run('accident', ACCIDENT)
  const lost = Object.keys(before).length - Object.keys(web.tags()).length
  const undo = { mode: 'restore', restore: accident.outputs['report'] ?? '' }
  await using back = await run('undo', undo, { ...undo, restore: 'the report of that run' })
  return [
    ...github.violations.map(({ kind, detail }) => `GitHub's limit on ${kind} was crossed: ${detail}`),
    ...github.contractViolations,
    ...(lost > 0 ? [] : ['the accident has cost nothing']),
    ...(back.code === 0 ? [] : [`the undo ended with exit code ${back.code}`]),
    ...(isDeepStrictEqual(web.tags(), before) ? [] : ['not every tag is back'])
  ]
}
