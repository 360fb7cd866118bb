/** The characters of a glob that stand for themselves. Classes are left out: what they exclude may be anything. */
export function literals(text: string): { readonly at: number; readonly character: string }[] {
  const found: { at: number; character: string }[] = []
  let braces = 0
  let parentheses = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '[') {
      const end = text.indexOf(']', at + (/^\[[!^]?\]/.test(text.slice(at)) ? 3 : 1))
      if (end > 0) at = end
    } else if ('?*+@!'.includes(character) && text[at + 1] === '(') {
      parentheses++
      at++
    } else if (character === ')' && parentheses > 0) parentheses--
    else if (character === '{') braces++
    else if (character === '}') braces--
    else if (character === ',' && braces > 0) continue
    else if (character === '|' && parentheses > 0) continue
    else if (!'*?'.includes(character)) found.push({ at, character })
  }
  return found
}
