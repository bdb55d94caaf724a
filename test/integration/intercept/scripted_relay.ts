import { createServer, type IncomingMessage, request } from 'node:http';
import { connect as connectHttp2, constants, createServer as createHttp2Server } from 'node:http2';
import { connect, type Server, type Socket } from 'node:net';
import { keptOpen } from '../../support/kept_open.ts';

export interface Relayed {
  readonly ticket: string;
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RelayWish {
  /** Header values on the second hop; the right ones by default. */
  stamp: string;
  scheme: string;
}

export interface ScriptedRelay {
  readonly seen: readonly Relayed[];
  readonly wish: RelayWish;
  /** Reports as at the end of a stream; the status of the answer. */
  report(receipt: string, end: string, headers?: Readonly<Record<string, string>>): Promise<number>;
  close(): Promise<void>;
}

interface Sockets {
  readonly upgrades: string;
  readonly calls: string;
  readonly out: string;
}

/** Passes on what comes, with the claims of a relay. The receipt is what the ticket of the scripted gateway names. */
export async function startRelay(sockets: Sockets, wish: RelayWish): Promise<ScriptedRelay> {
  const seen: Relayed[] = [];
  const open = new Set<Socket>();
  const claims = (ticket: string): Record<string, string> => ({
    'cg-relay-stamp': wish.stamp,
    'cg-relay-scheme': wish.scheme,
    'cg-relay-receipt': ticket.replace('ticket.', ''),
  });
  const note = (headers: Readonly<Record<string, unknown>>): string => {
    const text = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const ticket = text['cg-relay-ticket'] ?? '';
    seen.push({ ticket, requestId: text['x-request-id'] ?? '', headers: text });
    return ticket;
  };
  const upgrades = keptOpen(createServer());
  upgrades.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const { 'cg-relay-ticket': _, ...headers } = incoming.headers;
    const ticket = note(incoming.headers);
    const lines = Object.entries({ ...headers, ...claims(ticket) }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const out = connect(sockets.out);
    open.add(out.on('error', () => socket.destroy()));
    open.add(socket.on('error', () => out.destroy()));
    out.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    if (head.length > 0) out.write(head);
    socket.pipe(out).pipe(socket);
  });
  const calls = createHttp2Server();
  calls.on('stream', (stream, incoming) => {
    const { 'cg-relay-ticket': _, ...headers } = incoming;
    const session = connectHttp2('http://relay', { createConnection: () => connect(sockets.out) });
    session.on('error', () => stream.close());
    const out = session.request({ ...headers, ...claims(note(incoming)) });
    // An answer of headers alone is what a gRPC error looks like: it has its status there, and no trailers.
    out.on('response', (answer, flags) =>
      flags & constants.NGHTTP2_FLAG_END_STREAM
        ? stream.respond(answer, { endStream: true })
        : stream.respond(answer, { waitForTrailers: true }),
    );
    let late = {};
    out.on('trailers', (got) => {
      late = got;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(late));
    stream.on('error', () => out.destroy());
    out.on('error', () => stream.destroy());
    out.on('close', () => session.close());
    stream.pipe(out).pipe(stream);
  });
  const servers = [upgrades as Server, calls as unknown as Server] as const;
  for (const [i, server] of servers.entries()) {
    server.on('connection', (socket: Socket) => open.add(socket));
    await new Promise<void>((resolve) => server.listen([sockets.upgrades, sockets.calls][i], resolve));
  }
  return {
    ...{ seen, wish },
    report: (receipt, end, headers = {}) =>
      new Promise((resolve, reject) => {
        const all = { ...claims(`ticket.${receipt}`), 'cg-relay-end': end, ...headers };
        const { 'cg-relay-scheme': _, ...sent } = { 'cg-relay-scheme': '', ...all };
        request({
          socketPath: sockets.out,
          path: '/_relay_end',
          method: 'POST',
          headers: { host: 'relay', ...sent },
          agent: false,
        })
          .on('response', (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          })
          .on('error', reject)
          .end();
      }),
    async close() {
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
