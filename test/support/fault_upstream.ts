import { existsSync, readdirSync, statSync } from 'node:fs';
import http from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';

/** How much of the journal was in its newest file when a request arrived. */
export interface JournalMark {
  readonly segment: string;
  readonly bytes: number;
}

export interface Hit {
  /** Last segment of the path. */
  readonly nonce: string;
  readonly journal: JournalMark | undefined;
}

/** A destination with a log of its own, which knows nothing of the gateway but where its journal lies. */
export interface FaultUpstream {
  readonly address: string;
  readonly port: number;
  readonly hits: Hit[];
  /** From now on each hit notes how long the journal is. */
  watch(journalDir: string): void;
  close(): Promise<void>;
}

const SLOW_MS_MAX = 5_000;

/**
 * `/hello/<nonce>` answers, `/slow/<ms>/<nonce>` answers later, `/reset/<nonce>` closes the connection. `address`: one
 * of 127.0.0.0/8.
 */
export async function startFaultUpstream(address: string): Promise<FaultUpstream> {
  const hits: Hit[] = [];
  let journalDir: string | undefined;
  const server = http.createServer((request, response) => {
    const [, kind, ...rest] = (request.url ?? '').split('/');
    hits.push({ nonce: rest.at(-1) ?? '', journal: journalDir ? newestSegment(journalDir) : undefined });
    request.resume();
    if (kind === 'reset') request.socket.destroy();
    else if (kind === 'slow')
      setTimeout(() => response.end('late\n'), Math.min(SLOW_MS_MAX, Number(rest[0])));
    else response.end('hello\n');
  });
  // Longer than any idle time-out of the gateway: a connection that closes as it is used again would look like a fault.
  server.keepAliveTimeout = 600_000;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, 4_096, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the upstream has no port');
  return {
    address,
    port: bound.port,
    hits,
    watch: (dir) => {
      journalDir = dir;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function newestSegment(journalDir: string): JournalMark | undefined {
  if (!existsSync(journalDir)) return undefined;
  const segment = readdirSync(journalDir)
    .filter((name) => /^\d{12}-.*\.jsonl$/.test(name))
    .sort()
    .at(-1);
  return segment === undefined ? undefined : { segment, bytes: statSync(join(journalDir, segment)).size };
}
