import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcp } from 'node:net';
import { keptOpen } from '../../support/kept_open.ts';

/** The only loopback address that the tests let through. */
export const UPSTREAM = '127.83.7.2';

export interface Hit {
  readonly method: string;
  readonly url: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Upstream {
  readonly http: number;
  /** HTTP/2 and HTTP/1.1, certificate for UPSTREAM. */
  readonly https: number;
  /** Certificate of another address. */
  readonly impostor: number;
  /** Greets and closes. */
  readonly tcp: number;
  /** Connections that `tcp` saw. */
  dials(): number;
  /** Requests whose path ends in the nonce. */
  hits(nonce: string): readonly Hit[];
  close(): Promise<void>;
}

const pem = (name: string): Buffer => readFileSync(new URL(`pki/${name}`, import.meta.url));
export const CA_BUNDLE = new URL('pki/ca.pem', import.meta.url).pathname;

export async function startUpstream(): Promise<Upstream> {
  const seen: Hit[] = [];
  const sockets = new Set<Socket>();
  let dials = 0;
  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    answer(seen, request, response);
  const secure = (name: string): Http2SecureServer =>
    createSecureServer(
      { allowHTTP1: true, cert: pem(`${name}.pem`), key: pem(`${name}.key.pem`) },
      handler as never,
    );
  const plain = keptOpen(createServer(handler));
  const tcp = createTcp((socket) => {
    dials += 1;
    socket.on('error', () => undefined);
    socket.end('hello from the upstream\n');
  });
  const servers = [plain, secure('good'), secure('wrong'), tcp] as const;
  for (const server of servers) {
    (server as Server).on('connection', (socket: Socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => (server as Server).listen(0, UPSTREAM, resolve));
  }
  const [http, https, impostor, raw] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    http: http ?? 0,
    https: https ?? 0,
    impostor: impostor ?? 0,
    tcp: raw ?? 0,
    dials: () => dials,
    hits: (nonce) => seen.filter((hit) => hit.url.includes(nonce)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => (server as Server).close(resolve))));
    },
  };
}

function answer(seen: Hit[], request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '';
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  seen.push({
    method: request.method ?? '',
    url,
    authority: headers['host'] ?? headers[':authority'] ?? '',
    headers,
  });
  if (url.startsWith('/forge')) {
    forge(response);
    return;
  }
  if (url.startsWith('/before')) {
    request.socket.destroy();
    return;
  }
  if (url.startsWith('/middle')) {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half');
    setTimeout(() => request.socket.destroy(), 50);
    return;
  }
  if (url.startsWith('/silent')) return;
  if (url.startsWith('/forever')) {
    response.writeHead(200);
    response.write('first');
    return;
  }
  if (url.startsWith('/error')) {
    response.writeHead(503).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
}

/** An upstream that pretends to be the gateway. */
function forge(response: ServerResponse): void {
  response.writeHead(200, {
    'x-clawgress-receipt': 'forged',
    'x-cg-anything': 'forged',
    'x-envoy-anything': 'forged',
    'alt-svc': 'h3=":443"',
    'x-kept': 'yes',
    ...(response.req.httpVersionMajor === 1 ? { trailer: 'x-clawgress-late, x-late-kept' } : {}),
  });
  response.write('forged');
  response.addTrailers({ 'x-clawgress-late': 'forged', 'x-late-kept': 'yes' });
  response.end();
}
