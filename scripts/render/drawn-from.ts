import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deletion, version } from '../../__tests__/helpers/make.ts'
import { drop, keep, packageRun, runOf } from '../../__tests__/report/runs.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { page } from './page.ts'

/**
 * A hash of what the README's pictures are drawn from: the policy of the demo, and a small summary as it is rendered now,
 * light and dark. Where it changes, the pictures show what is no longer so.
 */
export function drawnFrom(): string {
  const [root, part] = [version('a', { id: 1_000 }), version('b', { id: 1_001 })]
  const decisions = [drop(root), drop(part), keep(version('c', { id: 1_002 }))]
  const steps = [deletion(root), { ...deletion(part, [root]), root: root.digest }]
  const outcomes = steps.map(step => ({ step, status: 'planned' as const, detail: '' }))
  const summary = renderSummary(runOf([{ ...packageRun(decisions), outcomes }], { dryRun: true }))
  const policy = readFileSync(new URL('../demo/policy.yml', import.meta.url), 'utf8')
  // Scripts are named by where this checkout is, which is another place on every machine.
  const here = new URL('../../', import.meta.url).href
  const pages = (['light', 'dark'] as const).map(scheme =>
    page(summary, { scheme, open: 1 }).replaceAll(here, '')
  )
  return createHash('sha256')
    .update([policy, ...pages].join('\0'))
    .digest('hex')
}
