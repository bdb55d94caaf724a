import { chmodSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';

/** What the running gateway does for commands on the same host. Values are JSON. */
export interface GatewayControl {
  status(): Promise<unknown> | unknown;
  /** Signs a checkpoint over everything durable. */
  checkpoint(): Promise<unknown>;
  drain(): Promise<unknown> | unknown;
  /** The operator vouches for the wall clock; only where the recorder is. */
  acceptClock?(): Promise<unknown>;
  /** Records a run of `doctor --bypass`; only where the recorder is. `facts`: base64url of its JSON. */
  recordBypass?(facts: string): Promise<unknown>;
  /** Prometheus text of this process, as a JSON string; for whoever serves the metrics of all. */
  metrics?(): Promise<string>;
}

/** HTTP on a Unix socket (0600): whoever can open it may already read the keys. Returns the close function. */
export async function serveControl(
  socketPath: string,
  control: GatewayControl,
): Promise<() => Promise<void>> {
  rmSync(socketPath, { force: true });
  const routes: Readonly<Record<string, (query: string) => Promise<unknown> | unknown>> = {
    'GET /status': () => control.status(),
    'POST /checkpoint': () => control.checkpoint(),
    'POST /drain': () => control.drain(),
    ...(control.acceptClock === undefined ? {} : { 'POST /clock-accept': () => control.acceptClock?.() }),
    ...(control.recordBypass === undefined
      ? {}
      : { 'POST /bypass-record': (facts: string) => control.recordBypass?.(facts) }),
    ...(control.metrics === undefined ? {} : { 'GET /metrics': () => control.metrics?.() }),
  };
  const server = createServer((request, response) => {
    request.resume();
    const [path, query = ''] = (request.url ?? '').split('?', 2);
    const action = routes[`${request.method} ${path}`];
    if (action === undefined) return answer(response, 404, { error: 'no such operation' });
    Promise.resolve()
      .then(() => action(query))
      .then(
        (value) => answer(response, 200, value ?? {}),
        (error: unknown) =>
          answer(response, 500, { error: error instanceof Error ? error.message : 'failed' }),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
}

function answer(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(value)}\n`);
}
