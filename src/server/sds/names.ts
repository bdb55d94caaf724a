import { parseHost } from '../../core/request/host.ts';

/** The longest host in brackets. */
const NAME_CHARS_MAX = 255;

/**
 * The canonical host that a certificate is asked for, undefined when it is none. Clients may spell names in capitals;
 * nothing else is repaired. IPv6 is in brackets.
 */
export function canonicalName(asked: string): string | undefined {
  if (asked.length > NAME_CHARS_MAX) return undefined;
  const parsed = parseHost(asked);
  if (!parsed.ok) return undefined;
  const { host, host_kind } = parsed.value;
  const canonical = host_kind === 'ipv6' ? `[${host}]` : host;
  return canonical === asked.toLowerCase() ? canonical : undefined;
}
