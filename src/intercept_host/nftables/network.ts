import { formatIpv6, ipv4Words, parseIpv6 } from '../../core/request/ipv6.ts';

/** A block of addresses in one spelling only, ready to stand in a rule. */
export interface Network {
  readonly family: 4 | 6;
  /** `10.1.0.0/16`, `10.1.2.3`, `fd00::/8`. */
  readonly text: string;
  readonly prefix: number;
}

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const LENGTH = /^(0|[1-9][0-9]{0,2})$/;
const WORD_BITS = 16;

/**
 * An address, or address/length with no bit set beyond the length (that is usually a typo). Zone ids, leading zeros and
 * anything that is not an address are refused: this text goes into a rule.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const words = wordsOf(slash < 0 ? text : text.slice(0, slash));
  if (words === undefined) return undefined;
  const family = words.length === 2 ? 4 : 6;
  const width = words.length * WORD_BITS;
  const length = slash < 0 ? String(width) : text.slice(slash + 1);
  if (!LENGTH.test(length) || Number(length) > width) return undefined;
  const prefix = Number(length);
  if (words.some((word, index) => (word & hostMask(prefix, index)) !== 0)) return undefined;
  const address = family === 4 ? ipv4Words(words[0] ?? 0, words[1] ?? 0) : formatIpv6(words);
  return { family, prefix, text: prefix === width ? address : `${address}/${prefix}` };
}

function wordsOf(address: string): readonly number[] | undefined {
  const found = IPV4.exec(address);
  if (found === null) return parseIpv6(address);
  const [a = 0, b = 0, c = 0, d = 0] = found.slice(1).map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The bits of the word at `index` that lie beyond the prefix. */
function hostMask(prefix: number, index: number): number {
  const kept = Math.min(Math.max(prefix - index * WORD_BITS, 0), WORD_BITS);
  return 0xffff >> kept;
}
