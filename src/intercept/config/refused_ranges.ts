import { type Cidr, type CidrProblem, parseCidr, subtractCidrs } from './cidr.ts';

/**
 * Addresses that no agent may reach through us: this host, its networks, link-local and cloud metadata, multicast,
 * and every IPv6 form that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo), which would dial around the
 * IPv4 list.
 */
export const REFUSED_RANGES = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Host agent of one large cloud: public space, private service.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** Each hole splits a block into at most 128; the bound keeps the address guard small. */
export const ALLOW_CIDRS_MAX = 64;

/** Throws when a block of `allow` is not canonical: settings were validated before. */
export function refusedRanges(allow: readonly string[]): Cidr[] {
  if (allow.length > ALLOW_CIDRS_MAX) throw new Error(`more than ${ALLOW_CIDRS_MAX} upstream.allow_cidrs`);
  return subtractCidrs(REFUSED_RANGES.map(must), allow.map(must));
}

function must(text: string): Cidr {
  const parsed = parseCidr(text);
  if (!parsed.ok)
    throw new Error(`upstream.allow_cidrs: ${JSON.stringify(text)}: ${explain(parsed.problem)}`);
  return parsed.value;
}

function explain(problem: CidrProblem): string {
  return problem === 'CIDR_SYNTAX'
    ? 'an address block such as 10.1.0.0/16 or fd00::/8 is expected'
    : 'bits after the prefix length must be zero';
}
