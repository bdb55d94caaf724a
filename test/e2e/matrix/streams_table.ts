/** WebSocket and gRPC clients: which ways they go, and what becomes of their handshakes and calls. */
import { keysOf, MODES, type Mode, type NotApplicable } from './table.ts';

export const STREAM_CLIENTS = {
  'ws-node': { title: 'WebSocket, Node (undici)', kind: 'websocket' },
  'ws-python': { title: 'WebSocket, Python websockets', kind: 'websocket' },
  'grpc-node': { title: 'gRPC, Node (grpc-js)', kind: 'grpc' },
  'grpc-python': { title: 'gRPC, Python grpcio', kind: 'grpc' },
} as const;
export type StreamClient = keyof typeof STREAM_CLIENTS;
export type Kind = (typeof STREAM_CLIENTS)[StreamClient]['kind'];

export const ASKS = {
  allow: 'a rule allows it',
  deny: 'a rule denies it',
  'not-allowed': 'a rule allows plain requests there',
  capped: '`stream: {max_bytes: 600}`',
} as const;
export type Ask = keyof typeof ASKS;
export const CAP_BYTES = 600;

export interface Streamed {
  /** What the client learns. */
  readonly sees: string;
  /** The last decision, and for an allow its end. */
  readonly record: string;
  /** Whether the handshake or call reached the destination. */
  readonly hits: 0 | 1;
}

/** A WebSocket of Node tells its program only that it came to nothing; Python's has the answer's status. */
export const STREAM_CELLS: Readonly<Record<Kind, Readonly<Record<Ask, Streamed | NotApplicable>>>> = {
  websocket: {
    allow: { sees: 'its messages come back', record: 'allow POLICY_ALLOW completed', hits: 1 },
    deny: { sees: '403 POLICY_DENY', record: 'deny POLICY_DENY', hits: 0 },
    'not-allowed': { sees: '403 UPGRADE_NOT_ALLOWED', record: 'deny UPGRADE_NOT_ALLOWED', hits: 0 },
    capped: { sees: 'the connection ends', record: 'allow POLICY_ALLOW completed stream_bytes', hits: 1 },
  },
  grpc: {
    allow: { sees: 'its messages come back', record: 'allow POLICY_ALLOW completed', hits: 1 },
    deny: { sees: 'grpc-status 7 POLICY_DENY', record: 'deny POLICY_DENY', hits: 0 },
    'not-allowed': { because: 'a rule for plain requests grants gRPC calls as well' },
    capped: { sees: 'grpc-status 8', record: 'allow POLICY_ALLOW completed stream_bytes', hits: 1 },
  },
};

const ASKS_FOR_TUNNEL = { because: 'these clients ask a proxy for a tunnel' };
const UNSEEN = { because: 'in a tunnel that nobody opens a stream is bytes like any other' };
const ONLY_HTTP1 = { because: 'WebSockets over HTTP/2 (RFC 8441) are not offered' };
const ONLY_HTTP2 = { because: 'gRPC needs HTTP/2' };
const ALL: Readonly<Record<Kind, true>> = { websocket: true, grpc: true };
const none = (reason: NotApplicable) => ({ websocket: reason, grpc: reason });

export const STREAM_WAYS: Readonly<Record<Mode, Readonly<Record<Kind, true | NotApplicable>>>> = {
  plain: none(ASKS_FOR_TUNNEL),
  opaque: none(UNSEEN),
  raw: none(UNSEEN),
  'inside-h1': { websocket: true, grpc: ONLY_HTTP2 },
  'inside-h2': { websocket: ONLY_HTTP1, grpc: true },
  'base-host': ALL,
  'base-to': ALL,
  'redirected-plain': ALL,
  'redirected-opaque': none(UNSEEN),
  'redirected-inside': ALL,
  'redirected-header': ALL,
};

/** Undici's WebSocket takes its `Host` from the URL, which is the gateway's there. */
export const NO_HOST = { because: 'sends the Host of its URL' };

/** Whether this client goes this way. */
export function goes(mode: Mode, client: StreamClient): true | NotApplicable {
  if (mode === 'base-host' && client === 'ws-node') return NO_HOST;
  return STREAM_WAYS[mode][STREAM_CLIENTS[client].kind];
}

export function streamModes(): readonly Mode[] {
  return keysOf(MODES).filter((mode) => Object.values(STREAM_WAYS[mode]).includes(true));
}

export function streamWays(): readonly (readonly [Mode, StreamClient])[] {
  return keysOf(MODES).flatMap((mode) =>
    keysOf(STREAM_CLIENTS)
      .filter((client) => goes(mode, client) === true)
      .map((client) => [mode, client] as const),
  );
}

export function asksOf(client: StreamClient): readonly (readonly [Ask, Streamed])[] {
  const cells = STREAM_CELLS[STREAM_CLIENTS[client].kind];
  return keysOf(ASKS).flatMap((ask): (readonly [Ask, Streamed])[] => {
    const cell = cells[ask];
    return 'because' in cell ? [] : [[ask, cell]];
  });
}
