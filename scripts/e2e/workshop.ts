import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A directory and the processes at work in it. Both are gone when this process ends, however it ends. */
export interface Workshop {
  readonly dir: string
  /** Starts a program; whoever starts it waits for it, or leaves it to the end. */
  start(program: string, args: readonly string[]): ChildProcess
  /** Runs a program to its end, whatever that is. */
  attempt(program: string, args: readonly string[]): Promise<Ended>
  /** Runs a program that must succeed and gives what it printed. @throws Error with what it complained about */
  run(program: string, args: readonly string[]): Promise<string>
  /** Ends what is still running. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a workshop in a new temporary directory. */
export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'ghcr-steward-e2e-'))
  const home = join(dir, 'home')
  mkdirSync(join(home, '.config/containers'), { recursive: true })
  // Debian's own policy file is only recommended by its packages, not always there.
  const policy = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })
  writeFileSync(join(home, '.config/containers/policy.json'), policy)
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: dir,
    XDG_RUNTIME_DIR: home,
    // Neither a daemon nor a kernel that lets containers mount anything is asked for.
    BUILDAH_ISOLATION: 'chroot',
    // The key of a run protects nothing.
    COSIGN_PASSWORD: '',
    // cosign's OCI 1.1 form of a classic signature.
    COSIGN_EXPERIMENTAL: '1'
  }
  const alive = new Set<ChildProcess>()

  process.once('exit', () => {
    for (const child of alive) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))

  function start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
    alive.add(child)
    child.once('close', () => alive.delete(child))
    return child
  }

  async function attempt(program: string, args: readonly string[]): Promise<Ended> {
    const child = start(program, args)
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text
      })
    }
    const code = await new Promise<number | null>((settle, fail) => {
      child.once('error', fail)
      child.once('close', settle)
    })
    return { code, ...said }
  }

  return {
    dir,
    start,
    attempt,
    async run(program, args) {
      const { code, stdout, stderr } = await attempt(program, args)
      if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stderr || stdout}`)
      return stdout
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [...alive].map(async child => {
          child.kill()
          await once(child, 'close')
        })
      )
    }
  }
}
