import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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
  readonly inside: readonly Planned[];
  /** Asked before each request: the client goes home. */
  isOver(): boolean;
  /** The firewall leads the connection to the gateway: there is no CONNECT, and no credential. */
  readonly redirected?: true;
  /** PEM: whom the client believes. */
  readonly ca: string;
}

export interface Planned {
  readonly kind: InsideKind;
  /** See `Call`. */
  readonly ms: number;
  /** The tunnel stands idle for so long before. */
  readonly pauseMs: number;
}

/**
 * CONNECT, handshake with certificate and name verified, then the requests. The CONNECT comes first in what is
 * returned; when the handshake fails, the first request inside has no answer and the others were never made.
 */
export async function callIntercepted(one: InterceptedCall): Promise<Sent[]> {
  const started = performance.now();
  const kind = one.redirected ? 'redirected_tls' : 'intercept';
  const { seen, socket } = await (one.redirected ? dial : enter)(one);
  const outer: Sent = { nonce: one.nonce, kind, started, ended: performance.now(), ...seen };
  if (socket === undefined) return [outer];
  try {
    const began = performance.now();
    const tls = await handshake(one, socket);
    // Nothing but the handshake tells such a client that it was let in.
    const told = one.redirected ? { ...outer, status: tls ? 200 : 0, ended: performance.now() } : outer;
    return [told, ...(tls ? await requestsInside(one, tls) : unanswered(one, began))];
  } finally {
    socket.destroy();
  }
}

/** The handshake failed: the first request inside was never made. */
function unanswered(one: InterceptedCall, started: number): Sent[] {
  const [first] = one.inside;
  const ended = performance.now();
  return first ? [{ ...nameOf(one, first, 0), started, ended, status: 0 }] : [];
}

async function requestsInside(one: InterceptedCall, tls: TLSSocket): Promise<Sent[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  Object.assign(agent, { createConnection: () => tls });
  const all: Sent[] = [];
  for (const [index, planned] of one.inside.entries()) {
    if (index > 0) await sleep(planned.pauseMs);
    if (tls.destroyed || one.isOver()) break;
    const name = nameOf(one, planned, index);
    const started = performance.now();
    const seen: Seen = await requestInside({ ...one, ...name, ms: planned.ms, agent });
    all.push({ ...name, started, ended: performance.now(), ...seen });
    if (seen.status === 0) break;
  }
  agent.destroy();
  return all;
}

function nameOf({ nonce }: InterceptedCall, { kind }: Planned, index: number) {
  return { nonce: nonce.replace(/^(intercept|redirected_tls)/, `${kind}-${index}`), kind, tunnel: nonce };
}

interface Entered {
  readonly seen: Seen;
  readonly socket?: Socket;
}

/** To where the destination would be. */
function dial({ authority, localAddress }: InterceptedCall): Promise<Entered> {
  return new Promise((resolve) => {
    const port = Number(authority.split(':').at(-1));
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ host: '127.0.0.1', port, ...from });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve({ seen: { status: 0 } }));
    socket.once('connect', () => {
      resolve({ seen: { status: 0, source: `${socket.localAddress}:${socket.localPort}` }, socket });
    });
  });
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
