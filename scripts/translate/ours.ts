import { stringify } from 'yaml'
import { VERSION } from '../../src/util/version.ts'

/** A rule of a policy, as it is written. */
export type WrittenRule = Readonly<Record<string, unknown>>

/** What a step of another tool comes to here. */
export interface OurStep {
  /** Inputs; those of the rules aside. */
  readonly with: Readonly<Record<string, string>>
  /** Rules that the plain inputs cannot say. */
  readonly rules: readonly WrittenRule[]
  /** What differs, as sentences. */
  readonly notes: readonly string[]
}

/** The step as it is written in a workflow. */
export function write({ with: inputs, rules, notes }: OurStep): string {
  const step = stringify(
    [{ uses: `ghcr-steward/ghcr-steward@v${VERSION.split('.', 1)[0]}`, with: withPolicy(inputs, rules) }],
    FOLDED
  )
  return `${notes.map(note => `# ${note}\n`).join('')}${step}`
}

const FOLDED = { lineWidth: 0 }

/** This repository's package. A policy without `packages` beside it would be about all that it matches. */
const OWN_PACKAGE = `ghcr.io/\${{ github.repository }}`

function withPolicy(inputs: OurStep['with'], rules: OurStep['rules']): Record<string, unknown> {
  if (rules.length === 0) return typed(inputs)
  const { packages = OWN_PACKAGE, ...others } = inputs
  const match = packages === OWN_PACKAGE ? '**' : matchOf(packages)
  const policy = stringify({ version: 1, packages: [{ match, rules }] }, FOLDED)
  return { ...typed(others), packages, policy }
}

/** An expression stays whole: when it gives nothing, the pattern is refused, and nothing is touched. */
function matchOf(packages: string): string | string[] {
  const names = packages.includes('${{') ? [packages] : packages.split(/[\s,]+/).filter(name => name !== '')
  return names.length === 1 ? (names[0] as string) : names
}

/** Numbers and flags without quotation marks, as people write them. */
function typed(inputs: OurStep['with']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      /^\d{1,9}$/.test(value) ? Number(value) : /^(?:true|false)$/.test(value) ? value === 'true' : value
    ])
  )
}
