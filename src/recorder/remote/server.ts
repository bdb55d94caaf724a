import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { RecorderError } from '../options.ts';
import { Conversation } from './conversation.ts';
import type { Peer, RecorderService, ServiceLog } from './service.ts';

/** Connections at once, over all gateways. */
export const CONNECTIONS_MAX = 64;
const HANDSHAKE_MS = 5_000;

export interface RecorderServer {
  /** The port of a TLS server; 0 on a Unix socket. */
  readonly port: number;
  /** Connections now. */
  connections(): number;
  /** No new connection, no more answers. */
  close(): Promise<void>;
}

/** PEM texts, and the names (DNS, in the subject alternative name) that client certificates may have. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** Authorities that client certificates must chain to. */
  readonly client_ca: string;
  readonly client_names: readonly string[];
}

/**
 * Serves gateways of this host. Only processes of our own user get in: the kernel asks for write permission on the
 * socket (0600), and the folder (0700) is ours. Call only while holding the journal's lock: a socket that is there
 * then was left behind.
 */
export async function serveUnix(
  path: string,
  service: RecorderService,
  log: ServiceLog,
): Promise<RecorderServer> {
  requirePrivateFolder(dirname(path));
  if (existsSync(path)) {
    if (!lstatSync(path).isSocket()) throw new RecorderError(`${path} exists and is no socket`);
    rmSync(path);
  }
  const server = createServer();
  const open = accept(
    server,
    'connection',
    (socket) => new Conversation(socket, service, { from: 'this host' }, log),
  );
  await listening(server, () => server.listen(path));
  chmodSync(path, 0o600);
  return opened(server, open);
}

/** Serves gateways of other hosts: TLS 1.3, a client certificate of our authority, and one of the names allowed. */
export async function serveTls(
  at: { readonly address: string; readonly port: number },
  tls: TlsIdentity,
  service: RecorderService,
  log: ServiceLog,
): Promise<RecorderServer> {
  const server = createTlsServer({
    cert: tls.cert,
    key: tls.key,
    ca: tls.client_ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    handshakeTimeout: HANDSHAKE_MS,
  });
  server.on('tlsClientError', (error, socket) => {
    log.warn({ cause: error.message, from: socket.remoteAddress }, 'a TLS connection was refused');
    socket.destroy();
  });
  const open = accept<TLSSocket>(server, 'secureConnection', (socket) => {
    const peer = peerOf(socket, tls.client_names);
    if (peer !== undefined) return new Conversation(socket, service, peer, log);
    log.warn({ from: socket.remoteAddress }, 'a client certificate has none of the allowed names');
    return socket.destroy();
  });
  await listening(server, () => server.listen(at.port, at.address));
  return opened(server, open);
}

function peerOf(socket: TLSSocket, names: readonly string[]): Peer | undefined {
  const { raw } = socket.getPeerCertificate();
  if (!socket.authorized || raw === undefined) return undefined;
  const certificate = new X509Certificate(raw);
  const options = { subject: 'never', wildcards: false } as const;
  const name = names.find((one) => certificate.checkHost(one, options) !== undefined);
  return name === undefined ? undefined : { name, from: socket.remoteAddress ?? 'elsewhere' };
}

function accept<S extends Socket = Socket>(
  server: Server,
  event: 'connection' | 'secureConnection',
  converse: (socket: S) => unknown,
): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.maxConnections = CONNECTIONS_MAX;
  server.on(event, (socket: S) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    converse(socket);
  });
  return open;
}

function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

function opened(server: Server, open: ReadonlySet<Socket>): RecorderServer {
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => open.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function requirePrivateFolder(path: string): void {
  const found = lstatSync(path);
  const isOurs = typeof process.getuid !== 'function' || found.uid === process.getuid();
  if (!found.isDirectory() || !isOurs || (found.mode & 0o077) !== 0) {
    throw new RecorderError(`${path} must be a folder of this user that nobody else can enter (0700).`);
  }
}
