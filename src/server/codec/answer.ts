import type { BodyMistake } from '../../core/receipt/body_mistake.ts';
import type { RawRequest, TunnelMode } from '../../core/request/egress_request.ts';
import type { ReasonCode } from '../../core/verdict/reasons.ts';

/** What ties an answer to its durable record. */
export interface ReceiptRef {
  readonly id: string;
  /** Hex RFC 6962 leaf hash of the journal line. */
  readonly leafHash: string;
}

/** State of the tightest limit, for `ratelimit-*` headers. */
export interface LimitState {
  /** Requests that may come at once. */
  readonly quota: number;
  readonly remaining: number;
  readonly resetMs: number;
}

export interface AllowAnswer {
  /** Shared with Envoy's stamp guard: without it nothing is forwarded, whatever else happens. */
  readonly stamp: string;
  readonly receipt: ReceiptRef;
  /** Put in place of `:authority` and `:path`; absent members stay as they came. */
  readonly rewrite: { readonly authority?: string; readonly path?: string };
  /** Lower-case names of headers that must not reach the destination. */
  readonly strip: readonly string[];
  readonly limit?: LimitState;
  /** On an allowed CONNECT. Without it Envoy has no route for one. */
  readonly tunnel?: TunnelAnswer;
  /** On an allowed WebSocket, and on a gRPC call with caps. Without it Envoy upgrades nothing. */
  readonly way?: WayAnswer;
}

/** To a request whose body decides. */
export interface HeldAnswer extends Pick<AllowAnswer, 'stamp' | 'rewrite' | 'strip'> {
  /** Sealed. */
  readonly pending: string;
}

/** By which of its routes Envoy forwards a stream. */
export type WayAnswer =
  | { readonly route: 'websocket' }
  /** Through the relay of this host, which opens the ticket. */
  | { readonly route: 'relay_websocket' | 'relay_http'; readonly ticket: string };

/** How Envoy opens a tunnel, and what crosses into it. */
export interface TunnelAnswer {
  readonly mode: TunnelMode;
  /** Canonical, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** With `intercept`: what vouches for the requests inside. */
  readonly ticket?: string;
}

export interface DenialAnswer {
  readonly reason: ReasonCode;
  readonly mode: RawRequest['mode'];
  /** To be told in the way of gRPC. */
  readonly grpc?: boolean;
  readonly requestId: string;
  /** Absent when nothing was recorded; an id that was not written is never shown. */
  readonly receipt?: ReceiptRef;
  /** Counted in an aggregate record; the access log says so in place of a receipt id. */
  readonly folded?: true;
  readonly policyHash?: string;
  readonly ruleId?: string;
  readonly retryAfterMs?: number;
  readonly limit?: LimitState;
  /** Where the body is what the request was denied for. */
  readonly body?: BodyMistake;
}
