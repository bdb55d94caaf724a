import type { RelayOrder, RelayPlaces } from './ports.ts';

export const TICKET_HEADER = 'cg-relay-ticket';
const OURS = ['cg-relay-', 'x-cg-'];

/** Of nobody outside. */
export function isInternal(name: string): boolean {
  const lower = name.toLowerCase();
  return OURS.some((prefix) => lower.startsWith(prefix));
}

/** What the second hop asks for on every request. */
export function hopHeaders(
  { stamp }: Pick<RelayPlaces, 'stamp'>,
  { receipt_id, scheme }: Pick<RelayOrder, 'receipt_id' | 'scheme'>,
): Readonly<Record<string, string>> {
  return { 'cg-relay-stamp': stamp, 'cg-relay-scheme': scheme, 'cg-relay-receipt': receipt_id };
}

/** Pairs of a flat list of names and values, as Node gives what was on the wire. */
export function headerPairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));
}
