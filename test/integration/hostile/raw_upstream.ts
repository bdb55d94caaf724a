import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** The only address that the suite lets through; the certificate of the fixtures names it. */
export const UPSTREAM = '127.83.7.2';

/** One request as its bytes came. Nothing is decoded, joined or repaired. */
export interface RawHit {
  readonly method: string;
  readonly target: string;
  /** Lower-case names, in wire order, duplicates kept. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly secure: boolean;
}

export interface RawUpstream {
  readonly http: number;
  readonly https: number;
  hits(): readonly RawHit[];
  /** What has come of requests that are not whole. */
  begun(): readonly string[];
  /** Bytes that are no request in the strictest reading of RFC 9112; any of them is a way to smuggle. */
  violations(): readonly string[];
  close(): Promise<void>;
}

const pem = (name: string): Buffer => readFileSync(new URL(`../intercept/pki/${name}`, import.meta.url));
export const CA_BUNDLE = new URL('../intercept/pki/ca.pem', import.meta.url).pathname;

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.1$/;
const FRAMING = /\r\n(?:content-length: \d+|transfer-encoding: chunked)(?=\r\n)/i;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** Where an upstream stands, and what it shows. */
export interface Place {
  readonly address: string;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

const FIXED = (): Place => ({ address: UPSTREAM, cert: pem('good.pem'), key: pem('good.key.pem') });

/** An upstream that believes nothing: what it cannot read strictly, it keeps as a violation and hangs up. */
export async function startRawUpstream({ address, cert, key }: Place = FIXED()): Promise<RawUpstream> {
  const hits: RawHit[] = [];
  const violations: string[] = [];
  const sockets = new Set<Socket>();
  const begun = new Map<Socket, string>();
  const serve = (secure: boolean) => (socket: Socket) => {
    let pending = '';
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    socket.on('data', (part: Buffer) => {
      pending += part.toString('latin1');
      for (;;) {
        const read = readRequest(pending, secure);
        begun.set(socket, pending);
        if (read === 'more') return;
        if (typeof read === 'string') {
          violations.push(`${read}: ${JSON.stringify(pending.slice(0, 500))}`);
          socket.destroy();
          return;
        }
        hits.push(read.hit);
        pending = pending.slice(read.size);
        socket.write(answerTo(read.hit), 'latin1');
      }
    });
    socket.on('close', () => {
      begun.delete(socket);
      if (pending === '') return;
      // A client that leaves in the middle of a body leaves a request with a head and an allow record.
      const head = readRequest(`${pending.split('\r\n\r\n')[0]}\r\n\r\n`.replace(FRAMING, ''), secure);
      if (pending.includes('\r\n\r\n') && typeof head !== 'string') hits.push(head.hit);
      else violations.push(`unfinished: ${JSON.stringify(pending.slice(0, 500))}`);
    });
  };
  const tls = { cert, key, ALPNProtocols: ['http/1.1'] };
  const servers: readonly Server[] = [createServer(serve(false)), createTlsServer(tls, serve(true))];
  for (const server of servers) await new Promise<void>((done) => server.listen(0, address, done));
  const [http = 0, https = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    ...{ http, https },
    hits: () => hits,
    begun: () => [...begun.values()],
    violations: () => violations,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

type Read = { readonly hit: RawHit; readonly size: number };

function readRequest(text: string, secure: boolean): Read | 'more' | `not ${string}` {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return /[^\r]\n/.test(text) ? 'not strict line ends' : 'more';
  const [line = '', ...rest] = text.slice(0, end).split('\r\n');
  const start = REQUEST_LINE.exec(line);
  if (start === null) return 'not a request line';
  const parsed = rest.map((one) => HEADER.exec(one));
  if (parsed.some((one) => one === null)) return 'not strict headers';
  const headers = parsed.map((one) => [(one?.[1] ?? '').toLowerCase(), one?.[2] ?? ''] as const);
  const all = (name: string): string[] => headers.filter(([key]) => key === name).map(([, value]) => value);
  const [lengths, codings] = [all('content-length'), all('transfer-encoding')];
  if (all('host').length !== 1) return 'not exactly one host';
  if (lengths.length > 1 || lengths.some((value) => !/^\d{1,15}$/.test(value))) return 'not one length';
  if (codings.length > 1 || codings.some((value) => value !== 'chunked')) return 'not one plain coding';
  if (lengths.length + codings.length > 1) return 'not one framing';
  const body = codings.length === 1 ? chunked(text, end + 4) : plain(text, end + 4, Number(lengths[0] ?? 0));
  if (typeof body === 'string') return body;
  const [, method = '', target = ''] = start;
  return { hit: { method, target, headers, body: body.text, secure }, size: body.end };
}

type Body = { readonly text: string; readonly end: number };

function plain(text: string, from: number, length: number): Body | 'more' {
  return text.length < from + length ? 'more' : { text: text.slice(from, from + length), end: from + length };
}

function chunked(text: string, from: number): Body | 'more' | `not ${string}` {
  let [at, body] = [from, ''];
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return 'more';
    const size = text.slice(at, end);
    if (!/^[0-9a-fA-F]{1,8}$/.test(size)) return 'not a plain chunk size';
    const length = Number.parseInt(size, 16);
    at = end + 2;
    if (length === 0) {
      const trailers = text.slice(at).startsWith('\r\n') ? at : text.indexOf('\r\n\r\n', at) + 2;
      if (trailers < at || text.length < trailers + 2) return 'more';
      return { text: body, end: trailers + 2 };
    }
    if (text.length < at + length + 2) return 'more';
    body += text.slice(at, at + length);
    if (text.slice(at + length, at + length + 2) !== '\r\n') return 'not the end of a chunk';
    at += length + 2;
  }
}

/** Some paths answer with what an upstream should not say. */
function answerTo({ method, target }: RawHit): string {
  if (target.includes('fake-101'))
    return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfree bytes';
  if (target.includes('two-answers'))
    return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
  return `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${method === 'HEAD' ? '' : 'ok'}`;
}
