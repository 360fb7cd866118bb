import type { Emulator } from '../../__tests__/emulator/server.ts'
import type { RunRecord } from '../../src/report/record.ts'

/**
 * Restores what a run deleted with one root, children before parents, through the emulated API.
 *
 * @returns how many versions came back
 * @throws Error when the report has no such root, or one of them does not come back
 */
export async function bringBack(
  record: RunRecord,
  name: string,
  tag: string,
  { emulator, token }: { readonly emulator: Emulator; readonly token: string }
): Promise<number> {
  const pkg = record.packages.find(each => each.name === name)
  const root = pkg?.versions.find(({ tags }) => tags.includes(tag))?.digest
  const steps = pkg?.steps.filter(step => step.action === 'delete' && step.root === root) ?? []
  if (steps.length === 0)
    throw new Error(`the report of the run does not say that ${name}:${tag} was deleted`)
  for (const { id } of steps.toReversed()) {
    const place = `/orgs/acme/packages/container/${encodeURIComponent(name)}/versions/${id}/restore`
    const headers = { authorization: `Bearer ${token}` }
    const { status } = await fetch(`${emulator.apiUrl}${place}`, { method: 'POST', headers })
    if (status !== 204) throw new Error(`POST ${place} was answered with ${status}`)
  }
  return steps.length
}
