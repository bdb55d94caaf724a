import type { Issued } from '../../../support/pki.ts';

export interface FarHit {
  readonly url: string;
  readonly host: string;
  /** Empty without TLS. */
  readonly sni: string;
  readonly headers: readonly string[];
}

/** What has arrived so far. */
export interface Arrived {
  readonly hits: readonly FarHit[];
  /** Connections on any port, whatever was said on them. */
  readonly accepts: number;
  readonly resolved: readonly string[];
}

export type ToFarSide = { readonly leaf: Issued } | { readonly ask: number };
export type FromFarSide =
  | { readonly resolvers: readonly object[] }
  | { readonly answer: number; readonly arrived: Arrived };

/** Greets first, says back what it hears, and has a last word after the client's end. */
export const GREETING = '220 hello\r\n';
export const LAST_WORD = 'bye\r\n';
export const GREETING_PORT = 2525;
