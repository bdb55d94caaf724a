import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { withPorts } from '../config/assemble.ts';
import type { Settings } from '../config/settings.ts';
import { transparentPorts } from '../config/transparent.ts';
import { CliError, EXIT } from './exit.ts';

interface Place {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** What the user can change. */
  readonly change: string;
  /** Rules of the firewall name it, so that it is never picked. */
  readonly isFixed?: true;
}

const PRIVILEGED_PORTS = 1_024;

function places(settings: Settings): readonly Place[] {
  return [
    { name: 'the explicit proxy', ...settings.explicit_proxy, change: '--explicit-port <n>' },
    { name: 'the base URL gateway', ...settings.base_url, change: '--base-url-port <n>' },
    { name: 'metrics', ...settings.metrics, change: '--metrics-port <n>' },
  ];
}

function redirectedPlaces(settings: Settings): readonly Place[] {
  const { resolver } = settings;
  const ports = transparentPorts(settings).map(({ key, port }) => ({
    ...{ name: 'redirected connections', address: '127.0.0.1', port, change: `another ${key}` },
    isFixed: true as const,
  }));
  if (resolver.port === undefined) return ports;
  const { address, port } = resolver;
  const place = {
    name: 'the resolver',
    address,
    port,
    change: 'another resolver.port',
    isFixed: true as const,
  };
  return [...ports, place];
}

/** Throws with the way out when somebody listens on a port that we are about to open. */
export async function refuseBusyPorts(settings: Settings): Promise<void> {
  for (const place of [...places(settings), ...redirectedPlaces(settings)]) {
    const problem = await tryPort(place.address, place.port);
    if (problem === undefined) continue;
    const where = `${place.address}:${place.port}`;
    if (problem === 'EADDRINUSE') {
      throw new CliError(
        EXIT.unavailable,
        `port ${place.port} for ${place.name} (${where}) is taken, perhaps by another clawgress or another proxy; \`ss -ltnp 'sport = :${place.port}'\` names it`,
        place.isFixed === true
          ? `set ${place.change}, and apply the rules of the firewall again`
          : `add --ports auto to pick free ports, or ${place.change} for this one`,
      );
    }
    throw new CliError(
      EXIT.unavailable,
      `cannot listen on ${where} for ${place.name}: ${problem}`,
      place.port < PRIVILEGED_PORTS
        ? `run it with CAP_NET_BIND_SERVICE, or choose a port from ${PRIVILEGED_PORTS} up`
        : `choose another address or ${place.change}`,
    );
  }
}

/** Free ports for all three listeners; those of the last run again when they are still free. */
export async function autoPorts(settings: Settings, last: readonly number[]): Promise<Settings> {
  const { http_port, https_port } = settings.demo;
  const taken = new Set([http_port, https_port, ...redirectedPlaces(settings).map(({ port }) => port)]);
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

const ATTEMPTS_MAX = 256;
const PICKED_MIN = 10_240;
const PICKED_MAX = 60_999;
const PICKED_COUNT_MIN = 4_096;
/** Ports that each process tries first, apart from those of processes that start at the same time. */
const STRIDE = 16;

async function freePort(address: string, taken: ReadonlySet<number>): Promise<number> {
  const count = pickedEnd() - PICKED_MIN;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = PICKED_MIN + ((process.pid * STRIDE + attempt) % count);
    if (!taken.has(port) && (await tryPort(address, port)) === undefined) return port;
  }
  throw new CliError(EXIT.unavailable, `no free port was found on ${address}`);
}

/**
 * Below the ports that the kernel gives to connections, and to listeners that name none: between our look and the moment
 * when Envoy listens, or while a part is started again, one of those may be given away.
 */
function pickedEnd(): number {
  try {
    const first = Number(
      readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0],
    );
    if (first - PICKED_MIN >= PICKED_COUNT_MIN) return first;
  } catch {
    // Not there, or not for us.
  }
  return PICKED_MAX;
}

/** Undefined when the port can be bound right now, else the system's error code. */
export function tryPort(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
