/** The destinations and the resolver, as a process of the host's namespace. Speaks with its parent by messages. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { keptOpen } from '../../../support/kept_open.ts';
import { startNames } from '../names.ts';
import { UPSTREAM } from '../upstream.ts';
import {
  type FarHit,
  type FromFarSide,
  GREETING,
  GREETING_PORT,
  LAST_WORD,
  type ToFarSide,
} from './far_facts.ts';
import { ALLOWED } from './spaces.ts';

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
  await listen(keptOpen(createHttp(handler)) as Server, 80, UPSTREAM);
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
