import { resolve } from 'node:path'
import { type BuildResult, build, type Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')

/**
 * What stands before everything else: the CommonJS packages (undici, tunnel, semver, bottleneck) require() built-ins, and
 * an older Node says so in one sentence instead of in a stack.
 */
const BANNER =
  "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" +
  'if(Number.parseInt(process.versions.node)<24){' +
  'console.log("::error::ghcr-steward needs Node 24, this is "+process.versions.node+".");process.exit(1)}'

/**
 * Bundles src/index.ts as users run it, without writing anything.
 *
 * @param replaced sources to take in place of files, by absolute path: how a broken action is made
 */
export function bundle(
  replaced: ReadonlyMap<string, string> = new Map()
): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    absWorkingDir: root,
    entryPoints: { index: 'src/index.ts' },
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: BANNER },
    plugins: [replacing(replaced)],
    metafile: true,
    write: false
  })
}

const replacing = (sources: ReadonlyMap<string, string>): Plugin => ({
  name: 'replacing',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = sources.get(path)
      return contents === undefined ? undefined : { contents, loader: 'ts' }
    })
  }
})
