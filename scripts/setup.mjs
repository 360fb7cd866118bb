// Makes a fresh clone ready: installs what package-lock.json names, once.
// Plain JavaScript, because it runs on the caller's Node (20 or newer) before anything is installed.
import { execSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)

/** True when node_modules holds every package of the lock file at its version. */
function installed() {
  try {
    const packages = name => JSON.parse(readFileSync(new URL(name, root), 'utf8')).packages
    const present = packages('node_modules/.package-lock.json')
    return Object.entries(packages('package-lock.json')).every(
      ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version
    )
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return false
  }
}

if (!installed()) {
  console.log('installing what package-lock.json names (npm ci), once')
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: root, stdio: 'inherit' })
}
