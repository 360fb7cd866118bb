import type { Builder, Pushed } from '../../emulator/builder.ts'
import { index, manifest, type Shape } from '../../emulator/shapes.ts'
import { ago, type Scene } from './runs.ts'

/** What can be broken, and how that becomes whole again. */

/** Something that is broken without a manifest. */
export interface Broken {
  readonly broken: Pushed
  /** Pushed with the rest; it is for the test to delete it. */
  readonly lacking: Pushed
}

export const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const

/** An old build of these parts. */
export function build(app: Builder, shapes: readonly Shape[], tags = ['sha-1']): Pushed {
  const entries = shapes.map((shape, at) => ({ shape, platform: PLATFORMS[at] as string }))
  return app.push(index(entries), { tags, at: ago(80) })
}

/** One that will lack its last part. */
export function ofParts(app: Builder, shapes: readonly Shape[]): Broken {
  const broken = build(app, shapes)
  return { broken, lacking: broken.children.at(-1) as Pushed }
}

const subject = (app: Builder): Pushed => app.push(manifest(), { tags: ['sha-1'], at: ago(80) })

export const KINDS: Readonly<Record<string, (app: Builder) => Broken>> = {
  'an image that lacks a part': app => ofParts(app, [manifest(), manifest()]),
  'an image that lacks everything': app => ofParts(app, [manifest()]),
  'an image that lacks a part of a part': app => {
    const broken = build(app, [index([{ shape: manifest() }]), manifest()])
    return { broken, lacking: broken.children[0]?.children[0] as Pushed }
  },
  'a signature, by its tag': app => {
    const lacking = subject(app)
    return { broken: app.sign(lacking, 'sig', { at: ago(79) }), lacking }
  },
  'a bundle, by its subject': app => {
    const lacking = subject(app)
    return { broken: app.attest(lacking, { at: ago(79) }), lacking }
  }
}

/** How it becomes whole. */
export const MENDS: Readonly<
  Record<string, (scene: Pick<Scene, 'app' | 'world'>, lacking: Pushed) => unknown>
> = {
  'pushed again': ({ app }, { shape }) => app.push(shape, { at: ago(80) }),
  restored: ({ app, world }, { id }) => world.store.restore(app.row, id)
}

export const CASES = Object.entries(KINDS).flatMap(([kind, layDown]) =>
  Object.entries(MENDS).map(([how, mend]) => [kind, how, layDown, mend] as const)
)
