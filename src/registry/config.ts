import * as z from 'zod'

export type Labels = Readonly<Record<string, string>>

const Config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.unknown()).nullish() }).nullish()
})

/** The labels in the config of an image (image-spec, config.md). That of an artifact may be anything, and has none. */
export function labelsIn(bytes: Uint8Array): Labels {
  try {
    const labels = Config.parse(JSON.parse(new TextDecoder().decode(bytes))).config?.Labels ?? {}
    // One that is no text takes none of the others with it: they may be what keeps the image.
    return Object.fromEntries(
      Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    )
  } catch {
    return {}
  }
}
