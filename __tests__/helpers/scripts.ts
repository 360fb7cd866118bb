import { resolve } from 'node:path'

/**
 * What a script that a test starts from its source gets of the caller's environment, and where Node keeps what it made
 * of the sources: the second start takes half the time.
 */
export const SCRIPT_ENV = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../node_modules/.cache/node')
}
