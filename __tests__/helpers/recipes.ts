import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The policies that the documents show, for tests to run: what people copy must work. */

export const DOCUMENTS = ['docs/policies.md', 'docs/recipes.md'] as const

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Every policy in a document. */
export function policiesIn(path: string): string[] {
  return [...textOf(path).matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, yaml = '']) => yaml)
    .filter(yaml => /^version: 1$/m.test(yaml))
}

/** The first policy under a heading. */
export function recipe(path: (typeof DOCUMENTS)[number], heading: string): string {
  const text = textOf(path)
  const start = text.search(new RegExp(`^#+ ${RegExp.escape(heading)}$`, 'm'))
  const [, yaml] =
    /```yaml\n((?:(?!```)[\s\S])*?^version: 1$[\s\S]*?)```/m.exec(start < 0 ? '' : text.slice(start)) ?? []
  if (yaml === undefined) throw new Error(`${path} has no policy under "${heading}"`)
  return yaml
}

/** A folder for the jobs of a workflow. */
export function recipeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'ghcr-steward-recipe-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
