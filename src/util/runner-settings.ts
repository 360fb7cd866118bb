import { existsSync, readFileSync } from 'node:fs'
import { getProxyUrl } from '@actions/http-client/lib/proxy'
import { messageOf } from '../errors.ts'

// First: the checks below look at what the toolkit will.
for (const name of ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY']) addScheme(name)

/**
 * Takes a proxy without a scheme for one of http, as curl does. To the toolkit, the `proxy` in `proxy:3128` is the scheme
 * of an address without a host, and it would go past it.
 */
function addScheme(name: string): void {
  const value = process.env[name]?.trim()
  if (value && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) process.env[name] = `http://${value}`
}

/**
 * What is wrong with settings of the runner on which the toolkit throws while it is loaded: sentences. This file is
 * loaded before it and takes those settings away, so that such a run can end as one with a wrong input does.
 */
export const unusableSettings: readonly string[] = [
  ...tried('GITHUB_EVENT_PATH', 'Name the JSON file of the event, or nothing.', path => {
    if (existsSync(path)) JSON.parse(readFileSync(path, 'utf8'))
  }),
  ...tried('GITHUB_API_URL', 'Write an address such as https://api.github.com.', text => new URL(text)),
  ...proxyVariables().flatMap(name =>
    tried(name, 'Other kinds of proxies than http://proxy.example:3128 are not supported.', checkProxy)
  )
]

/** Takes a variable away where its use throws. What stands before an `@` could be a password. */
function tried(name: string, remedy: string, use: (value: string) => unknown): string[] {
  const value = process.env[name]
  if (!value) return []
  try {
    use(value)
    return []
  } catch (error) {
    delete process.env[name]
    const shown = value.replace(/^.*@/s, '***@').slice(0, 200)
    return [`Variable ${name} of the runner: \`${shown}\` cannot be used (${messageOf(error)}). ${remedy}`]
  }
}

function apiUrl(): URL {
  return new URL(process.env['GITHUB_API_URL'] || 'https://api.github.com')
}

/** In the order in which the toolkit asks for them. */
function proxyVariables(): readonly string[] {
  return apiUrl().protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
}

function checkProxy(): void {
  const proxy = getProxyUrl(apiUrl())
  if (proxy === undefined || /^https?:$/.test(proxy.protocol)) return
  throw new Error('it begins with neither http:// nor https://')
}
