import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { keptOpen } from '../../support/kept_open.ts';
import { type PackageServer, startPackageServer } from '../../support/package_server.ts';
import { newAuthority } from '../../support/pki.ts';
import { domainOf } from './policy.ts';
import { type StreamUpstream, startStreams } from './stream_upstream.ts';
import { keysOf, MODES } from './table.ts';

export interface Hit {
  /** Without port. */
  readonly host: string;
  readonly path: string;
  readonly sni: string | undefined;
}

/** The destination of every cell: one plain port, one TLS port with a certificate for each mode's names. */
export interface MatrixUpstream {
  readonly plain: number;
  readonly tls: number;
  /** PEM of the authority of its certificates. */
  readonly ca: string;
  readonly streams: StreamUpstream;
  hits(): readonly Hit[];
  close(): Promise<void>;
}

const ADDRESS = '127.0.0.1';
/** Answered by the package server. */
const PACKAGES = /^\/(repo\.git|simple|npm)\//;

export async function startUpstream(): Promise<MatrixUpstream> {
  const packages = await startPackageServer(ADDRESS);
  const authority = newAuthority();
  const contexts = new Map<string, SecureContext>();
  for (const mode of keysOf(MODES))
    contexts.set(domainOf(mode), createSecureContext(authority.issue(`*.${domainOf(mode)}`, 'serverAuth')));
  const hits: Hit[] = [];
  const serve = answering(packages, hits);
  const plain = http.createServer(serve);
  const choose = (name: string, done: (error: null, context: SecureContext | undefined) => void) =>
    done(null, contexts.get(name.slice(name.indexOf('.') + 1)));
  const tls = https.createServer({ SNICallback: choose }, serve);
  const streams = await startStreams(choose, (hit) => hits.push(hit));
  const sockets = new Set<Socket>();
  for (const server of [plain, tls]) {
    keptOpen(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  }
  return {
    plain: (plain.address() as AddressInfo).port,
    tls: (tls.address() as AddressInfo).port,
    ca: authority.ca,
    streams,
    hits: () => hits,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([plain, tls].map((server) => new Promise((resolve) => server.close(resolve))));
      await streams.close();
      await packages.close();
    },
  };
}

function answering(packages: PackageServer, hits: Hit[]) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { host = '' } = request.headers;
    const { servername, encrypted } = request.socket as Partial<TLSSocket>;
    const path = request.url ?? '';
    hits.push({ host: host.replace(/:\d+$/, ''), path, sni: servername || undefined });
    if (path.startsWith('/hang')) return;
    if (!PACKAGES.test(path)) return void response.end('hello\n');
    const own = `${encrypted ? 'https' : 'http'}://${host}`;
    handOn(packages, path, own, response);
  };
}

/** The package server's answer, with links that stay at the origin that was asked. */
function handOn(packages: PackageServer, path: string, own: string, response: ServerResponse): void {
  fetch(`${packages.origin}${path}`).then(
    async (got) => {
      const type = got.headers.get('content-type') ?? '';
      const body = Buffer.from(await got.arrayBuffer());
      response.writeHead(got.status, { 'content-type': type });
      response.end(type.endsWith('json') ? body.toString().replaceAll(packages.origin, own) : body);
    },
    () => response.destroy(),
  );
}
