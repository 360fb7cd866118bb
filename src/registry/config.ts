import * as z from 'zod'
import { type Labels, textsIn } from '../model/labels.ts'
import { orUndefined } from '../util/or-undefined.ts'

const Config = z.object({ config: z.object({ Labels: z.unknown().optional().transform(textsIn) }).nullish() })

/**
 * The labels in the config of an image (image-spec, config.md). That of an artifact may be anything, and has none.
 * Undefined for more than are held.
 */
export function labelsIn(bytes: Uint8Array): Labels | undefined {
  const parsed = orUndefined(() => Config.parse(JSON.parse(new TextDecoder().decode(bytes))))
  return parsed?.config ? parsed.config.Labels : {}
}
