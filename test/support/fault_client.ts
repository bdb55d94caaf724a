import http from 'node:http';
import net from 'node:net';
import { inspectedBody, inspectedPath, isInspected } from './fault_inspected.ts';
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
  | 'connect'
  /** The CONNECT of a tunnel that is opened by the gateway. */
  | 'intercept'
  /** A connection for the upstream itself, which the firewall leads to the gateway. */
  | 'redirected'
  /** The same with TLS, which the gateway opens. */
  | 'redirected_tls'
  /** A WebSocket; the second passes the relay, and is redirected where that can be had. */
  | 'socket'
  | 'relayed'
  /** Bodies and answers that are read: a contract kept, broken, mended; events that are notarised; a call that a budget counts. */
  | 'contract'
  | 'contract_denied'
  | 'mended'
  | 'events'
  | 'model'
  | InsideKind;

/** Requests in such a tunnel. */
export type InsideKind =
  | 'inside'
  | 'inside_post'
  | 'inside_denied'
  | 'inside_limited'
  | 'inside_slow'
  | 'inside_reset'
  | 'inside_abort'
  | 'inside_contract';

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
  /** The answer came to its end. */
  readonly whole?: true;
  /** Of a request inside an intercepted tunnel: the nonce of its CONNECT. */
  readonly tunnel?: string;
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
  /** For `connect`, and for what is redirected: the address to come from. */
  readonly localAddress?: string;
}

/** Whom the client of a plain request connects to, and what it says there. */
export function wayOf(one: Call): http.RequestOptions {
  const path = pathOf(one);
  const { localAddress, authority, proxy } = one;
  if (localAddress !== undefined) {
    const [host, port] = authority.split(':');
    return { host, port, path, localAddress, headers: { host: authority }, agent: false };
  }
  const headers = headersOf(one);
  return {
    host: proxy.hostname,
    port: proxy.port,
    path: `http://${authority}${path}`,
    headers,
    agent: one.agent,
  };
}

/** No promise: what takes longer counts as unanswered, on a busy machine as well. */
export const ANSWER_MS_MAX = 30_000;
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
  intercept: [200],
  redirected: [200],
  redirected_tls: [200],
  socket: [101],
  relayed: [101],
  contract: [200],
  contract_denied: [422],
  mended: [200],
  events: [200],
  model: [200],
  inside: [200],
  inside_post: [200],
  inside_denied: [403],
  inside_limited: [200, 429],
  inside_slow: [200],
  inside_reset: [502],
  inside_abort: [0, 200],
  inside_contract: [200],
};

/** A request that ended otherwise than its kind should. */
export function failed({ kind, status, left }: Sent): boolean {
  return left !== true && !EXPECTED[kind].includes(status);
}

export type Seen = Pick<Sent, 'status' | 'receipt' | 'source' | 'left' | 'whole'>;

export async function call(one: Call): Promise<Sent> {
  const started = performance.now();
  const seen = one.kind === 'connect' ? await tunnel(one) : await request(one);
  return { nonce: one.nonce, kind: one.kind, started, ended: performance.now(), ...seen };
}

function pathOf({ kind, ms, nonce }: Pick<Call, 'kind' | 'ms' | 'nonce'>): string {
  if (isInspected(kind)) return inspectedPath(kind, nonce);
  const what = kind.replace('inside_', '');
  if (what === 'slow') return `/slow/${ms}/${nonce}`;
  if (what === 'abort') return `/slow/${SLOW_UPSTREAM_MS}/${nonce}`;
  if (what === 'reset') return `/reset/${nonce}`;
  if (what === 'socket' || what === 'relayed') return `/${what}/${nonce}`;
  if (what === 'throttled') return `/throttled/${nonce}`;
  if (kind === 'inside_denied') return `/forbidden/${nonce}`;
  return `/hello/${nonce}`;
}

export function headersOf({
  authority,
  credential,
}: Pick<Call, 'authority' | 'credential'>): Record<string, string> {
  return { host: authority, ...(credential ? { 'proxy-authorization': basic(credential) } : {}) };
}

function request(one: Call): Promise<Seen> {
  return ask(wayOf(one), one);
}

/** The same to whoever stands at the other end of the agent's connections, with a path and no credential. */
export function requestInside(one: Call): Promise<Seen> {
  return ask({ path: pathOf(one), headers: { host: one.authority }, agent: one.agent }, one);
}

const POSTED: readonly Kind[] = ['post', 'denied', 'inside_post'];
const WITH_BODY: readonly Kind[] = ['post', 'inside_post'];
const LEAVING: readonly Kind[] = ['abort', 'inside_abort'];

function ask(options: http.RequestOptions, { kind, ms, nonce }: Call): Promise<Seen> {
  return new Promise((resolve) => {
    let left = false;
    const read = isInspected(kind) ? inspectedBody(kind, nonce) : undefined;
    const body = read ?? (WITH_BODY.includes(kind) ? `{"nonce":"${nonce}"}` : undefined);
    const method = POSTED.includes(kind) || body !== undefined ? 'POST' : 'GET';
    const typed = read === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...options.headers, ...typed };
    const sending = http.request({ ...options, method, headers }, (response) => {
      response.resume();
      const seen = { status: response.statusCode ?? 0, ...receiptOf(response.headers) };
      response.on('end', () => resolve(response.complete ? { ...seen, whole: true } : seen));
      response.on('close', () => resolve(left ? { ...seen, left } : seen));
    });
    sending.on('error', () => resolve(left ? { status: 0, left } : { status: 0 }));
    const leaves = LEAVING.includes(kind);
    const leave = setTimeout(
      () => {
        left = leaves;
        sending.destroy();
      },
      leaves ? ms : ANSWER_MS_MAX,
    );
    sending.on('close', () => clearTimeout(leave));
    sending.end(body);
  });
}

export function receiptOf(headers: http.IncomingHttpHeaders): { receipt?: string } {
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
