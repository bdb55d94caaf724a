import { sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { parseHost } from '../request/host.ts';
import { parseIpv6 } from '../request/ipv6.ts';

/** A block of addresses that nobody has; names get their places in it. */
export interface AddressBlock {
  readonly family: 4 | 6;
  /** The first address. */
  readonly base: bigint;
  /** How many; a power of two. */
  readonly size: bigint;
}

const LENGTH = /^(?:0|[1-9][0-9]{0,2})$/;
const DOMAIN = 'clawgress/resolver-address/v1\0';
const HASH_BYTES = 16;

/** `198.18.0.0/15`, `fd63:6761::/64`. Undefined: not a block, or bits beyond its length. */
export function parseAddressBlock(text: string): AddressBlock | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0 || !LENGTH.test(length)) return undefined;
  const bits = parsed.family === 4 ? 32 : 128;
  if (Number(length) > bits) return undefined;
  const size = 1n << BigInt(bits - Number(length));
  if (parsed.value % size !== 0n) return undefined;
  return { family: parsed.family, base: parsed.value, size };
}

/**
 * The address of a name, the same whenever and by whomever it is asked: nothing has to be remembered. Two names may
 * share one, which harms nobody, because the name in the request decides where it goes. Neither the first nor the last
 * address of the block, which mean a network or everybody in it.
 */
export function syntheticAddress(block: AddressBlock, host: string): Uint8Array {
  const { family, base, size } = block;
  const hash = toBigint(sha256(utf8Encode(`${DOMAIN}${host}`)).subarray(0, HASH_BYTES));
  const offset = size > 2n ? 1n + (hash % (size - 2n)) : hash % size;
  return toBytes(base + offset, family === 4 ? 4 : 16);
}

function parseAddress(text: string): { family: 4 | 6; value: bigint } | undefined {
  if (text.includes(':')) {
    const words = parseIpv6(text);
    if (words === undefined) return undefined;
    return { family: 6, value: words.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n) };
  }
  const host = parseHost(text);
  if (!host.ok || host.value.host_kind !== 'ipv4') return undefined;
  const octets = host.value.host.split('.').map(Number);
  return { family: 4, value: octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n) };
}

function toBigint(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 255n),
  );
}
