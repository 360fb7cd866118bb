import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Circumstances } from './run-action.ts'

/** A checked-out repository with these files; `using` removes it. */
export function checkout(files: Readonly<Record<string, string | Uint8Array>>) {
  const root = mkdtempSync(join(tmpdir(), 'ghcr-steward-checkout-'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const circumstances: Circumstances = { cwd: root, env: { GITHUB_WORKSPACE: root } }
  return { root, circumstances, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}
