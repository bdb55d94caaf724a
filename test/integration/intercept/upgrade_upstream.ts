import { createServer, type IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { keptOpen } from '../../support/kept_open.ts';
import type { Issued } from '../../support/pki.ts';
import { acceptOf, CLOSE, frame, frameReader } from '../../support/websocket.ts';
import { UPSTREAM } from './upstream.ts';

export const TAIL_BYTES = 20_000;

export interface Handshake {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes that had come when the upstream was about to answer. */
  readonly early: number;
}

/**
 * `/echo` answers each frame with the same text; `/tail` sends 20 kB and closes at once; `/late` waits before its 101;
 * `/no403` answers 403 to the handshake; `/drop` ends the connection instead; `/count` counts bytes until the client ends.
 */
export interface UpgradeUpstream {
  readonly http: number;
  /** Prefers HTTP/2 where a client offers it. */
  readonly https: number;
  /** Plain requests, no handshakes. */
  requests(nonce: string): readonly string[];
  handshakes(nonce: string): readonly Handshake[];
  /** Bytes that `/count` got until the end. */
  counted(nonce: string): number | undefined;
  /** Connections of handshakes that were closed. */
  closed(nonce: string): number;
  close(): Promise<void>;
}

export async function startUpgradeUpstream(leaf: Issued): Promise<UpgradeUpstream> {
  const requests: string[] = [];
  const handshakes: Handshake[] = [];
  const closed: string[] = [];
  const counted = new Map<string, number>();
  const sockets = new Set<Socket>();
  const plain = keptOpen(createServer());
  const secure = createSecureServer({ allowHTTP1: true, ...leaf });
  const servers = [plain as Server, secure as unknown as Server] as const;
  for (const server of servers) {
    server.on('request', (request: IncomingMessage, response: { end(text: string): void }) => {
      requests.push(request.url ?? '');
      response.end('plain');
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const url = request.url ?? '';
      socket.on('error', () => undefined).on('close', () => closed.push(url));
      void upgrade(request, socket, head, handshakes, counted);
    });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, UPSTREAM, resolve));
  }
  const [http = 0, https = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    ...{ http, https },
    requests: (nonce) => requests.filter((url) => url.includes(nonce)),
    handshakes: (nonce) => handshakes.filter(({ url }) => url.includes(nonce)),
    counted: (nonce) => [...counted].find(([url]) => url.includes(nonce))?.[1],
    closed: (nonce) => closed.filter((url) => url.includes(nonce)).length,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function upgrade(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  handshakes: Handshake[],
  counted: Map<string, number>,
): Promise<void> {
  const url = request.url ?? '';
  if (url.startsWith('/late')) await sleep(300);
  const waiting = (socket.read() as Buffer | null) ?? Buffer.alloc(0);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  handshakes.push({ url, headers, early: head.length + waiting.length });
  if (url.startsWith('/drop')) {
    socket.destroy();
    return;
  }
  if (url.startsWith('/no')) {
    const [, status = '200'] = /^\/no(\d+)/.exec(url) ?? [];
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\nConnection: close\r\nx-why: because\r\n\r\nno`);
    return;
  }
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(headers['sec-websocket-key'] ?? '')}`,
      'x-cg-anything: forged',
      'cg-relay-anything: forged',
      '\r\n',
    ].join('\r\n'),
  );
  if (url.startsWith('/tail')) {
    socket.write(frame(1, Buffer.alloc(TAIL_BYTES, 'x')));
    socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8])));
    return;
  }
  if (url.startsWith('/count')) {
    let count = 0;
    socket.on('data', (part: Buffer) => {
      count += part.length;
    });
    socket.on('end', () => {
      counted.set(url, count);
      socket.end();
    });
    return;
  }
  const read = frameReader();
  socket.on('data', (part: Buffer) => {
    for (const { opcode, payload } of read(part)) {
      socket.write(frame(opcode, payload));
      if (opcode === CLOSE) socket.end();
    }
  });
  socket.on('end', () => socket.end());
}
