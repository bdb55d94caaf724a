/** The destinations and the resolver, as a process of the host's namespace. Speaks with its parent by messages. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Issued } from '../../../support/pki.ts';
import { startNames } from '../names.ts';
import { UPSTREAM } from '../upstream.ts';
import { ALLOWED } from './spaces.ts';

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

const hits: FarHit[] = [];
let accepts = 0;
const tell = (message: FromFarSide): void => void process.send?.(message);

process.on('message', async (message: ToFarSide) => {
  if ('ask' in message) {
    tell({ answer: message.ask, arrived: { hits, accepts, resolved: [...names.resolved] } });
    return;
  }
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const { headers } = request;
    hits.push({
      url: request.url ?? '',
      host: String(headers.host ?? headers[':authority'] ?? ''),
      sni: String((request.socket as TLSSocket).servername ?? ''),
      headers: Object.keys(headers),
    });
    request.resume().on('end', () => response.end('from afar'));
  };
  const secure = createSecureServer({ allowHTTP1: true, ...message.leaf }, handler as never);
  await listen(secure as unknown as Server, 443, UPSTREAM);
  await listen(createHttp(handler) as Server, 80, UPSTREAM);
  for (const address of [UPSTREAM, ALLOWED.four, ALLOWED.six])
    await listen(createServer({ allowHalfOpen: true }, greet), GREETING_PORT, address);
  tell({ resolvers: resolversOf(names.use({ dns_resolver_options: {} })) });
});
process.on('disconnect', () => process.exit(0));
const names = await startNames();

function resolversOf(node: { readonly [member: string]: unknown }): readonly object[] {
  return node['resolvers'] as readonly object[];
}

function greet(socket: Socket): void {
  socket.write(GREETING);
  socket.on('data', (part) => socket.write(part));
  socket.on('end', () => socket.end(LAST_WORD));
  socket.on('error', () => undefined);
}

function listen(server: Server, port: number, address: string): Promise<void> {
  server.on('connection', () => {
    accepts += 1;
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, address, resolve));
}
