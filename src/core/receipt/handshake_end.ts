import type { TlsCause } from './outcome_cause.ts';
import type { StreamEnd } from './outcome_state.ts';

/** How far the TLS of a connection came that Envoy ends with a certificate of ours. */
export interface Handshake {
  /** A whole ClientHello came. */
  readonly isBegun: boolean;
  /** Parameters were chosen, with which the certificate is sent. */
  readonly isShown: boolean;
  readonly isAgreed: boolean;
  /** At least the beginning of a request came. */
  readonly isUsed: boolean;
  /** What the TLS library calls the problem, such as `TLSV1_ALERT_UNKNOWN_CA`; empty when it had none. */
  readonly problem: string;
}

/** Undefined for a connection that served. First match wins. */
export function handshakeCause(end: StreamEnd): TlsCause | undefined {
  const { handshake } = end;
  if (handshake === undefined || handshake.isUsed) return undefined;
  if (handshake.isAgreed) return 'tls_unused';
  if (!handshake.isBegun) return 'tls_missing';
  if (handshake.problem === NO_CERTIFICATE) return 'tls_name_refused';
  if (end.details === TIMED_OUT) return 'tls_timeout';
  // OpenSSL and Go, Java and Node each say it in their own way, or leave without a word; what they share is the moment.
  return handshake.isShown ? 'tls_client_distrust' : 'tls_failed';
}

/** How Envoy ends a handshake for whose name the gateway gives no certificate. */
const NO_CERTIFICATE = 'CONNECTION_REJECTED';
const TIMED_OUT = 'transport socket timeout was reached';

/** Whether the connection ended before there was TLS to ask in. */
export function isRefusedHandshake(end: StreamEnd): boolean {
  const cause = handshakeCause(end);
  return cause !== undefined && cause !== 'tls_unused';
}

/**
 * One end for the two streams of an intercepted tunnel: the CONNECT, absent when its line is lost, and the connection in
 * which TLS was to be opened. Without TLS nothing can have been sent.
 */
export function openedEnd(outer: StreamEnd | undefined, inner: StreamEnd): StreamEnd {
  const { handshake, ...own } = inner;
  const { upstream: _inside, ...connect } = outer ?? {
    ...own,
    code: CONNECT_ANSWERED,
    tunnel: true,
    attempts: 1,
  };
  const cause = handshakeCause(inner);
  if (cause === undefined) return connect;
  const details = handshake?.problem ? `tls{${handshake.problem}}` : inner.details;
  return {
    ...connect,
    ...(details === '' ? {} : { details }),
    ...(isRefusedHandshake(inner) ? { attempts: 0 } : {}),
    cause,
  };
}

/** Only an answered CONNECT has a connection inside. */
const CONNECT_ANSWERED = 200;
