import { existsSync, readdirSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectedAnswer } from './fault_inspected.ts';
import { nonceIn } from './fault_nonce.ts';
import { keptOpen } from './kept_open.ts';
import type { Issued } from './pki.ts';
import { acceptOf, frame, frameReader } from './websocket.ts';

/** How much of the journal was in its newest file when a request arrived. */
export interface JournalMark {
  readonly segment: string;
  readonly bytes: number;
}

export interface Hit {
  /** Last segment of the path. */
  readonly nonce: string;
  readonly journal: JournalMark | undefined;
  /** It came over TLS, to the port that only tunnels which the gateway opens lead to. */
  readonly secure?: true;
}

/** A destination with a log of its own, which knows nothing of the gateway but where its journal lies. */
export interface FaultUpstream {
  readonly address: string;
  readonly port: number;
  /** Of 127.0.0.1, with TLS; only when there is a certificate. */
  readonly securePort?: number;
  readonly hits: Hit[];
  /** From now on each hit notes how long the journal is. */
  watch(journalDir: string): void;
  close(): Promise<void>;
}

const SLOW_MS_MAX = 5_000;

/**
 * `/hello/<nonce>` answers, an upgrade to any path becomes a WebSocket that gives back what it gets, `/slow/<ms>/<nonce>` answers later, `/reset/<nonce>` closes the connection; paths whose answers are read: fault_inspected.ts. `address`: one
 * of 127.0.0.0/8.
 */
export async function startFaultUpstream(address: string, issued?: Issued): Promise<FaultUpstream> {
  const hits: Hit[] = [];
  let journalDir: string | undefined;
  const answer =
    (mark: Pick<Hit, 'secure'>): http.RequestListener =>
    (request, response) => {
      const [, kind, ...rest] = (request.url ?? '').split('/');
      const journal = journalDir ? newestSegment(journalDir) : undefined;
      const nonce = nonceIn(request.url ?? '') ?? '';
      hits.push({ nonce, journal, ...mark });
      request.resume();
      const read = inspectedAnswer(kind, nonce);
      if (read !== undefined) void inPieces(response, read);
      else if (kind === 'reset') request.socket.destroy();
      else if (kind === 'slow')
        setTimeout(() => response.end('late\n'), Math.min(SLOW_MS_MAX, Number(rest[0])));
      else response.end('hello\n');
    };
  const server = http.createServer(answer({}));
  server.on('upgrade', (request: http.IncomingMessage, socket: Socket) => {
    const nonce = (request.url ?? '').split('/').at(-1) ?? '';
    hits.push({ nonce, journal: journalDir ? newestSegment(journalDir) : undefined });
    echo(request, socket);
  });
  const plain = await listening(server, address);
  const secure =
    issued === undefined
      ? undefined
      : await listening(https.createServer({ ...issued }, answer({ secure: true })), '127.0.0.1');
  return {
    address,
    port: plain.port,
    ...(secure === undefined ? {} : { securePort: secure.port }),
    hits,
    watch: (dir) => {
      journalDir = dir;
    },
    close: async () => {
      await Promise.all([plain.close(), secure?.close()]);
    },
  };
}

const PIECE_MS = 8;

async function inPieces(
  response: http.ServerResponse,
  { type, pieces }: NonNullable<ReturnType<typeof inspectedAnswer>>,
): Promise<void> {
  response.writeHead(200, { 'content-type': type });
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(PIECE_MS);
    response.write(piece);
  }
  response.end();
}

/** Gives back each frame. */
function echo({ headers }: http.IncomingMessage, socket: Socket): void {
  const accept = `Sec-WebSocket-Accept: ${acceptOf(String(headers['sec-websocket-key']))}`;
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', accept];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const read = frameReader();
  socket.on('data', (part: Buffer) => {
    for (const { opcode, payload } of read(part)) socket.write(frame(opcode, payload));
  });
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listening(server: http.Server | https.Server, address: string): Promise<Listening> {
  keptOpen(server);
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
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
    port: bound.port,
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
