import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { readTreeSizes } from '../../inventory/sizes.ts'
import type { Inspected } from './inspect.ts'

/** The same package with the sizes of the images that were found in it. */
export async function withSizes(inspected: Inspected, { registry }: Context): Promise<Inspected> {
  const { run, versions } = inspected
  const found = (run.checks ?? []).filter(({ state }) => state === 'present')
  const tags = new Set(found.flatMap(({ images }) => images))
  const roots = versions.filter(version => version.tags.some(tag => tags.has(tag)))
  const read = await orFailure(() =>
    readTreeSizes(
      run.package,
      roots.map(({ digest }) => digest),
      registry
    )
  )
  if ('problem' in read) {
    const warnings = [...run.warnings, `Sizes are unknown: ${read.sentence}`]
    return { ...inspected, run: { ...run, warnings } }
  }
  return { ...inspected, run: { ...run, blobs: read } }
}
