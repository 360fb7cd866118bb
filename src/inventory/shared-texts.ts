import type { Descriptor } from '../model/manifest.ts'
import type { Content, PackageVersion } from '../model/package.ts'

/** Gives for each text the same one. */
type Shared = <T extends string | undefined>(text: T) => T

/** Every digest of a large package stands in its list, in the index that names it and in what attests it. */
export function sharedTexts(versions: readonly PackageVersion[]): Shared {
  const texts = new Map<string, string>(versions.map(({ digest }) => [digest, digest]))
  return <T extends string | undefined>(text: T): T => {
    if (text === undefined) return text
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return (known as T | undefined) ?? text
  }
}

/** Drops what else a reader knows of a manifest, and what others say alike; 100,000 of them are kept. */
export function contentOf(content: Content, shared: Shared): Content {
  if (content.state !== 'read') return content
  const { manifest } = content
  return {
    state: 'read',
    manifest: {
      ...manifest,
      mediaType: shared(manifest.mediaType),
      ...(manifest.children.length === 0
        ? {}
        : { children: manifest.children.map(child => sharing(child, shared)) })
    }
  }
}

function sharing({ digest, platform, describes, ...rest }: Descriptor, shared: Shared): Descriptor {
  return {
    digest: shared(digest),
    ...rest,
    ...(platform === undefined ? {} : { platform: shared(platform) }),
    ...(describes === undefined ? {} : { describes: shared(describes) })
  }
}
