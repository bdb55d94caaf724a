import type { RawRequest } from '../../core/request/egress_request.ts';
import { HEADER_BYTES_MAX, HEADERS_MAX } from '../../core/request/headers.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { envoy } from '../../gen/envoy.js';

/** The request line, and the headers without it. */
export interface HeaderList {
  readonly pseudo: Pick<RawRequest, 'method' | 'authority' | 'path' | 'scheme'>;
  readonly headers: RawRequest['headers'];
}

type WireHeader = envoy.config.core.v3.HeaderValue.$Properties;

/**
 * Separates the pseudo headers from the rest, keeping wire order and duplicates. Values are byte strings, one
 * character per byte: a header is not text, and decoding it as such would judge other bytes than are forwarded.
 * Refused: a pseudo header that is unknown or given twice, which could be read in two ways, and a missing method.
 */
export function readHeaders(listed: readonly WireHeader[]): Result<HeaderList, 'PSEUDO_HEADERS'> {
  const pseudo = new Map<string, string>();
  const headers: { name: string; value: string }[] = [];
  let bytes = 0;
  for (const wire of listed) {
    // One header over a maximum is kept, so that the normaliser sees and refuses the excess; the rest is not read.
    if (headers.length > HEADERS_MAX || bytes > HEADER_BYTES_MAX) break;
    const name = (wire.key ?? '').toLowerCase();
    const value = byteString(wire);
    if (!name.startsWith(':')) {
      bytes += name.length + value.length;
      headers.push({ name, value });
    } else if (PSEUDO.has(name) && !pseudo.has(name)) {
      pseudo.set(name, value);
    } else return fail('PSEUDO_HEADERS');
  }
  const line = requestLine(pseudo);
  return line === undefined ? fail('PSEUDO_HEADERS') : ok({ pseudo: line, headers });
}

/** Those of an answer: the status alone is pseudo. The rest under the same rules. */
export function readResponseHeaders(
  listed: readonly WireHeader[],
): Result<{ readonly status: number; readonly headers: RawRequest['headers'] }, 'PSEUDO_HEADERS'> {
  const isStatus = ({ key }: WireHeader) => key === ':status';
  const text = listed.filter(isStatus).map(byteString);
  if (text.length !== 1 || !/^[1-9][0-9]{2}$/.test(text[0] ?? '')) return fail('PSEUDO_HEADERS');
  const rest = readHeaders([{ key: ':method', value: '-' }, ...listed.filter((wire) => !isStatus(wire))]);
  return rest.ok ? ok({ status: Number(text[0]), headers: rest.value.headers }) : rest;
}

const PSEUDO: ReadonlySet<string> = new Set([':method', ':authority', ':path', ':scheme']);

/** CONNECT has neither path nor scheme; an absent authority is for the normaliser to refuse. */
function requestLine(pseudo: ReadonlyMap<string, string>): HeaderList['pseudo'] | undefined {
  const method = pseudo.get(':method');
  if (method === undefined) return undefined;
  const [authority = '', path = '', scheme = ''] = [':authority', ':path', ':scheme'].map((name) =>
    pseudo.get(name),
  );
  return { method, authority, path, scheme };
}

function byteString(wire: WireHeader): string {
  const { rawValue, value } = wire;
  if (rawValue !== undefined && rawValue !== null && rawValue.length > 0) return latin1(rawValue);
  return value === undefined || value === null || value === '' ? '' : latin1(Buffer.from(value, 'utf8'));
}

function latin1(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1');
}
