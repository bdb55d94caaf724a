import http from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  ANSWER_MS_MAX,
  type Call,
  headersOf,
  type InsideKind,
  receiptOf,
  requestInside,
  type Seen,
  type Sent,
} from './fault_client.ts';

/** A tunnel that the gateway opens, and the requests to be sent in it, one after the other. */
export interface InterceptedCall extends Omit<Call, 'kind' | 'agent'> {
  readonly inside: readonly { readonly kind: InsideKind; readonly ms: number }[];
  /** PEM: whom the client believes. */
  readonly ca: string;
}

/**
 * CONNECT, handshake with certificate and name verified, then the requests. The CONNECT comes first in what is
 * returned; when the handshake fails, the first request inside has no answer and the others were never made.
 */
export async function callIntercepted(one: InterceptedCall): Promise<Sent[]> {
  const started = performance.now();
  const { seen, socket } = await enter(one);
  const outer: Sent = { nonce: one.nonce, kind: 'intercept', started, ended: performance.now(), ...seen };
  if (socket === undefined) return [outer];
  try {
    return [outer, ...(await requestsInside(one, socket))];
  } finally {
    socket.destroy();
  }
}

async function requestsInside(one: InterceptedCall, socket: Socket): Promise<Sent[]> {
  let started = performance.now();
  const tls = await handshake(one, socket);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  if (tls) Object.assign(agent, { createConnection: () => tls });
  const all: Sent[] = [];
  for (const [index, { kind, ms }] of one.inside.entries()) {
    const nonce = `${one.nonce}.${index}`.replace('intercept', kind);
    const seen: Seen = tls ? await requestInside({ ...one, nonce, kind, ms, agent }) : { status: 0 };
    all.push({ nonce, kind, started, ended: performance.now(), tunnel: one.nonce, ...seen });
    if (tls === undefined || tls.destroyed || seen.status === 0) break;
    started = performance.now();
  }
  agent.destroy();
  return all;
}

interface Entered {
  readonly seen: Seen;
  readonly socket?: Socket;
}

function enter(one: InterceptedCall): Promise<Entered> {
  return new Promise((resolve) => {
    const call = http.request({
      host: one.proxy.hostname,
      port: one.proxy.port,
      method: 'CONNECT',
      path: one.authority,
      headers: headersOf(one),
      agent: false,
      ...(one.localAddress === undefined ? {} : { localAddress: one.localAddress }),
    });
    const late = setTimeout(() => call.destroy(), ANSWER_MS_MAX);
    let source = '';
    call.on('socket', (socket) =>
      socket.on('connect', () => {
        source = `${socket.localAddress}:${socket.localPort}`;
      }),
    );
    call.on('connect', ({ statusCode: status = 0, headers }, socket) => {
      clearTimeout(late);
      const seen = { status, source, ...receiptOf(headers) };
      socket.on('error', () => socket.destroy());
      if (status === 200) return resolve({ seen, socket });
      socket.destroy();
      resolve({ seen });
    });
    call.on('error', () => {
      clearTimeout(late);
      resolve({ seen: { status: 0, source } });
    });
    call.end();
  });
}

/** Undefined: it came to nothing, in time or not. */
function handshake({ authority, ca }: InterceptedCall, socket: Socket): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    const servername = authority.replace(/:\d+$/, '');
    const tls = connectTls({ socket, ca, servername, ALPNProtocols: ['http/1.1'] });
    const late = setTimeout(() => tls.destroy(), ANSWER_MS_MAX);
    tls.once('secureConnect', () => {
      clearTimeout(late);
      resolve(tls);
    });
    tls.on('error', () => tls.destroy());
    tls.once('close', () => {
      clearTimeout(late);
      resolve(undefined);
    });
  });
}
