import { createServer } from 'node:net';
import { withPorts } from '../config/assemble.ts';
import type { Settings } from '../config/settings.ts';
import { CliError, EXIT } from './exit.ts';

interface Place {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly flag: string;
}

function places(settings: Settings): readonly Place[] {
  return [
    { name: 'the explicit proxy', ...settings.explicit_proxy, flag: '--explicit-port' },
    { name: 'the base URL gateway', ...settings.base_url, flag: '--base-url-port' },
    { name: 'metrics', ...settings.metrics, flag: '--metrics-port' },
  ];
}

/** Throws with the way out when somebody listens on a port that we are about to open. */
export async function refuseBusyPorts(settings: Settings): Promise<void> {
  for (const place of places(settings)) {
    const problem = await tryPort(place.address, place.port);
    if (problem === undefined) continue;
    const where = `${place.address}:${place.port}`;
    if (problem === 'EADDRINUSE') {
      throw new CliError(
        EXIT.unavailable,
        `port ${place.port} for ${place.name} (${where}) is taken, perhaps by another clawgress or another proxy; \`ss -ltnp 'sport = :${place.port}'\` names it`,
        `add --ports auto to pick free ports, or ${place.flag} <n> for this one`,
      );
    }
    throw new CliError(
      EXIT.unavailable,
      `cannot listen on ${where} for ${place.name}: ${problem}`,
      `choose another address or ${place.flag} <n>`,
    );
  }
}

/** Free ports for all three listeners; those of the last run again when they are still free. */
export async function autoPorts(settings: Settings, last: readonly number[]): Promise<Settings> {
  const taken = new Set<number>();
  const chosen: number[] = [];
  for (const [index, place] of places(settings).entries()) {
    const before = last[index];
    const reuse =
      before !== undefined && !taken.has(before) && (await tryPort(place.address, before)) === undefined;
    const port = reuse ? before : await freePort(place.address, taken);
    taken.add(port);
    chosen.push(port);
  }
  const [explicit = 0, baseUrl = 0, metrics = 0] = chosen;
  return withPorts(settings, { explicit, baseUrl, metrics });
}

const ATTEMPTS_MAX = 20;

async function freePort(address: string, taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, address, () => {
        const bound = server.address();
        server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
      });
    });
    if (port !== 0 && !taken.has(port)) return port;
  }
  throw new CliError(EXIT.unavailable, `no free port was found on ${address}`);
}

/** Undefined when the port can be bound right now, else the system's error code. */
export function tryPort(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
