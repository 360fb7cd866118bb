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

/** What happens between a workflow and the action: inputs, outputs, masking, exit codes. */
export function engineWorkflow(): DocumentedWorkflow {
  const document = 'scripts/workflows/engine.yml'
  const text = readFileSync(join(root, document), 'utf8')
  return { document, text, ...factsOf(text) }
}

/** A workflow of the README with a wrong word in it, once in the name of its first input and once in a value. */
export function slipsOf(workflow: DocumentedWorkflow): (DocumentedWorkflow & { readonly what: string })[] {
  if (workflow.document !== 'README.md') return []
  const slips = [
    { what: 'a wrong name of an input', find: 'delete-tags:', replace: 'delete-tag:' },
    { what: 'a wrong value', find: /older-than: .*/, replace: 'older-than: soon' }
  ]
  return slips.map(({ what, find, replace }) => {
    const text = workflow.text.replace(find, replace)
    if (text === workflow.text) throw new Error(`${workflow.name} has nothing to go wrong: ${find}`)
    return { ...workflow, what, text }
  })
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
