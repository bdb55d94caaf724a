import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { RecorderError } from '../options.ts';
import { calmLog } from './calm_log.ts';
import { Conversation } from './conversation.ts';
import { scopedService } from './scope.ts';
import type { Peer, RecorderService, ServiceLog } from './service.ts';

/** Connections at once, over all gateways of this host. */
export const CONNECTIONS_MAX = 64;
/** Of one other host: eight gateways and a reader of the log, twice while they reconnect. */
export const HOST_CONNECTIONS_MAX = 18;
/** Connections that have not said who they are; a further one takes the place of the oldest. */
export const HANDSHAKES_MAX = 512;
const HANDSHAKE_MS = 5_000;

export interface RecorderServer {
  /** The port of a TLS server; 0 on a Unix socket. */
  readonly port: number;
  /** Connections now. */
  connections(): number;
  /** From the next connection on, a TLS server uses these certificates. Throws when they are none. */
  renew(tls: Pick<TlsIdentity, 'cert' | 'key' | 'client_ca'>): void;
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
  server.maxConnections = CONNECTIONS_MAX;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    keep(open, socket);
    new Conversation(socket, service, { from: 'this host' }, log);
  });
  await listening(server, log, () => server.listen(path));
  chmodSync(path, 0o600);
  return opened(server, open, () => undefined);
}

/** Serves gateways of other hosts: TLS 1.3, a client certificate of our authority, and one of the names allowed. */
export async function serveTls(
  at: { readonly address: string; readonly port: number },
  tls: TlsIdentity,
  service: RecorderService,
  log: ServiceLog,
): Promise<RecorderServer> {
  const calm = calmLog(log);
  const server = createTlsServer({
    ...contextOf(tls),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_MS,
  });
  server.on('tlsClientError', (error, socket) => {
    calm.warn({ cause: error.message, from: socket.remoteAddress }, 'a TLS connection was refused');
    socket.destroy();
  });
  const open = new Set<Socket>();
  const strangers = boundStrangers(server);
  const hosts = new Map(
    tls.client_names.map((name) => [
      name,
      { service: scopedService(service, name), open: new Set<Socket>() },
    ]),
  );
  server.on('secureConnection', (socket) => {
    strangers.known(socket);
    keep(open, socket);
    const peer = peerOf(socket, tls.client_names);
    const host = hosts.get(peer?.name ?? '');
    if (peer === undefined || host === undefined || host.open.size >= HOST_CONNECTIONS_MAX) {
      const why = host === undefined ? 'its certificate has none of the allowed names' : 'it has too many';
      calm.warn({ from: socket.remoteAddress, cause: why }, 'a connection of a gateway was refused');
      socket.destroy();
      return;
    }
    keep(host.open, socket);
    new Conversation(socket, host.service, peer, calm);
  });
  await listening(server, calm, () => server.listen(at.port, at.address));
  return opened(server, open, (fresh) => server.setSecureContext(contextOf(fresh)));
}

function contextOf({ cert, key, client_ca }: Pick<TlsIdentity, 'cert' | 'key' | 'client_ca'>) {
  return { cert, key, ca: client_ca, minVersion: 'TLSv1.3' } as const;
}

/**
 * Whoever can reach the port can open connections and say nothing. They are few at a time, and the oldest makes way:
 * a gateway needs milliseconds for its handshake.
 */
function boundStrangers(server: TlsServer): { known(socket: TLSSocket): void } {
  const waiting = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const id = remoteOf(socket);
    waiting.set(id, socket);
    socket.once('close', () => {
      if (waiting.get(id) === socket) waiting.delete(id);
    });
    const [oldest] = waiting;
    if (waiting.size <= HANDSHAKES_MAX || oldest === undefined) return;
    waiting.delete(oldest[0]);
    oldest[1].destroy();
  });
  return { known: (socket) => void waiting.delete(remoteOf(socket)) };
}

/** Address and port name a connection, before its handshake and behind it. */
function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function peerOf(socket: TLSSocket, names: readonly string[]): Peer | undefined {
  const { raw } = socket.getPeerCertificate();
  if (!socket.authorized || raw === undefined) return undefined;
  const certificate = new X509Certificate(raw);
  const options = { subject: 'never', wildcards: false } as const;
  const name = names.find((one) => certificate.checkHost(one, options) !== undefined);
  if (name === undefined) return undefined;
  const expires_ms = Date.parse(certificate.validTo);
  return { name, expires_ms, from: socket.remoteAddress ?? 'elsewhere' };
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.once('close', () => open.delete(socket));
  socket.on('error', () => socket.destroy());
  socket.setNoDelay(true);
}

function listening(server: Server, log: ServiceLog, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      // A connection that cannot be accepted (no descriptor left) is that peer's, not everybody's end.
      server.on('error', (error) => log.warn({ cause: error.message }, 'a connection could not be accepted'));
      resolve();
    });
    start();
  });
}

function opened(server: Server, open: ReadonlySet<Socket>, renew: RecorderServer['renew']): RecorderServer {
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => open.size,
    renew,
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
