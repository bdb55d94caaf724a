import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { keptOpen } from '../../support/kept_open.ts';
import type { Authority } from '../../support/pki.ts';
import { UPSTREAM } from './upstream.ts';

export interface TlsHit {
  readonly url: string;
  readonly authority: string;
  readonly sni: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the request. */
  readonly bodyBytes: number;
}

export interface TlsUpstream {
  /** HTTP/2 and HTTP/1.1 over TLS, certificate for `api.example`. */
  readonly port: number;
  /** Plain HTTP. */
  readonly plain: number;
  /** Connections that either port accepted, whatever was said on them. */
  accepts(): number;
  hits(nonce: string): readonly TlsHit[];
  close(): Promise<void>;
}

/** The destination of tunnels. `authority` issues its certificate. */
export async function startTlsUpstream(authority: Authority): Promise<TlsUpstream> {
  const seen: TlsHit[] = [];
  const sockets = new Set<Socket>();
  let accepts = 0;
  const leaf = authority.issue('api.example', 'serverAuth');
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    let bodyBytes = 0;
    request.on('data', (part: Buffer) => {
      bodyBytes += part.length;
    });
    request.on('end', () => {
      seen.push(hitOf(request, bodyBytes));
      answer(request.url ?? '', bodyBytes, response);
    });
  };
  const secure = createSecureServer({ allowHTTP1: true, ...leaf }, handler as never);
  const plain = keptOpen(createServer(handler));
  const servers = [secure as unknown as NetServer, plain as NetServer] as const;
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      accepts += 1;
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, UPSTREAM, resolve));
  }
  const [port = 0, http = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    port,
    plain: http,
    accepts: () => accepts,
    hits: (nonce) => seen.filter((hit) => hit.url.includes(nonce)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function hitOf(request: IncomingMessage, bodyBytes: number): TlsHit {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const socket = request.socket as TLSSocket;
  return {
    url: request.url ?? '',
    authority: headers['host'] ?? headers[':authority'] ?? '',
    sni: String(socket.servername ?? ''),
    version: request.httpVersion,
    headers,
    bodyBytes,
  };
}

function answer(url: string, bodyBytes: number, response: ServerResponse): void {
  if (url.startsWith('/large')) {
    response.end(Buffer.alloc(LARGE_BYTES, 'x'));
    return;
  }
  if (url.startsWith('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: one\n\n');
    setTimeout(() => response.end('data: two\n\n'), 50);
    return;
  }
  response.writeHead(200, { 'x-clawgress-receipt': 'forged', 'alt-svc': 'h3=":443"' });
  response.end(`got ${bodyBytes}`);
}

export const LARGE_BYTES = 20 * 1024 * 1024;
