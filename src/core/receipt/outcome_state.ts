import type { FramesSeen } from '../relay/relay_end.ts';
import type { Handshake } from './handshake_end.ts';
import type { OutcomeCause } from './outcome_cause.ts';
import { readCause } from './read_end.ts';
import type { OutcomeFacts, OutcomeState } from './records.ts';

/** How Envoy says that one stream ended. `-` is already taken out. */
export interface StreamEnd {
  /** Status the client saw; 0 when none was sent. */
  readonly code: number;
  /** Comma-separated response flags. */
  readonly flags: string;
  readonly details: string;
  /** A CONNECT, whatever its tunnel lets through, or a WebSocket. */
  readonly tunnel: boolean;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly duration_ms: number;
  readonly upstream_ms?: number;
  /** `ip:port` that the request was sent to; absent when no connection was made. */
  readonly upstream?: string;
  readonly attempts: number;
  /** Why we broke off what had been opened. */
  readonly cause?: OutcomeCause;
  readonly frames?: FramesSeen;
  /** Of a connection whose TLS Envoy ends. */
  readonly handshake?: Handshake;
  /** Nobody could find out how the stream ended. */
  readonly isLost?: true;
}

/**
 * One end for the two streams of an opaque tunnel: the CONNECT, absent when its line is lost, and the connection inside
 * Envoy that looked at the ClientHello and dialled. What the CONNECT was "sent to" is only that connection.
 */
export function joinedEnd(outer: StreamEnd | undefined, inner: StreamEnd): StreamEnd {
  const { upstream: _inside, ...connect } = outer ?? { ...inner, code: CONNECT_ANSWERED, tunnel: true };
  const isUnconnected = inner.upstream === undefined || hasFlag(inner, 'UF');
  return {
    ...connect,
    attempts: isUnconnected ? 0 : inner.attempts,
    flags: inner.flags === '' ? connect.flags : inner.flags,
    details: inner.details === '' ? connect.details : inner.details,
    ...(inner.upstream === undefined ? {} : { upstream: inner.upstream }),
    ...(isRefusedForName(inner) ? { cause: 'sni_mismatch' as const } : {}),
  };
}

/** Only an answered CONNECT has a connection inside. */
const CONNECT_ANSWERED = 200;

/** The guard of the server name said no, or there was no ClientHello, for which no chain of filters stands. */
function isRefusedForName(inner: StreamEnd): boolean {
  return inner.details.startsWith('rbac_access_denied') || hasFlag(inner, 'NR');
}

/** Details are a few fixed words; the bound keeps records small whatever Envoy adds. */
const DETAILS_MAX_CHARS = 128;

/** The facts of an outcome record. Pure; the same line always closes a receipt in the same way. */
export function outcomeFacts(end: StreamEnd): OutcomeFacts {
  const details = cleanDetails(end.details);
  const cause = end.cause ?? readCause(end.details);
  return {
    state: outcomeState(end),
    ...(end.code > 0 ? { status: end.code } : {}),
    bytes_in: end.bytes_in,
    bytes_out: end.bytes_out,
    latency_ms: end.duration_ms,
    ...(end.upstream_ms === undefined ? {} : { upstream_latency_ms: end.upstream_ms }),
    ...(end.flags === '' ? {} : { flags: end.flags }),
    ...(details === '' ? {} : { details }),
    ...(end.upstream === undefined ? {} : { upstream_address: end.upstream }),
    attempts: end.attempts,
    ...(cause === undefined ? {} : { cause }),
    ...(end.frames === undefined ? {} : { frames: end.frames }),
  };
}

/**
 * First match wins. The status is no help: a reset in the middle of a body keeps its 200.
 * 1. Nothing left: no connection was made, or the request was refused on the way to the upstream.
 * 2. A relay died under it.
 * 3. A tunnel or WebSocket that stood has served its purpose, whichever side closed it or when its time was up.
 * 4. What the upstream or the client broke off.
 * 5. What came through whole, or as far as policy let it.
 */
export function outcomeState(end: StreamEnd): OutcomeState {
  if (neverSent(end)) return 'not_sent';
  if (end.isLost === true) return 'unknown';
  if (end.tunnel && OPENED.includes(end.code)) return 'completed';
  if (upstreamBroke(end)) return 'upstream_error';
  if (CLIENT_LEFT.some((start) => end.details.startsWith(start)) || hasFlag(end, 'DC')) return 'client_abort';
  if (end.details === 'via_upstream' || readCause(end.details) !== undefined) return 'completed';
  return 'unknown';
}

export function upstreamBroke({ details }: StreamEnd): boolean {
  return UPSTREAM_BROKE.some((start) => details.startsWith(start));
}

/** Of a CONNECT and of a WebSocket. */
const OPENED: readonly number[] = [200, 101];
const UPSTREAM_BROKE = [
  'upstream_reset_before_response_started',
  'upstream_reset_after_response_started',
  'upstream_response_timeout',
  'upstream_per_try_timeout',
  // No byte moved for the idle limit while the answer was open.
  'stream_idle_timeout',
  // The longest that a stream may take was over before the answer was.
  'max_duration_timeout',
  'route_timeout',
];
const CLIENT_LEFT = [
  'downstream_remote_disconnect',
  'downstream_remote_reset',
  'http2.remote_reset',
  'http1.',
];

function neverSent(end: StreamEnd): boolean {
  if (end.attempts === 0) return true;
  const reset = end.details.startsWith('upstream_reset_before_response_started');
  return reset && NO_CONNECTION.some((word) => end.details.includes(word));
}

/** Resets that come before a connection is usable, so that no byte of the request can have been written. */
const NO_CONNECTION = [
  'remote_connection_failure',
  'local_connection_failure',
  'connection_timeout',
  '{overflow',
];

function hasFlag(end: StreamEnd, flag: string): boolean {
  return end.flags.split(',').includes(flag);
}

/** Keeps the fixed words and drops free text after a colon: TLS errors quote certificate names there. */
function cleanDetails(details: string): string {
  const colon = details.indexOf(':');
  const words = colon < 0 ? details : `${details.slice(0, colon)}${details.includes('{') ? '}' : ''}`;
  return words.replace(/[^\x20-\x7e]/g, '_').slice(0, DETAILS_MAX_CHARS);
}
