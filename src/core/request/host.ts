import { fail, ok, type Result } from '../result.ts';
import type { HostKind } from './egress_request.ts';
import { formatIpv6, ipv4Words, parseIpv6 } from './ipv6.ts';

export type HostProblem = 'AUTHORITY_INVALID' | 'HOST_NUMERIC';

export interface Host {
  /** Canonical: lower-case A-label name, dotted IPv4, or RFC 5952 IPv6 without brackets. */
  readonly host: string;
  readonly host_kind: HostKind;
}

export interface Authority extends Host {
  /** Absent when the authority names no port. */
  readonly port?: number;
}

const HOST_LENGTH_MAX = 253;
/** The longest host, in brackets, with `:65535`. */
const AUTHORITY_LENGTH_MAX = HOST_LENGTH_MAX + 8;

// Letters, digits and inner hyphens; 1 to 63 of them. Underscores are refused: no public web host needs them.
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ACE_LABEL = /^xn--[a-z0-9]/;
const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
const PORT = /^[1-9][0-9]{0,4}$/;
// The URL standard's "ends in a number": such a host is an IPv4 address to a browser, whatever a resolver thinks.
const NUMBER_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * `host` or `host:port` as it stands in `:authority`. User information, zone ids, trailing dots, non-ASCII,
 * empty and non-canonical ports are refused, never repaired.
 */
export function parseAuthority(text: string): Result<Authority, HostProblem> {
  if (text.length > AUTHORITY_LENGTH_MAX) return fail('AUTHORITY_INVALID');
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':');
  const hostEnd = end > 0 ? end : text.length;
  const host = parseHost(text.slice(0, hostEnd));
  if (!host.ok) return host;
  if (hostEnd === text.length) return ok(host.value);
  const port = parsePort(text.slice(hostEnd));
  return port === undefined ? fail('AUTHORITY_INVALID') : ok({ ...host.value, port });
}

/** A host alone; IPv6 in brackets. */
export function parseHost(text: string): Result<Host, HostProblem> {
  if (text.startsWith('[') && text.endsWith(']')) {
    const words = parseIpv6(text.slice(1, -1));
    return words ? ok({ host: formatIpv6(words), host_kind: 'ipv6' }) : fail('AUTHORITY_INVALID');
  }
  const host = text.toLowerCase();
  // A letter outside ASCII can fold into ASCII (KELVIN SIGN), so both forms have to be plain.
  if (host.length > HOST_LENGTH_MAX || !isAscii(text)) return fail('AUTHORITY_INVALID');
  const labels = host.split('.');
  if (!labels.every(isLabel)) return fail('AUTHORITY_INVALID');
  if (!NUMBER_LABEL.test(labels.at(-1) ?? '')) return ok({ host, host_kind: 'name' });
  return isDottedIpv4(labels) ? ok({ host, host_kind: 'ipv4' }) : fail('HOST_NUMERIC');
}

/** The inverse of `parseAuthority`: brackets for IPv6, no port when it is the default of the scheme. */
export function formatAuthority(host: Host, port: number, defaultPort: number): string {
  const name = host.host_kind === 'ipv6' ? `[${host.host}]` : host.host;
  return port === defaultPort ? name : `${name}:${port}`;
}

/** `ip:port` as an agent dialled it, IPv6 in brackets. Undefined: not an address, or no port. */
export function parseEndpoint({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): Required<Authority> | undefined {
  const parsed = parseAuthority(`${address.includes(':') ? `[${address}]` : address}:${port}`);
  if (!parsed.ok || parsed.value.host_kind === 'name' || parsed.value.port === undefined) return undefined;
  return { ...parsed.value, port: parsed.value.port };
}

/** Names and addresses that reach this machine whatever its own name is. */
export function isOwnMachine(host: Host): boolean {
  if (host.host_kind === 'name') return host.host === 'localhost' || host.host.endsWith('.localhost');
  if (host.host_kind === 'ipv4') return isLocalIpv4(host.host);
  const words = parseIpv6(host.host);
  if (!words) return false;
  const high = words.slice(0, 6);
  const mapped = high.slice(0, 5).every((word) => word === 0) && high[5] === 0xffff;
  if (mapped) return isLocalIpv4(ipv4Words(words[6] ?? 0, words[7] ?? 0));
  return words.slice(0, 7).every((word) => word === 0) && (words[7] ?? 0) <= 1;
}

function isLocalIpv4(host: string): boolean {
  return host.startsWith('127.') || host.startsWith('0.');
}

function isLabel(label: string): boolean {
  return LABEL.test(label) && (!label.startsWith('xn--') || ACE_LABEL.test(label));
}

function isDottedIpv4(labels: readonly string[]): boolean {
  return labels.length === 4 && labels.every((octet) => OCTET.test(octet) && Number(octet) <= 255);
}

function parsePort(text: string): number | undefined {
  const digits = text.slice(1);
  const port = Number(digits);
  return text.startsWith(':') && PORT.test(digits) && port <= 65_535 ? port : undefined;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
