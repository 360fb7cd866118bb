import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { manifest } from '../emulator/shapes.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/** What docs/troubleshooting.md quotes is what runs say. An `…` in a quotation stands for the rest. */

const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
const quoted = Object.fromEntries(
  [...text.matchAll(/^## (.+)\n\n> (.+)$/gm)].map(([, heading = '', quotation = '']) => [heading, quotation])
)

const BUILDS = { 'delete-tags': 'sha-*' }
const troubles: Readonly<Record<string, { lay: (scene: Scene) => void; inputs: Record<string, string> }>> = {
  'A package is not found': {
    lay: ({ github }) =>
      github.faults.on(
        { path: /container\/app$/ },
        { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } }
      ),
    inputs: BUILDS
  },
  'A token may not delete': {
    lay: ({ github }) =>
      github.faults.on(
        { method: 'DELETE' },
        {
          kind: 'answer',
          answer: { status: 403, body: { message: 'Resource not accessible by integration' } }
        }
      ),
    inputs: BUILDS
  },
  'A manifest could not be read': {
    lay: ({ github, app }) =>
      github.faults.on(
        { host: 'registry', path: new RegExp(`manifests/(?:${app.tags()['v1']}|v1)$`) },
        { kind: 'answer', answer: { status: 403 } }
      ),
    inputs: BUILDS
  },
  'A brake held': { lay: () => {}, inputs: { ...BUILDS, 'max-deletion-percent': '50' } },
  'GitHub or the registry does not answer': {
    lay: ({ github }) => github.faults.on({ host: 'api' }, { kind: 'reset' }),
    inputs: BUILDS
  }
}

test('every quotation has its trouble here', () => {
  expect(Object.keys(quoted)).toEqual(Object.keys(troubles))
})

test.each(Object.keys(troubles))('%s', async heading => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
  for (let build = 1; build <= 30; build++)
    scene.app.push(manifest(), { tags: [`sha-${build}`], at: ago(80) })
  const { lay, inputs } = troubles[heading]!
  lay(scene)
  const { errors } = await scene.run(inputs)
  for (const part of (quoted[heading] ?? '').split('…')) expect(errors.join('\n')).toContain(part.trim())
})
