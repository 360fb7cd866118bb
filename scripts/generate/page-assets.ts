/**
 * The style and the script of the HTML report as a module of texts, so that one bundle holds them and nothing has to
 * be read beside it.
 */
export function pageAssets(style: string, script: string): string {
  const note = '// Made from style.css and client.js by `npm run generate`. Change those.\n'
  const constant = (name: string, text: string): string => `export const ${name} = ${JSON.stringify(text)}\n`
  return `${note}${constant('STYLE', style)}${constant('SCRIPT', script)}`
}
