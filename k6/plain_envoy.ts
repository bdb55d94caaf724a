import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ensureEnvoy } from '../bin/fetch-envoy.mjs';

const READY_TIMEOUT_MS = 10_000;
/** What Clawgress adds to Envoy's chain; everything else stays, so that the difference is ours alone. */
const OURS = new Set(['envoy.filters.http.ext_authz', 'cg.flood', 'cg.stamp', 'cg.second_stamp']);

/** The baseline: the running gateway's own Envoy configuration without the Check and the stamp guard. */
export async function startPlainEnvoy(
  stateDir: string,
  dir: string,
): Promise<{ port: number; stop(): void }> {
  const epoch = readdirSync(join(stateDir, 'envoy')).sort().at(-1) ?? '';
  const config = JSON.parse(
    readFileSync(join(stateDir, 'envoy', epoch, 'envoy.json'), 'utf8'),
    (key, value) => {
      if (Array.isArray(value) && (key === 'http_filters' || key === 'filters'))
        return value.filter(({ name }) => !OURS.has(name));
      if (key === 'typed_per_filter_config') return undefined;
      if (key === 'path' && typeof value === 'string' && value.endsWith('access.log'))
        return join(dir, 'plain-access.log');
      return value;
    },
  );
  const port = await freePort();
  const [explicit] = config.static_resources.listeners;
  explicit.address.socket_address.port_value = port;
  config.static_resources.listeners = [explicit];
  config.admin.address.pipe.path = join(dir, 'plain-admin.sock');
  const file = join(dir, 'plain-envoy.json');
  writeFileSync(file, JSON.stringify(config));
  const cacheDir = new URL('../.cache/envoy', import.meta.url).pathname;
  const binary = await ensureEnvoy({ cacheDir, env: process.env, log: () => undefined });
  const child = spawn(
    binary,
    ['-c', file, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error'],
    { stdio: 'ignore' },
  );
  await answers(port);
  return { port, stop: () => child.kill('SIGTERM') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch {
      if (Date.now() > deadline) throw new Error('the plain Envoy did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
