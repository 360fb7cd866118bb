import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome']

/** As in a container: no sandbox of its own, no talk with anybody. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--allow-file-access-from-files',
  '--virtual-time-budget=10000'
]

/**
 * Draws a page as a PNG, from its top to its end or to `most` CSS pixels, whichever comes first.
 *
 * @throws Error when no Chromium is installed, or when the page never said how high it is
 */
export async function draw(page: string, target: string, width: number, most: number): Promise<void> {
  const chromium = await findChromium()
  const folder = await mkdtemp(join(tmpdir(), 'draw-'))
  const file = join(folder, 'page.html')
  const flags = [...FLAGS, `--user-data-dir=${join(folder, 'profile')}`]
  try {
    await writeFile(file, page)
    const { stdout } = await run(chromium, [...flags, `--window-size=${width},600`, '--dump-dom', file], {
      maxBuffer: 1 << 28
    })
    const height = /<html[^>]* data-height="(\d+)"/.exec(stdout)?.[1]
    if (height === undefined) throw new Error(`${chromium} did not come to the end of the page`)
    const size = `--window-size=${width},${Math.min(Number(height), most)}`
    await run(chromium, [...flags, size, `--screenshot=${target}`, file])
    await readFile(target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function findChromium(): Promise<string> {
  const given = process.env['CHROMIUM']
  for (const name of given === undefined ? NAMES : [given]) {
    try {
      await run(name, ['--version'])
      return name
    } catch {
      // The next one may be there.
    }
  }
  throw new Error(
    `No browser found (${given ?? NAMES.join(', ')}). Install Chromium (on Debian: apt-get install chromium), ` +
      'or set CHROMIUM to its path.'
  )
}
