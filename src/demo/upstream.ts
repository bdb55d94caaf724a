import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { HitLog } from './hits.ts';
import { demoRoutes } from './routes.ts';

export interface DemoUpstreamOptions {
  readonly address: string;
  /** 0 picks a free port. */
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface DemoUpstream {
  readonly httpPort: number;
  readonly httpsPort: number;
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 500;
const KEEP_ALIVE_MS = 600_000;

/** The small upstream that a first run talks to: both ports share one request log. Rejects when a port is taken. */
export async function startDemoUpstream(options: DemoUpstreamOptions): Promise<DemoUpstream> {
  const routes = demoRoutes(new HitLog(), () => new Date());
  const plain = createServer(routes);
  const tls = createTlsServer({ cert: options.certificatePem, key: options.keyPem }, routes);
  try {
    // Node closes idle connections after 5 s, which races with a request that Envoy sends on one: a 503 that means nothing.
    for (const server of [plain, tls]) server.keepAliveTimeout = KEEP_ALIVE_MS;
    await listen(plain, options.address, options.httpPort);
    await listen(tls, options.address, options.httpsPort);
  } catch (error) {
    await Promise.all([close(plain), close(tls)]);
    throw error;
  }
  return {
    httpPort: portOf(plain),
    httpsPort: portOf(tls),
    close: async () => {
      await Promise.all([close(plain), close(tls)]);
    },
  };
}

function listen(server: Server | TlsServer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server | TlsServer): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    const hurry = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(hurry);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function portOf(server: Server | TlsServer): number {
  const bound = server.address() as AddressInfo;
  return bound.port;
}
