/** True for the host of a registry that people also push to, and that is not GitHub's. */
export function isElsewhere(host: string): boolean {
  return OTHERS.test(host)
}

const OTHERS =
  /^(?:(?:index\.|registry-1\.)?docker\.io|quay\.io|(?:\w+\.)?gcr\.io|mcr\.microsoft\.com|public\.ecr\.aws|registry\.gitlab\.com|docker\.pkg\.github\.com|.+\.(?:azurecr\.io|amazonaws\.com|pkg\.dev))$/
