/** What the runner would make of a log: its commands as a person sees them in the browser, and no secrets. */
export function readable(log: string): string {
  return log
    .split('\n')
    .filter(line => !/^::(add-mask|endgroup|debug)::/.test(line))
    .map(line =>
      line.startsWith('::')
        ? unescaped(line.replace(/^::group::/, '▼ ').replace(/^::(error|warning|notice)[^:]*::/, '$1: '))
        : line
    )
    .join('\n')
}

function unescaped(line: string): string {
  return line.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
