import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RelayTicket } from '../../../src/core/relay/relay_ticket.ts';
import type { SessionsMax } from '../../../src/relay/doorkeeper.ts';
import type { RelayEvent, RelayHost } from '../../../src/relay/ports.ts';
import { type RelayService, serveRelay } from '../../../src/relay/service.ts';

export const STAMP = 'stamp-of-the-test';
const RECEIPT = '01890a5d-ac96-774b-bcce-b302099a8057';

export interface World {
  readonly socket: string;
  readonly h2Socket: string;
  readonly outSocket: string;
  /** `cg-relay-end` headers, in the order in which they came. */
  readonly reports: string[];
  /** What the second hop was asked. */
  readonly asked: IncomingMessage[];
  readonly events: RelayEvent[];
  readonly service: RelayService;
  /** The client's side of a new upgrade, with what is known of its answer. */
  upgrade(head?: string): Promise<Client>;
}

export interface Client {
  readonly socket: Socket;
  /** Everything that came, the answer's head included. */
  readonly received: () => Buffer;
  /** Behind the answer's head. */
  readonly payload: () => Buffer;
  readonly ended: Promise<void>;
}

export interface WorldOptions {
  readonly order?: Partial<RelayTicket>;
  /** Plays the destination behind Envoy. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  readonly host?: Partial<RelayHost>;
  readonly max?: SessionsMax;
  /** When the report of an end came, and before it is taken. */
  readonly onReport?: () => void | Promise<void>;
}

export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';

/** Places for sockets, removed with the test. */
export function places(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-relay-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, name);
  return { socket: at('r.sock'), h2Socket: at('h2.sock'), outSocket: at('out.sock'), stamp: STAMP };
}

/** A relay in this process between a scripted client and a scripted second hop, both over real sockets. */
export async function world(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const at = places(t);
  const reports: string[] = [];
  const asked: IncomingMessage[] = [];
  const events: RelayEvent[] = [];
  await scriptedOut(t, at.outSocket, options, reports, asked);
  const order: RelayTicket = {
    receipt_id: RECEIPT,
    owner: 'default/bot',
    scheme: 'http',
    exp_ms: Date.now() + 60_000,
    ...options.order,
  };
  const host: RelayHost = {
    open: async (ticket) => (ticket === 'good' ? order : undefined),
    tell: (event) => void events.push(event),
    ...options.host,
  };
  const service = await serveRelay(at, host, options.max);
  t.after(() => service.close(0));
  const upgrade = (head = handshake('good')) => startClient(t, at.socket, head);
  return { ...at, reports, asked, events, service, upgrade };
}

async function scriptedOut(
  t: TestContext,
  path: string,
  options: WorldOptions,
  reports: string[],
  asked: IncomingMessage[],
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    if (request.url === '/_relay_end') {
      await options.onReport?.();
      reports.push(String(request.headers['cg-relay-end']));
      response.writeHead(request.headers['cg-relay-stamp'] === STAMP ? 204 : 403).end();
      return;
    }
    asked.push(request);
    response.writeHead(500).end();
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('upgrade', (request, socket, head) => {
    asked.push(request);
    options.onUpgrade?.(request, socket as Socket, head);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

export function handshake(ticket: string | undefined, extra = ''): string {
  return (
    'GET /chat?room=1 HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
    `${ticket === undefined ? '' : `cg-relay-ticket: ${ticket}\r\n`}${extra}\r\n`
  );
}

async function startClient(t: TestContext, path: string, head: string): Promise<Client> {
  const socket = connect({ path, allowHalfOpen: true });
  t.after(() => socket.destroy());
  const pieces: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  socket.write(head);
  await Promise.race([new Promise((resolve) => socket.once('data', resolve)), ended]);
  const received = () => Buffer.concat(pieces);
  const payload = () => received().subarray(received().indexOf('\r\n\r\n') + 4);
  return { socket, received, payload, ended };
}

/** Resolves when the condition holds; rejects when it does not for far too long. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 4_000) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
