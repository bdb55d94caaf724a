import { isIPv4, isIPv6 } from 'node:net';
import { fail, ok, type Result } from '../../core/result.ts';

/** A block of addresses: `base` has all bits beyond `prefix` clear. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

export type CidrProblem = 'CIDR_SYNTAX' | 'CIDR_HOST_BITS';

/** `address/length`, or a bare address for that address alone. Bits below the length must be zero: they are usually a typo. */
export function parseCidr(text: string): Result<Cidr, CidrProblem> {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const base = isIPv4(address)
    ? ipv4(address)
    : isIPv6(address) && !address.includes('%')
      ? ipv6(address)
      : undefined;
  if (base === undefined) return fail('CIDR_SYNTAX');
  const family = isIPv4(address) ? 4 : 6;
  const length = slash < 0 ? String(width(family)) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > width(family)) return fail('CIDR_SYNTAX');
  const cidr: Cidr = { family, base, prefix: Number(length) };
  return (base & (size(cidr) - 1n)) === 0n ? ok(cidr) : fail('CIDR_HOST_BITS');
}

/** Dotted quad, or RFC 5952 text without an embedded dotted quad. */
export function formatCidr(cidr: Cidr): { address_prefix: string; prefix_len: number } {
  return { address_prefix: formatAddress(cidr), prefix_len: cidr.prefix };
}

/** The smallest list of blocks that covers exactly the addresses of `from` outside `remove`, in the order of `from`. */
export function subtractCidrs(from: readonly Cidr[], remove: readonly Cidr[]): Cidr[] {
  return from.flatMap((block) =>
    without(
      block,
      remove.filter((hole) => overlaps(block, hole)),
    ),
  );
}

function without(block: Cidr, holes: readonly Cidr[]): Cidr[] {
  if (holes.length === 0) return [block];
  if (holes.some((hole) => hole.prefix <= block.prefix)) return [];
  return halves(block).flatMap((half) =>
    without(
      half,
      holes.filter((hole) => overlaps(half, hole)),
    ),
  );
}

function halves(block: Cidr): Cidr[] {
  const prefix = block.prefix + 1;
  const low: Cidr = { ...block, prefix };
  return [low, { ...low, base: block.base + size(low) }];
}

function overlaps(a: Cidr, b: Cidr): boolean {
  const [wide, narrow] = a.prefix <= b.prefix ? [a, b] : [b, a];
  return a.family === b.family && narrow.base >= wide.base && narrow.base < wide.base + size(wide);
}

function width(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function size(cidr: Cidr): bigint {
  return 1n << BigInt(width(cidr.family) - cidr.prefix);
}

function ipv4(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function ipv6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array.from({ length: gap }, () => 0n), ...right];
  return all.reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [BigInt(`0x${part}`)];
    const quad = ipv4(part);
    return [quad >> 16n, quad & 0xffffn];
  });
}

function formatAddress(cidr: Cidr): string {
  const step = cidr.family === 4 ? 8n : 16n;
  const count = cidr.family === 4 ? 4 : 8;
  const parts = Array.from(
    { length: count },
    (_, i) => (cidr.base >> (BigInt(count - 1 - i) * step)) & ((1n << step) - 1n),
  );
  if (cidr.family === 4) return parts.join('.');
  const text = parts.map((part) => part.toString(16));
  const run = longestZeroRun(text);
  if (run.length < 2) return text.join(':');
  return `${text.slice(0, run.start).join(':')}::${text.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(parts: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, part] of parts.entries()) {
    if (part !== '0') start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
