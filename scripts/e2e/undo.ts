import type { RunRecord } from '../../src/report/record.ts'
import type { Scene } from './exercise.ts'

/** Longer than an answer takes; one that never comes must not hold up the rest. */
const PATIENCE = 30_000

/** Restores what a run deleted with the image under this tag, children before parents, through the API. */
export async function bringBack(
  record: RunRecord,
  name: string,
  tag: string,
  { emulator, token, checks }: Scene
): Promise<void> {
  const pkg = record.packages.find(each => each.name === name)
  const root = pkg?.versions.find(({ tags }) => tags.includes(tag))?.digest
  const steps = pkg?.steps.filter(step => step.action === 'delete' && step.root === root) ?? []
  checks.that(steps.length > 0, `the report says that ${name}:${tag} was deleted`)
  for (const { id } of steps.toReversed()) {
    const place = `/orgs/acme/packages/container/${encodeURIComponent(name)}/versions/${id}/restore`
    const { status } = await fetch(`${emulator.apiUrl}${place}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(PATIENCE)
    })
    checks.same(status, 204, `version ${id} of ${name}:${tag} is restored`)
  }
}
