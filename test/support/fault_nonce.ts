/** The nonce of a request, from its path; calls of models have theirs in front of what tells their service. */
export function nonceIn(path: string): string | undefined {
  return path
    .replace(/\/chat\/completions$/, '')
    .split('/')
    .at(-1);
}
