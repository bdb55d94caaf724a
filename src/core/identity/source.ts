import { formatIpv6, ipv4Words, parseIpv6 } from '../request/ipv6.ts';

/** What an agent is known by without a credential: who it is to the kernel, or where it stands in the network. */
export type AgentSource =
  | { readonly kind: 'uid'; readonly uid: number }
  | { readonly kind: 'cidr'; readonly cidr: string };

/** What a listener saw of one connection. */
export type SourceIdentity =
  | { readonly kind: 'uid'; readonly uid: number }
  | { readonly kind: 'address'; readonly address: string };

/** A block of addresses on the one scale of IPv6, where IPv4 stands at ::ffff:0:0/96. */
export interface Network {
  /** All bits beyond `length` clear. */
  readonly base: bigint;
  /** 0 to 128. */
  readonly length: number;
}

export const UID_MAX = 4_294_967_294;
const ADDRESS_BITS = 128;
const MAPPED_BITS = 96;
const WORD_BITS = 16n;
const MAPPED = 0xffff;
const CIDR = /^([0-9a-f.:]{2,39})\/(0|[1-9][0-9]{0,2})$/;

/** The name of a source in registries, receipts and tickets: `uid:2001`, `cidr:10.92.0.0/24`. */
export function sourceName(source: AgentSource): string {
  return source.kind === 'uid' ? `uid:${source.uid}` : `cidr:${source.cidr}`;
}

/** An address of either family; IPv4 and IPv4-mapped IPv6 are the same one. Undefined: not an address. */
export function addressNumber(text: string): bigint | undefined {
  const words = parseIpv6(text.includes(':') ? text : `::ffff:${text}`);
  return words?.reduce((sum, word) => (sum << WORD_BITS) | BigInt(word), 0n);
}

/** `base` of the network with this length that an address is in. */
export function networkBase(address: bigint, length: number): bigint {
  const rest = BigInt(ADDRESS_BITS - length);
  return (address >> rest) << rest;
}

/**
 * A network in its one spelling: lower case, RFC 5952, IPv4 as IPv4, no bits set below the length, and not the whole
 * Internet of its family. Undefined: anything else.
 */
export function parseNetwork(cidr: string): Network | undefined {
  const [, address = '', digits = ''] = CIDR.exec(cidr) ?? [];
  const isIpv6 = address.includes(':');
  const number = addressNumber(address);
  const length = Number(digits) + (isIpv6 ? 0 : MAPPED_BITS);
  if (number === undefined || Number(digits) < 1 || length > ADDRESS_BITS) return undefined;
  if (networkBase(number, length) !== number || formatAddress(number) !== address) return undefined;
  return { base: number, length };
}

function formatAddress(number: bigint): string {
  const words = Array.from({ length: 8 }, (_, i) =>
    Number((number >> (WORD_BITS * BigInt(7 - i))) & 0xffffn),
  );
  const isIpv4 = words.slice(0, 5).every((word) => word === 0) && words[5] === MAPPED;
  return isIpv4 ? ipv4Words(words[6] ?? 0, words[7] ?? 0) : formatIpv6(words);
}
