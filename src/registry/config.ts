import * as z from 'zod'
import { isTooLong, type Labels } from '../model/labels.ts'

const Config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.unknown()).nullish() }).nullish()
})

/**
 * The labels in the config of an image (image-spec, config.md). That of an artifact may be anything, and has none.
 * Undefined for more than are held.
 */
export function labelsIn(bytes: Uint8Array): Labels | undefined {
  try {
    const labels = Config.parse(JSON.parse(new TextDecoder().decode(bytes))).config?.Labels ?? {}
    // One that is no text takes none of the others with it: they may be what keeps the image.
    const texts = Object.fromEntries(
      Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    )
    return isTooLong(texts) ? undefined : texts
  } catch {
    return {}
  }
}
