import { fail, ok, type Result } from '../core/result.ts';
import { readTlvs, sequence, TAG, type Tlv, tlv } from './der.ts';

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
  /** Whether a leaf may have a subject of any name. */
  readonly subjects: boolean;
}

const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const DIRECTORY_NAME = 0xa4;

/** Only these names and what is below them; no IP addresses. `names` are canonical host names, at least one. */
export function encodeNameConstraints(names: readonly string[]): Uint8Array {
  const permitted = names.map((name) => sequence(tlv(DNS_NAME, Buffer.from(name, 'ascii'))));
  // Every address, in each family: address and mask all zero.
  const addresses = [8, 32].map((bytes) => sequence(tlv(IP_ADDRESS, Buffer.alloc(bytes))));
  return sequence(tlv(PERMITTED, ...permitted), tlv(EXCLUDED, ...addresses));
}

/** The value of the extension. Kinds of names that leaves never have are passed over. */
export function decodeNameConstraints(der: Uint8Array): Result<NameConstraints, 'NOT_NAME_CONSTRAINTS'> {
  const outer = readTlvs(der);
  const [whole] = outer ?? [];
  if (whole === undefined || outer?.length !== 1 || whole.tag !== TAG.sequence) {
    return fail('NOT_NAME_CONSTRAINTS');
  }
  const parts = readTlvs(whole.content);
  const permitted = subtrees(parts?.filter(({ tag }) => tag === PERMITTED));
  const excluded = subtrees(parts?.filter(({ tag }) => tag === EXCLUDED));
  if (permitted === undefined || excluded === undefined) return fail('NOT_NAME_CONSTRAINTS');
  const dns = (bases: readonly Tlv[]) =>
    bases
      .filter(({ tag }) => tag === DNS_NAME)
      .map(({ content }) => Buffer.from(content).toString('latin1').toLowerCase());
  const constrains = (kind: number) => [...permitted, ...excluded].some(({ tag }) => tag === kind);
  return ok({
    permittedDns: dns(permitted),
    excludedDns: dns(excluded),
    // Which addresses exactly is left to nobody: an authority that constrains them gets none.
    addresses: !constrains(IP_ADDRESS),
    subjects: !constrains(DIRECTORY_NAME),
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

const NOT_DER: Tlv = { tag: 0, content: new Uint8Array(), whole: new Uint8Array() };

/** The base of each subtree; undefined when it is not DER. */
function subtrees(parts: readonly Tlv[] | undefined): readonly Tlv[] | undefined {
  if (parts === undefined) return undefined;
  const bases: Tlv[] = [];
  for (const tree of parts.flatMap(({ content }) => readTlvs(content) ?? [NOT_DER])) {
    const [base] = tree.tag === TAG.sequence ? (readTlvs(tree.content) ?? []) : [];
    if (base === undefined) return undefined;
    bases.push(base);
  }
  return bases;
}
