/** What the gateway calls itself towards agents. Never resolved, never forwarded, whatever policy says. */
export const OWN_NAME = 'clawgress.internal';

/** The name and everything below it. `host` is canonical. */
export function isOwnName(host: string): boolean {
  return host === OWN_NAME || host.endsWith(`.${OWN_NAME}`);
}
