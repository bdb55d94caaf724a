import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import type { RelayPlaces } from './ports.ts';

export const TICKET_HEADER = 'cg-relay-ticket';
const OURS = ['cg-relay-', 'x-cg-'];

/** Of nobody outside. */
export function isInternal(name: string): boolean {
  const lower = name.toLowerCase();
  return OURS.some((prefix) => lower.startsWith(prefix));
}

/** It announces what follows a chunked body. Node throws when it is to send it without one, and none is relayed. */
export function isUnsendable(name: string): boolean {
  return name.toLowerCase() === 'trailer';
}

/** What the second hop asks for on every request. */
export function hopHeaders(
  { stamp }: RelayPlaces,
  { receipt_id }: RelayTicket,
): Readonly<Record<string, string>> {
  return { 'cg-relay-stamp': stamp, 'cg-relay-receipt': receipt_id };
}

/** The same for what goes on to a destination: a report names no scheme, so that neither is taken for the other. */
export function destinationHeaders(
  places: RelayPlaces,
  order: RelayTicket,
): Readonly<Record<string, string>> {
  return { ...hopHeaders(places, order), 'cg-relay-scheme': order.scheme };
}

/** Pairs of a flat list of names and values, as Node gives what was on the wire. */
export function headerPairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));
}
