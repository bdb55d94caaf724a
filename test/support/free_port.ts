import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const FROM = 20_000;
const UNTIL = 32_000;
const FEWEST = 1_000;
const TRIES_MAX = 200;

/**
 * A port of loopback for somebody who will listen a moment later. Not one that the kernel hands out: whoever asks it for any
 * port, or connects, could have that one in between. Reserved for this process among all that run tests, as long as it lives.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(FROM, end());
    if ((await isReserved(port)) && (await canListen({ host: '127.0.0.1', port }, false))) return port;
  }
  throw new Error(`no free port from ${FROM} on`);
}

/** Below what the kernel hands out, where that leaves enough to choose from. */
function end(): number {
  const low = Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0]);
  return low >= FROM + FEWEST ? Math.min(low, UNTIL) : UNTIL;
}

/** An abstract socket is the lock: nobody else has one of this name, and it goes with its process. */
const isReserved = (port: number): Promise<boolean> =>
  canListen({ path: `\0clawgress-test-port-${port}` }, true);

function canListen(
  where: { host?: string; port?: number; path?: string },
  isKept: boolean,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen({ ...where, exclusive: true }, () => {
      if (isKept) resolve(server.unref().listening);
      else server.close(() => resolve(true));
    });
  });
}
