import { isScalar, type Scalar, type YAMLMap } from 'yaml'

/**
 * The keys of a mapping that stood in it before. The parser's own search compares each key with each other one, which
 * takes minutes for a megabyte: parse with `uniqueKeys: false`, and ask this.
 */
export function repeatedKeys({ items }: YAMLMap): Scalar[] {
  const seen = new Set<unknown>()
  return items
    .map(({ key }) => key)
    .filter(key => isScalar(key) && seen.size === seen.add(key.value).size) as Scalar[]
}
