import type { Handshake } from '../../core/receipt/handshake_end.ts';
import type { StreamEnd } from '../../core/receipt/outcome_state.ts';
import { parseRelayEnd } from '../../core/relay/relay_end.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { PENDING_LENGTH_MAX } from '../inspect/pending_ticket.ts';
import type { TunnelHalf } from '../joined_tunnels.ts';
import type { RelayPart } from '../relayed_streams.ts';

/** A line is a few hundred bytes, and with a ticket as much more; anything longer is not ours. */
export const LOG_LINE_BYTES_MAX = 8_192 + PENDING_LENGTH_MAX;

/** One stream as Envoy's file log tells it. */
export interface AccessLogEntry {
  /** Absent when the Check gave no answer: aborted, timed out, or never asked. */
  readonly receipt_id?: string;
  /** Absent when the request could not be read at all. */
  readonly request_id?: string;
  /** Of a request whose body was to decide and has not, as far as Envoy knows. Sealed; nobody has looked inside. */
  readonly pending?: string;
  readonly start_ms: number;
  readonly end: StreamEnd;
  /** One of the two entries of an opaque or intercepted tunnel that was opened. */
  readonly half?: TunnelHalf;
  /** One of the entries of a stream that a relay carried. */
  readonly relay?: RelayPart;
}

export type AccessLogProblem = 'LOG_LINE_SYNTAX' | 'LOG_LINE_FIELD' | 'LOG_LINE_TOO_LONG';

/**
 * Reads one line without its newline. A full disk cuts lines and glues the rest to the next one, so every member is
 * checked and a bad line is a counted problem, never a guess.
 */
export function parseAccessLogLine(line: Uint8Array): Result<AccessLogEntry, AccessLogProblem> {
  if (line.length > LOG_LINE_BYTES_MAX) return fail('LOG_LINE_TOO_LONG');
  const fields = objectOf(line);
  if (fields === undefined) return fail('LOG_LINE_SYNTAX');
  const [receipt_id, request_id] = [
    idOf(given(fields['receipt_id']) ?? fields['inspected']),
    idOf(fields['request_id'] ?? fields['stream_id']),
  ];
  const start_ms = wholeNumber(fields['start_ms']);
  const end = endOf(fields);
  const relay = relayOf(fields);
  if (receipt_id === null || request_id === null || start_ms === undefined || end === undefined) {
    return fail('LOG_LINE_FIELD');
  }
  if (relay === null) return fail('LOG_LINE_FIELD');
  return ok({
    ...(receipt_id === undefined ? {} : { receipt_id }),
    ...(request_id === undefined ? {} : { request_id }),
    ...(receipt_id === undefined ? pendingOf(fields) : {}),
    start_ms,
    end,
    ...halfOf(fields, end),
    ...(relay === undefined ? {} : { relay }),
  });
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(line: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

function endOf(fields: Fields): StreamEnd | undefined {
  const [code, attempts] = [wholeNumber(fields['code']), wholeNumber(fields['attempts'] ?? 0)];
  const [bytes_in, bytes_out] = [wholeNumber(fields['bytes_in']), wholeNumber(fields['bytes_out'])];
  const duration_ms = wholeNumber(fields['duration_ms'] ?? 0);
  if (code === undefined || attempts === undefined || duration_ms === undefined) return undefined;
  if (bytes_in === undefined || bytes_out === undefined) return undefined;
  const upstream_ms = wholeNumber(fields['upstream_ms']);
  const upstream = textOf(fields['upstream']);
  return {
    ...{ code, attempts, bytes_in, bytes_out, duration_ms },
    flags: textOf(fields['flags']) ?? '',
    details: textOf(fields['details']) ?? '',
    tunnel: TUNNEL_ROUTES.includes(String(fields['route'])) || code === SWITCHED,
    ...(upstream_ms === undefined ? {} : { upstream_ms }),
    ...handshakeOf(fields, bytes_in),
    // The name of one of Envoy's own listeners is no address.
    ...(upstream === undefined || upstream.startsWith('envoy://')
      ? {}
      : { upstream: upstream.slice(0, ADDRESS_MAX_CHARS) }),
  };
}

/** Of an intercepted, an opaque and a raw tunnel. */
const TUNNEL_ROUTES: readonly string[] = ['intercept', 'tunnel', 'tunnel_raw'];
const CONNECT_ANSWERED = 200;

/** Those that lead to a listener inside, which writes a line of its own. */
const HALVED_ROUTES: readonly string[] = ['intercept', 'tunnel'];

function halfOf({ listener, route }: Fields, { code }: StreamEnd): { half?: TunnelHalf } {
  if (listener === 'opaque' || listener === 'handshake') return { half: 'inner' };
  return HALVED_ROUTES.includes(String(route)) && code === CONNECT_ANSWERED ? { half: 'outer' } : {};
}

const HANDSHAKES: readonly string[] = ['handshake', 'unasked_handshake'];

function handshakeOf(fields: Fields, bytes_in: number): { handshake?: Handshake } {
  if (!HANDSHAKES.includes(String(fields['listener']))) return {};
  const handshake = {
    // Without a ClientHello no chain is chosen, and without a chain there is no TLS to have a version.
    isBegun: textOf(fields['tls']) !== undefined,
    isShown: textOf(fields['tls_cipher']) !== undefined,
    isAgreed: wholeNumber(fields['tls_agreed_ms']) !== undefined,
    isUsed: bytes_in > 0 || textOf(fields['protocol']) !== undefined,
    problem: problemOf(textOf(fields['tls_failure']) ?? ''),
  };
  return { handshake };
}

/** The last constant: the ones before it lead to it. Free text, such as what the system says, is none. */
function problemOf(failure: string): string {
  return [...failure.matchAll(/:([A-Z][A-Z0-9_]{3,63})(?=[:|]|$)/g)].at(-1)?.[1] ?? '';
}

/** A WebSocket stands. */
const SWITCHED = 101;

/** Undefined for what no relay has to do with, null for a report that is none. */
function relayOf({ listener, route, relay_end }: Fields): RelayPart | undefined | null {
  if (listener !== RELAY_LISTENER) return route === 'relay' ? { part: 'outer' } : undefined;
  const text = textOf(relay_end);
  if (text === undefined) return { part: 'hop' };
  const report = parseRelayEnd(text);
  return report.ok ? { part: 'report', report: report.value } : null;
}

const RELAY_LISTENER = 'relay_out';

const ADDRESS_MAX_CHARS = 64;

/** Envoy writes numbers as numbers where it can and as digits elsewhere. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** `-` and null both mean that there is none. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined;
}

function pendingOf({ pending }: Fields): { pending?: string } {
  return typeof pending === 'string' && PENDING.test(pending) ? { pending } : {};
}

/** No shorter text is a ticket. */
const PENDING = /^[A-Za-z0-9_-]{64,}$/;

function given(value: unknown): unknown {
  return value === '-' || value === '' || value === null ? undefined : value;
}

/** Undefined when there is none, null when what is there is no id. */
function idOf(value: unknown): string | undefined | null {
  if (value === undefined || value === null || value === '-' || value === '') return undefined;
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : null;
}
