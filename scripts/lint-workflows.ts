/**
 * Checks action.yml, the repository's workflows, and the whole workflows that the documents show, with GitHub's own
 * parser and with actionlint. Prints what is wrong; exit code 1 when anything is.
 */

import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { blocksOf, isWorkflow } from './lint/blocks.ts'
import { actionProblems, workflowProblems } from './lint/workflow.ts'
import { printError } from './print.ts'

const root = resolve(import.meta.dirname, '..')
const read = (name: string) => readFileSync(resolve(root, name), 'utf8')

const problems = actionProblems('action.yml', read('action.yml'))
const workflows = globSync('.github/workflows/*.yml', { cwd: root })
for (const name of workflows) problems.push(...(await workflowProblems(name, read(name))))

const shown = globSync(['*.md', 'docs/*.md'], { cwd: root }).flatMap(name =>
  blocksOf(read(name))
    .filter(isWorkflow)
    .map(block => ({ name: `${name}:${block.line}`, text: block.text }))
)
for (const { name, text } of shown) problems.push(...(await workflowProblems(name, text)))

for (const problem of problems) printError(problem)
if (problems.length > 0) process.exitCode = 1
else
  console.log(
    `action.yml, ${workflows.length} workflows and ${shown.length} in the documents are well-formed`
  )
