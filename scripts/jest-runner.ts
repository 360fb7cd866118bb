import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Jest's own runner of a test file, except that node loads the modules, and not Jest into a world made for each test
 * file: a process loads a module once, however many test files it runs, and what the engine learned of it stays. Hence
 * test files share the state of modules and globals, and put back what they change there. Variables of the environment
 * and `jest.spyOn` are put back for them.
 */

interface Runtime {
  requireInternalModule(path: string): unknown
  requireModuleOrMock(from: string, name: string): object
  unstable_shouldLoadAsEsm(path: string): boolean
  unstable_importModule(path: string): Promise<unknown>
}
type Runner = (
  globalConfig: unknown,
  config: unknown,
  environment: unknown,
  runtime: Runtime,
  ...more: unknown[]
) => Promise<unknown>

const require = createRequire(import.meta.url)
const { default: circus } = require('jest-circus/runner') as { readonly default: Runner }

/** What `@jest/globals` gives to the test file that runs. */
const handed = globalThis as unknown as { jestGlobals: object }
let files = 0

registerHooks({
  resolve(name, context, next) {
    if (name !== '@jest/globals') return next(name, context)
    const ofTest = context.parentURL?.endsWith('.test.ts')
    return { url: ofTest ? `jest-globals:of-test-${files}` : 'jest-globals:of-all', shortCircuit: true }
  },
  load(url, context, next) {
    if (!url.startsWith('jest-globals:')) return next(url, context)
    // The rest belongs to one test file, and other modules stay for the next ones.
    const names = url === 'jest-globals:of-all' ? ['expect'] : Object.keys(handed.jestGlobals)
    const source = `export const { ${names.join(', ')} } = globalThis.jestGlobals`
    return { source, format: 'module', shortCircuit: true }
  }
})

// What only lets others go first waits no millisecond here, as Node's timers do at least: Bottleneck does that several
// times before each request to the API, which was half of the time that a run takes.
const later = globalThis.setTimeout
const atOnceOrLater = (work: () => void, ms?: number, ...given: []) =>
  ms === 0 ? setImmediate(work, ...given) : later(work, ms, ...given)
globalThis.setTimeout = Object.assign(atOnceOrLater, later) as typeof later

const runTestFile: Runner = (globalConfig, config, environment, runtime, ...more) => {
  const byNode: Partial<Runtime> = {
    // What collects the tests of a file, which must not know those of the last one.
    requireInternalModule(path) {
      delete require.cache[path]
      Reflect.deleteProperty(globalThis, Symbol.for('EVENT_HANDLERS'))
      return require(path)
    },
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule(path) {
      handed.jestGlobals = runtime.requireModuleOrMock(path, '@jest/globals')
      files++
      return import(pathToFileURL(path).href)
    }
  }
  return circus(globalConfig, config, environment, Object.assign(runtime, byNode), ...more)
}
export default runTestFile
