import { isIPv4 } from 'node:net';

/** Capabilities that let a process take down or go around what holds it (capability.h). */
const TELLING: readonly (readonly [bit: number, name: string])[] = [
  [1, 'CAP_DAC_OVERRIDE'],
  [2, 'CAP_DAC_READ_SEARCH'],
  [7, 'CAP_SETUID'],
  [12, 'CAP_NET_ADMIN'],
  [13, 'CAP_NET_RAW'],
  [16, 'CAP_SYS_MODULE'],
  [17, 'CAP_SYS_RAWIO'],
  [19, 'CAP_SYS_PTRACE'],
  [21, 'CAP_SYS_ADMIN'],
  [39, 'CAP_BPF'],
];

/** Names of effective capabilities that matter here; undefined when the text of /proc/self/status has none. */
export function tellingCapabilities(status: string): readonly string[] | undefined {
  const hex = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1];
  if (hex === undefined) return undefined;
  const bits = BigInt(`0x${hex}`);
  return TELLING.filter(([bit]) => ((bits >> BigInt(bit)) & 1n) === 1n).map(([, name]) => name);
}

const LISTEN = '0A';
const LINES_MAX = 65_536;

/**
 * Owner of the socket that listens on an IPv4 address and port, from /proc/net/tcp or tcp6; wildcards count.
 * Undefined when there is none.
 */
export function listenerUid(table: string, address: string, port: number): number | undefined {
  const wanted = new Set([...addressForms(address), '0'.repeat(8), '0'.repeat(32)]);
  for (const line of table.split('\n', LINES_MAX)) {
    const [, local = '', , state, , , , uid = ''] = line.trim().split(/\s+/);
    const [host = '', hexPort = ''] = local.split(':');
    if (state !== LISTEN || Number.parseInt(hexPort, 16) !== port || !wanted.has(host)) continue;
    if (/^\d{1,10}$/.test(uid)) return Number(uid);
  }
  return undefined;
}

/** As the kernel prints it: 32-bit words in host order, little-endian on everything we run on. */
function addressForms(address: string): readonly string[] {
  if (!isIPv4(address)) return address === '::1' ? ['00000000000000000000000001000000'] : [];
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  const word = [...bytes].reverse().join('').toUpperCase();
  return [word, `0000000000000000FFFF0000${word}`];
}
