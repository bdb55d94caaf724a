import http from 'node:http';
import net from 'node:net';
import { basic } from './through_proxy.ts';

export type Kind =
  | 'allow'
  | 'post'
  | 'denied'
  | 'anonymous'
  | 'wrong_key'
  | 'limited'
  | 'throttled'
  | 'abort'
  | 'reset'
  | 'slow'
  | 'connect';

/** One request as its client saw it. Times in milliseconds of `performance.now()`. */
export interface Sent {
  readonly nonce: string;
  readonly kind: Kind;
  readonly started: number;
  readonly ended: number;
  /** 0: the connection broke, or no answer came in time. */
  readonly status: number;
  /** The `x-clawgress-receipt` of the answer. */
  readonly receipt?: string;
  /** Own address and port, for a tunnel: a CONNECT has no path that could carry the nonce. */
  readonly source?: string;
  /** We left on purpose. */
  readonly left?: boolean;
}

export interface Credential {
  readonly agent_id: string;
  readonly api_key: string;
}

export interface Call {
  readonly nonce: string;
  readonly kind: Kind;
  readonly proxy: URL;
  /** `host:port` of the upstream. */
  readonly authority: string;
  readonly credential?: Credential;
  readonly agent: http.Agent;
  /** For `slow`: how long the upstream waits; for `abort`: when we leave. */
  readonly ms: number;
  /** For `connect`: the address to come from. */
  readonly localAddress?: string;
}

const ANSWER_MS_MAX = 15_000;
const SLOW_UPSTREAM_MS = 300;

/** What a client expects of each kind while nothing is broken; an abort expects nothing. */
export const EXPECTED: Readonly<Record<Kind, readonly number[]>> = {
  allow: [200],
  post: [200],
  denied: [403],
  anonymous: [407],
  wrong_key: [407],
  limited: [200, 429],
  throttled: [200, 429],
  abort: [0, 200],
  reset: [502],
  slow: [200],
  connect: [200],
};

/** A request that ended otherwise than its kind should. */
export function failed({ kind, status, left }: Sent): boolean {
  return left !== true && !EXPECTED[kind].includes(status);
}

type Seen = Pick<Sent, 'status' | 'receipt' | 'source' | 'left'>;

export async function call(one: Call): Promise<Sent> {
  const started = performance.now();
  const seen = one.kind === 'connect' ? await tunnel(one) : await request(one);
  return { nonce: one.nonce, kind: one.kind, started, ended: performance.now(), ...seen };
}

function pathOf({ kind, ms, nonce }: Call): string {
  if (kind === 'slow') return `/slow/${ms}/${nonce}`;
  if (kind === 'abort') return `/slow/${SLOW_UPSTREAM_MS}/${nonce}`;
  if (kind === 'reset') return `/reset/${nonce}`;
  if (kind === 'throttled') return `/throttled/${nonce}`;
  return `/hello/${nonce}`;
}

function headersOf({ authority, credential }: Call): Record<string, string> {
  return { host: authority, ...(credential ? { 'proxy-authorization': basic(credential) } : {}) };
}

function request(one: Call): Promise<Seen> {
  return new Promise((resolve) => {
    let left = false;
    const sending = http.request(
      {
        host: one.proxy.hostname,
        port: one.proxy.port,
        method: one.kind === 'post' || one.kind === 'denied' ? 'POST' : 'GET',
        path: `http://${one.authority}${pathOf(one)}`,
        headers: headersOf(one),
        agent: one.agent,
      },
      (response) => {
        response.resume();
        const seen = { status: response.statusCode ?? 0, ...receiptOf(response.headers) };
        response.on('end', () => resolve(seen));
        response.on('close', () => resolve(left ? { ...seen, left } : seen));
      },
    );
    sending.on('error', () => resolve(left ? { status: 0, left } : { status: 0 }));
    const leave = setTimeout(
      () => {
        left = one.kind === 'abort';
        sending.destroy();
      },
      one.kind === 'abort' ? one.ms : ANSWER_MS_MAX,
    );
    sending.on('close', () => clearTimeout(leave));
    sending.end(one.kind === 'post' ? `{"nonce":"${one.nonce}"}` : undefined);
  });
}

function receiptOf(headers: http.IncomingHttpHeaders): { receipt?: string } {
  const receipt = headers['x-clawgress-receipt'];
  return typeof receipt === 'string' ? { receipt } : {};
}

/** CONNECT, then one request inside. The status is that of the CONNECT, or 0 when the inner answer did not come. */
function tunnel(one: Call): Promise<Seen> {
  return new Promise((resolve) => {
    const socket = net.connect({
      host: one.proxy.hostname,
      port: Number(one.proxy.port),
      ...(one.localAddress === undefined ? {} : { localAddress: one.localAddress }),
    });
    let text = '';
    let asked = false;
    let source = '';
    const end = (status: number) => {
      clearTimeout(late);
      socket.destroy();
      const [head = ''] = text.split('\r\n\r\n');
      const receipt = /^x-clawgress-receipt: (\S+)/im.exec(head)?.[1];
      resolve({ status, source, ...(receipt === undefined ? {} : { receipt }) });
    };
    const late = setTimeout(() => end(0), ANSWER_MS_MAX);
    socket.on('connect', () => {
      source = `${socket.localAddress}:${socket.localPort}`;
      const headers = Object.entries(headersOf(one)).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`CONNECT ${one.authority} HTTP/1.1\r\n${headers.join('')}\r\n`);
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!asked && text.includes('\r\n\r\n')) {
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
        if (status !== 200) return end(status);
        asked = true;
        socket.write(`GET /hello/${one.nonce} HTTP/1.1\r\nhost: ${one.authority}\r\n\r\n`);
      }
      if (asked && text.includes('hello\n')) end(200);
    });
    socket.on('error', () => end(0));
    socket.on('close', () => end(0));
  });
}
