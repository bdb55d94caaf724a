import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { keptOpen } from '../../../support/kept_open.ts';
import { UPSTREAM } from '../upstream.ts';

/** One request as the destination got it. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
  /** The whole of it came. */
  readonly complete: boolean;
}

export interface BodyUpstream {
  readonly http: number;
  /** HTTP/2 and HTTP/1.1. */
  readonly https: number;
  /** Requests that began, also those that were cut. */
  begun(text: string): number;
  arrivals(text: string): readonly Arrival[];
  close(): Promise<void>;
}

const pem = (name: string): Buffer => readFileSync(new URL(`../pki/${name}`, import.meta.url));

/** What comes between pieces: `count` of them were sent in answer to the request for `url`. */
export type Between = (url: string, count: number) => Promise<unknown>;

/** The destination of requests whose bodies are inspected. The path says what it answers. */
export async function startBodyUpstream(between: Between = async () => undefined): Promise<BodyUpstream> {
  const begun: string[] = [];
  const seen: Arrival[] = [];
  const sockets = new Set<Socket>();
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    begun.push(request.url ?? '');
    if (request.url?.includes('/early')) answer(request.url, 0, response, between);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => undefined);
    request.on('close', () => {
      if (!request.complete || request.readableAborted)
        seen.push(arrival(request, Buffer.concat(parts), false));
    });
    request.on('end', () => {
      const body = Buffer.concat(parts);
      seen.push(arrival(request, body, true));
      if (!response.headersSent) answer(request.url ?? '', body.length, response, between);
    });
    response.on('error', () => undefined);
  };
  const secure = createSecureServer(
    { allowHTTP1: true, cert: pem('good.pem'), key: pem('good.key.pem') },
    handler as never,
  );
  const servers = [keptOpen(createServer(handler)), secure] as unknown as Server[];
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    });
    await new Promise<void>((resolve) => server.listen(0, UPSTREAM, resolve));
  }
  const [http = 0, https = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    ...{ http, https },
    begun: (text) => begun.filter((url) => url.includes(text)).length,
    arrivals: (text) => seen.filter((one) => one.url.includes(text)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const texts = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

function arrival(request: IncomingMessage, body: Buffer, complete: boolean): Arrival {
  return {
    ...{ method: request.method ?? '', url: request.url ?? '', version: request.httpVersion },
    ...{ headers: texts(request.headers), body, trailers: texts(request.trailers), complete },
  };
}

export const EVENTS = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n'] as const;

async function sendEvents(url: string, response: ServerResponse, between: Between): Promise<void> {
  for (const [at, event] of EVENTS.entries()) {
    if (at > 0) await between(url, at);
    if (at === EVENTS.length - 1) response.end(event);
    else response.write(event);
  }
}

function answer(url: string, bytes: number, response: ServerResponse, between: Between): void {
  const sized = /json-(\d+)/.exec(url)?.[1];
  const json = { 'content-type': 'application/json' };
  if (sized !== undefined) {
    const text = `"${'x'.repeat(Number(sized) - 2)}"`;
    response.writeHead(200, { ...json, 'content-length': text.length });
    if (!url.includes('/later-')) response.end(text);
    else {
      response.write(text.slice(0, 1));
      void between(url, 1).then(() => response.end(text.slice(1)));
    }
  } else if (url.includes('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    void sendEvents(url, response, between);
  } else if (url.includes('/gzip')) {
    response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync('{"zipped":true}'));
  } else if (url.includes('/trailing')) {
    response.writeHead(200, {
      ...json,
      ...(response.req.httpVersionMajor === 1 ? { trailer: 'x-late' } : {}),
    });
    response.write('{"late":');
    response.addTrailers({ 'x-late': 'yes' });
    response.end('true}');
  } else if (url.includes('/reset')) {
    response.req.socket.destroy();
  } else if (url.includes('/nothing')) {
    response.writeHead(204).end();
  } else {
    response.writeHead(200, json).end(`{"got":${bytes}}`);
  }
}
