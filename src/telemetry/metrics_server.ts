import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsServerOptions {
  readonly address: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly exposition: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly healthy: () => boolean;
  /** Whether requests can be decided and recorded now, and what that rests on; JSON. */
  readonly ready: () => Promise<Readiness>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly [fact: string]: unknown;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /metrics` in Prometheus text form, `GET /ready` (200 or 503, with reasons), `GET /live` (200 while the process
 * answers) and `GET /healthz` (200 or 503, one word). Rejects when the port is taken.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics') {
      options.exposition().then(
        ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else if (path === '/ready') {
      options.ready().then(
        (readiness) => json(response, readiness.ready ? 200 : 503, readiness),
        () => json(response, 503, { ready: false }),
      );
    } else if (path === '/live') {
      json(response, 200, { live: true });
    } else if (path === '/healthz') {
      const healthy = options.healthy();
      response.writeHead(healthy ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(healthy ? 'ok\n' : 'not serving\n');
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function json(response: ServerResponse, code: number, value: object): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(value)}\n`);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
