/** A fenced block of a Markdown file. */
export interface Block {
  /** The word behind the fence: `yaml`, `sh`. */
  readonly language: string
  readonly text: string
  /** Of its first line within the file, from 1. */
  readonly line: number
}

/** Every fenced block, in order; the indentation of its fence is taken off. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^([ \t]*)```([\w-]*)[^\n]*\n([\s\S]*?)^\1```[ \t]*$/gm)].map(match => {
    const [, indent = '', language = '', text = ''] = match
    return {
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: markdown.slice(0, match.index).split('\n').length + 1
    }
  })
}

/** True for a whole workflow, which can be checked as one. */
export function isWorkflow({ language, text }: Block): boolean {
  return /^ya?ml$/.test(language) && /^on:/m.test(text) && /^jobs:/m.test(text)
}
