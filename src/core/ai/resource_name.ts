const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/**
 * What policy and receipts know a resource by: its URI without a user, and without what is behind the first `?` or `#`, as tokens
 * stand there. The `@` and the `?` stay, so that what was cut is never taken for the same name without it.
 */
export function resourceName(uri: string): string {
  const end = uri.search(/[?#]/);
  return (end === -1 ? uri : uri.slice(0, end + 1)).replace(USER, '$1@');
}

/** Whether a name is a URI that no resource is known by. */
export function isHiddenName(name: string): boolean {
  return SCHEME.test(name) && resourceName(name) !== name;
}
