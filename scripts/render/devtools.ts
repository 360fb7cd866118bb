import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FLAGS, findChromium } from './browser.ts'

/** A page in a headless Chromium that can be spoken to by its DevTools protocol. */
export interface Tab extends AsyncDisposable {
  /** What the expression comes to, as JSON; promises are awaited. @throws Error with what it threw */
  evaluate<T>(expression: string): Promise<T>
  /** A picture of what is in sight. */
  screenshot(target: string): Promise<void>
  show(scheme: 'light' | 'dark'): Promise<void>
  /** Addresses that the page asked for, its own aside, and what the console complained of. */
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** Opens a file in a window of that many CSS pixels. */
export async function openTab(file: string, width: number, height: number): Promise<Tab> {
  const folder = await mkdtemp(join(tmpdir(), 'tab-'))
  const flags = FLAGS.filter(flag => !flag.startsWith('--virtual-time-budget'))
  const browser = spawn(
    await findChromium(),
    [
      ...flags,
      `--user-data-dir=${folder}`,
      `--window-size=${width},${height}`,
      '--remote-debugging-port=0',
      'about:blank'
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] }
  )
  const root = await debuggerAddress(browser)
  const pages = (await (await fetch(`http://${new URL(root).host}/json`)).json()) as {
    type: string
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(pages.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? root)
  await once(socket, 'open')
  const requests: string[] = []
  const complaints: string[] = []
  const waiting = new Map<number, (message: Message) => void>()
  const listeners = new Map<string, () => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    listeners.get(message.method ?? '')?.()
    if (message.method === 'Network.requestWillBeSent') {
      const { url = '' } = (message.params?.['request'] ?? {}) as { url?: string }
      if (!url.startsWith('file:') && !url.startsWith('about:')) requests.push(url)
    }
    if (['Log.entryAdded', 'Runtime.exceptionThrown'].includes(message.method ?? '')) {
      complaints.push(JSON.stringify(message.params))
    }
  })
  let ids = 0
  const send = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++ids
    const answer = new Promise<Message>(settle => waiting.set(id, settle))
    socket.send(JSON.stringify({ id, method, params }))
    const { result, error } = await answer
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result ?? {}
  }
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`)
  const loaded = new Promise<void>(settle => listeners.set('Page.loadEventFired', settle))
  await send('Page.navigate', { url: `file://${file}` })
  await loaded
  return {
    requests,
    complaints,
    async evaluate<T>(expression: string) {
      const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
      if (answer['exceptionDetails'] !== undefined)
        throw new Error(JSON.stringify(answer['exceptionDetails']))
      return (answer['result'] as { value: T }).value
    },
    async show(scheme) {
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }]
      })
    },
    async screenshot(target) {
      const { data } = await send('Page.captureScreenshot', { format: 'png' })
      await writeFile(target, Buffer.from(String(data), 'base64'))
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      browser.kill()
      await once(browser, 'exit')
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

async function debuggerAddress(browser: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of browser.stderr ?? []) {
    text += String(chunk)
    const [, address] = /DevTools listening on (ws:\S+)/.exec(text) ?? []
    if (address !== undefined) return address
  }
  throw new Error(`The browser ended before it could be spoken to: ${text}`)
}
