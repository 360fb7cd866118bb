import { messageOf } from '../errors.ts'
import type { Digest } from '../model/digest.ts'
import type { Labels } from '../model/labels.ts'
import type { Manifest } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { labelsIn } from '../registry/config.ts'
import type { Allowance } from './allowance.ts'
import { type Kind, LARGEST_CONFIG, linesOf, type Notes } from './file.ts'

/** An entry is stored again when more than this share of it is no longer of use. */
const STALE = 0.1
/** Configs take as much room as this in the entry of a package: others are read every time. */
const ROOM_FOR_CONFIGS = 32 * 1024 * 1024

/** The manifests and configs of one package that are remembered, and those that were read now. */
export type Remembered = ReturnType<typeof openRemembered>

/**
 * @param old the file of the entry; undefined where there is none that is of any use
 * @param notes what is read now goes in there
 * @param debug told what was wrong with the entry
 */
export function openRemembered(
  name: string,
  old: string | undefined,
  notes: Notes,
  debug: (text: string) => void,
  allowance: Allowance
) {
  /** What each line of the old entry is, as far as it is still listed. */
  let lines: (Digest | undefined)[] = []
  let isCutShort = false
  const configs = new Map<Digest, Labels>()
  let room = ROOM_FOR_CONFIGS

  function takeRoom(size: number): boolean {
    const fits = size <= Math.min(LARGEST_CONFIG, room)
    if (fits) room -= size
    return fits
  }

  return {
    async manifests(versions: readonly PackageVersion[]): Promise<ReadonlyMap<Digest, Manifest>> {
      const listed = new Set(versions.map(({ digest }) => digest))
      const manifests = new Map<Digest, Manifest>()
      const isWanted = (digest: Digest, kind: Kind): boolean =>
        kind === 'config' ? !configs.has(digest) : listed.has(digest) && !manifests.has(digest)
      try {
        for await (const line of old === undefined ? [] : linesOf(old, isWanted, allowance)) {
          const { digest, manifest, labels, size = 0 } = line
          const isKnown = digest === undefined || manifests.has(digest) || configs.has(digest)
          if (!isKnown && manifest !== undefined) manifests.set(digest, manifest)
          const fits = !isKnown && labels !== undefined && takeRoom(size)
          if (fits) configs.set(digest, labels)
          lines.push(!isKnown && (fits || manifest !== undefined) ? digest : undefined)
        }
      } catch (error) {
        isCutShort = true
        // What was read up to there is true all the same: each line stands for itself.
        debug(`what was remembered of ${name} broke off: ${messageOf(error)}`)
      }
      const named = new Set([...manifests.values()].map(({ config }) => config))
      lines = lines.map(digest =>
        digest !== undefined && (manifests.has(digest) || named.has(digest)) ? digest : undefined
      )
      return manifests
    },
    learn: (digest: Digest, manifest: Manifest, bytes: Uint8Array): void =>
      notes.add(digest, manifest, bytes),
    labels: (config: Digest): Labels | undefined => configs.get(config),
    learnConfig(digest: Digest, bytes: Uint8Array): void {
      const labels = labelsIn(bytes)
      if (labels === undefined || configs.has(digest) || !takeRoom(bytes.length)) return
      configs.set(digest, labels)
      notes.addConfig(digest, bytes)
    },
    /** Whether a line of the old entry goes into the next one. */
    keeps: (line: number): boolean => lines[line] !== undefined,
    /** Whether the old entry lacks what was read now, or holds much that is of no use. */
    isStale(): boolean {
      const useless = lines.filter(digest => digest === undefined).length
      return isCutShort || notes.count > 0 || useless > STALE * lines.length
    }
  }
}
