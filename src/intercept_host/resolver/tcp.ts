import { createServer, type Server, type Socket } from 'node:net';
import { QUERY_BYTES_MAX } from '../../core/dns/query.ts';
import type { Ask, Listener } from './ports.ts';

export const CONNECTIONS_MAX = 64;
export const CONNECTIONS_PER_SOURCE_MAX = 16;
/** Of one connection, whatever happens on it. */
const LIFE_MS = 10_000;
const QUERIES_MAX = 64;
const LENGTH_BYTES = 2;
/** Answers that nobody takes. */
const UNSENT_BYTES_MAX = 16_384;

/** Answers messages with their length in front (RFC 7766). Rejects when the address cannot be had. */
export async function serveTcp(address: string, port: number, ask: Ask): Promise<Listener> {
  const open = new Set<Socket>();
  // Half-open: a client may end its side behind the last query and still read.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const source = socket.remoteAddress ?? '';
    const own = [...open].filter(({ remoteAddress }) => remoteAddress === source).length;
    if (open.size >= CONNECTIONS_MAX || own >= CONNECTIONS_PER_SOURCE_MAX) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    converse(socket, (message) => ask(message, source));
  });
  await listening(server, address, port);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function converse(socket: Socket, ask: (message: Uint8Array) => Uint8Array | undefined): void {
  let pending: Buffer = Buffer.alloc(0);
  let left = QUERIES_MAX;
  const timer = setTimeout(() => socket.destroy(), LIFE_MS);
  socket.on('close', () => clearTimeout(timer));
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      const message = firstOf(pending);
      if (message === 'incomplete') return;
      const answer = message === 'impossible' || left === 0 ? undefined : ask(message);
      // Silence would leave the client waiting on this connection: it is told by the end of it.
      if (answer === undefined || message === 'impossible' || socket.writableLength > UNSENT_BYTES_MAX) {
        socket.destroy();
        return;
      }
      left -= 1;
      socket.write(Buffer.concat([Uint8Array.of(answer.length >> 8, answer.length & 0xff), answer]));
      pending = pending.subarray(LENGTH_BYTES + message.length);
    }
  });
}

/** What is longer than any query is not waited for. */
function firstOf(pending: Buffer): Uint8Array | 'incomplete' | 'impossible' {
  if (pending.length < LENGTH_BYTES) return 'incomplete';
  const length = pending.readUInt16BE(0);
  if (length === 0 || length > QUERY_BYTES_MAX) return 'impossible';
  const end = LENGTH_BYTES + length;
  return pending.length < end ? 'incomplete' : pending.subarray(LENGTH_BYTES, end);
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
