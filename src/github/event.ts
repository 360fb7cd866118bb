import { readFileSync } from 'node:fs'
import * as z from 'zod'

const Event = z.object({
  pull_request: z.object({ head: z.object({ repo: z.object({ full_name: z.string() }).nullable() }) })
})

/**
 * True when a pull request from a fork started the run. A fork that was deleted meanwhile has no repository
 * (docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request).
 */
export function isOfFork(env: NodeJS.ProcessEnv): boolean {
  if (!/^pull_request(?!_target)/.test(env['GITHUB_EVENT_NAME'] ?? '')) return false
  try {
    const event = Event.parse(JSON.parse(readFileSync(env['GITHUB_EVENT_PATH'] ?? '', 'utf8')))
    const head = event.pull_request.head.repo?.full_name.toLowerCase()
    return head !== env['GITHUB_REPOSITORY']?.toLowerCase()
  } catch {
    return false
  }
}
