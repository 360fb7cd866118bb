import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { blocksOf, isWorkflow } from '../lint/blocks.ts'

const root = resolve(import.meta.dirname, '../..')

/** A whole workflow of a document that uses this action. */
export interface DocumentedWorkflow {
  readonly document: string
  readonly name: string
  readonly text: string
  /** What starts it: one of the events that it names. */
  readonly event: string
  /** Every action that it uses, `owner/name@ref`. */
  readonly actions: readonly string[]
}

/** Those of the README and of docs/, in the order in which a reader meets them. */
export function documentedWorkflows(): DocumentedWorkflow[] {
  const documents = ['README.md', ...globSync('docs/*.md', { cwd: root }).sort()]
  return documents.flatMap(document =>
    blocksOf(readFileSync(join(root, document), 'utf8'))
      .filter(isWorkflow)
      .map(({ text }) => ({ document, text, ...factsOf(text) }))
      .filter(({ actions }) => actions.some(action => action.startsWith('ghcr-steward/')))
  )
}

function factsOf(text: string): Pick<DocumentedWorkflow, 'name' | 'event' | 'actions'> {
  const workflow = parse(text) as { name: string; on: string | readonly string[] | object }
  const events = typeof workflow.on === 'string' ? [workflow.on] : Object.keys(workflow.on)
  const named = Array.isArray(workflow.on) ? (workflow.on as string[]) : events
  const actions = [...text.matchAll(/\buses: *['"]?([\w.-]+\/[\w.-]+@[\w.-]+)/g)].map(
    ([, action = '']) => action
  )
  return { name: workflow.name, event: named[0] ?? 'workflow_dispatch', actions: [...new Set(actions)] }
}
