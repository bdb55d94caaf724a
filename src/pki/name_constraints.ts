import { fail, ok, type Result } from '../core/result.ts';

/**
 * X.509 name constraints, RFC 5280 section 4.2.1.10: which names an authority may vouch for. DER is written and read
 * here by hand because clients enforce the extension and a leaf beyond it would only fail later, at the client.
 */
export interface NameConstraints {
  /** DNS names below which, themselves included, leaves are permitted; empty: no DNS name is constrained. */
  readonly permittedDns: readonly string[];
  readonly excludedDns: readonly string[];
  /** Whether a leaf for an IP address could be valid. */
  readonly addresses: boolean;
}

const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** Only these names and what is below them; no IP addresses. `names` are canonical host names, at least one. */
export function encodeNameConstraints(names: readonly string[]): Uint8Array {
  const permitted = names.map((name) => tlv(SEQUENCE, tlv(DNS_NAME, Buffer.from(name, 'ascii'))));
  // Every address, in each family: address and mask all zero.
  const addresses = [8, 32].map((bytes) => tlv(SEQUENCE, tlv(IP_ADDRESS, Buffer.alloc(bytes))));
  return tlv(SEQUENCE, tlv(PERMITTED, ...permitted), tlv(EXCLUDED, ...addresses));
}

/** The value of the extension. Kinds of names that leaves never have are passed over. */
export function decodeNameConstraints(der: Uint8Array): Result<NameConstraints, 'NOT_NAME_CONSTRAINTS'> {
  const outer = readTlvs(der);
  const [sequence] = outer ?? [];
  if (sequence === undefined || outer?.length !== 1 || sequence.tag !== SEQUENCE) {
    return fail('NOT_NAME_CONSTRAINTS');
  }
  const parts = readTlvs(sequence.content);
  const permitted = subtrees(parts?.filter(({ tag }) => tag === PERMITTED));
  const excluded = subtrees(parts?.filter(({ tag }) => tag === EXCLUDED));
  if (permitted === undefined || excluded === undefined) return fail('NOT_NAME_CONSTRAINTS');
  const dns = (bases: readonly Tlv[]) =>
    bases
      .filter(({ tag }) => tag === DNS_NAME)
      .map(({ content }) => Buffer.from(content).toString('latin1').toLowerCase());
  return ok({
    permittedDns: dns(permitted),
    excludedDns: dns(excluded),
    // Which addresses exactly is left to nobody: an authority that constrains them gets none.
    addresses: ![...permitted, ...excluded].some(({ tag }) => tag === IP_ADDRESS),
  });
}

/** `host` is a canonical name, or an address when `isAddress`. */
export function permits(constraints: NameConstraints, host: string, isAddress: boolean): boolean {
  if (isAddress) return constraints.addresses;
  const within = (base: string): boolean =>
    base === '' || host === base || host.endsWith(base.startsWith('.') ? base : `.${base}`);
  if (constraints.excludedDns.some(within)) return false;
  return constraints.permittedDns.length === 0 || constraints.permittedDns.some(within);
}

interface Tlv {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The base of each subtree; undefined when it is not DER. */
function subtrees(parts: readonly Tlv[] | undefined): readonly Tlv[] | undefined {
  if (parts === undefined) return undefined;
  const bases: Tlv[] = [];
  for (const tree of parts.flatMap(({ content }) => readTlvs(content) ?? [{ tag: 0, content }])) {
    const [base] = tree.tag === SEQUENCE ? (readTlvs(tree.content) ?? []) : [];
    if (base === undefined) return undefined;
    bases.push(base);
  }
  return bases;
}

function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** All elements of `der`; undefined when a length does not fit. Lengths of up to two bytes: certificates are small. */
function readTlvs(der: Uint8Array): readonly Tlv[] | undefined {
  const found: Tlv[] = [];
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1] ?? 0x80;
    const extra = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || extra > 2) return undefined;
    const start = at + 2 + extra;
    const length =
      extra === 0 ? first : der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    if (start + length > der.length) return undefined;
    found.push({ tag: der[at] ?? 0, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
