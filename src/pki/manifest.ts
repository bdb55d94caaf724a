import { fail, ok, type Result } from '../core/result.ts';

/** One authority of this installation. Its files are `<name>.pem` and `<name>.key`. */
export interface ManifestEntry {
  readonly name: string;
  /** `own`: a root made here. `imported`: brought along, with its issuers. */
  readonly kind: 'own' | 'imported';
  /** Trusted since it is listed; signs leaves from here on, until the next one does. Milliseconds since the epoch. */
  readonly signs_from_ms: number;
}

/** A file that lists too many is not ours. Each rotation adds one, and expired ones leave. */
export const AUTHORITIES_MAX = 16;
export const AUTHORITY_NAME = /^(?:root|import)(?:-[1-9][0-9]{0,5})?$/;
const MEMBERS = 'kind,name,signs_from_ms';

/** `authorities.json`, in the order in which they were added. Any deviation is a problem: it decides who is trusted. */
export function parseManifest(text: string): Result<readonly ManifestEntry[], 'NOT_A_MANIFEST'> {
  const document = parsed(text);
  const list =
    isObject(document) && keysOf(document) === 'authorities,version' ? document['authorities'] : undefined;
  if (!Array.isArray(list) || list.length > AUTHORITIES_MAX) return fail('NOT_A_MANIFEST');
  const isWhole = isObject(document) && document['version'] === 1 && list.every(isEntry);
  const names = new Set(list.filter(isEntry).map(({ name }) => name));
  return isWhole && names.size === list.length ? ok(list.filter(isEntry)) : fail('NOT_A_MANIFEST');
}

export function renderManifest(authorities: readonly ManifestEntry[]): string {
  return `${JSON.stringify({ version: 1, authorities }, null, 2)}\n`;
}

/** Who signs at `now_ms`: of those that may, the one that was told to last. */
export function signingAt<T extends ManifestEntry & { readonly not_after_ms: number }>(
  authorities: readonly T[],
  now_ms: number,
): T | undefined {
  return authorities
    .filter((one) => one.signs_from_ms <= now_ms && now_ms < one.not_after_ms)
    .reduce<T | undefined>(
      (best, one) => (best && best.signs_from_ms > one.signs_from_ms ? best : one),
      undefined,
    );
}

function isEntry(value: unknown): value is ManifestEntry {
  if (!isObject(value) || keysOf(value) !== MEMBERS) return false;
  const { name, kind, signs_from_ms } = value;
  return (
    typeof name === 'string' &&
    AUTHORITY_NAME.test(name) &&
    (kind === 'own' || kind === 'imported') &&
    Number.isSafeInteger(signs_from_ms)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keysOf(value: object): string {
  return Object.keys(value).sort().join(',');
}
