import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { keptOpen } from '../../support/kept_open.ts';
import { newAuthority } from '../../support/pki.ts';
import { message, messageEvents } from './anthropic_answers.ts';
import { startMcpServer } from './mcp_server.ts';
import { chatCompletion, chatEvents, response, responseEvents } from './openai_answers.ts';
import { promptOf, scriptOf } from './script.ts';

/** The names under which the scripted services stand; Envoy resolves them to this host by itself. */
export const HOSTS = {
  openai: 'openai.localhost',
  anthropic: 'anthropic.localhost',
  mcp: 'mcp.localhost',
} as const;

export interface Seen {
  readonly host: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Providers {
  readonly port: number;
  /** PEM of the authority of their certificates. */
  readonly ca: string;
  /** Every request that arrived, in order. */
  readonly seen: readonly Seen[];
  close(): Promise<void>;
}

/** One TLS port: models in the formats of OpenAI and Anthropic, and a real MCP server. */
export async function startProviders(gapMs = 2): Promise<Providers> {
  const authority = newAuthority();
  const contexts = new Map(
    Object.values(HOSTS).map((name) => [name, createSecureContext(authority.issue(name, 'serverAuth'))]),
  );
  const seen: Seen[] = [];
  const mcp = startMcpServer();
  const server = https.createServer(
    {
      SNICallback: (name, done) => done(null, contexts.get(name as (typeof HOSTS)['openai'])),
      ALPNProtocols: ['http/1.1'],
    },
    (request, reply) => {
      bodyOf(request)
        .then(async (body) => {
          const host = (request.headers.host ?? '').replace(/:\d+$/, '');
          seen.push({ host, path: request.url ?? '', body, headers: request.headers });
          if (host === HOSTS.mcp) await mcp.handle(request, reply, body);
          else await answer(request.url ?? '', body, reply, gapMs);
        })
        .catch(() => reply.destroy());
    },
  );
  keptOpen(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.ca,
    seen,
    async close() {
      await mcp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

async function answer(path: string, text: string, reply: ServerResponse, gapMs: number): Promise<void> {
  const body = JSON.parse(text) as {
    model: string;
    stream?: boolean;
    stream_options?: { include_usage?: boolean };
  };
  const { model, stream, stream_options } = body;
  const script = scriptOf(promptOf(body));
  if (path === '/v1/chat/completions') {
    if (stream !== true) return json(reply, chatCompletion(model, script));
    const events = chatEvents(model, script, stream_options?.include_usage === true);
    return await sse(
      reply,
      events.map((data) => `data: ${data}\n\n`),
      gapMs,
    );
  }
  if (path === '/v1/responses') {
    if (stream !== true) return json(reply, response(model, script));
    return await sse(reply, responseEvents(model, script).map(named), gapMs);
  }
  if (path === '/v1/messages') {
    if (stream !== true) return json(reply, message(model, script));
    return await sse(reply, messageEvents(model, script).map(named), gapMs);
  }
  reply.writeHead(404, { 'content-type': 'application/json' });
  reply.end('{"error":{"message":"no such place","type":"not_found"}}');
}

function named([type, data]: readonly [string, string]): string {
  return `event: ${type}\ndata: ${data}\n\n`;
}

function json(reply: ServerResponse, value: object): void {
  reply.writeHead(200, { 'content-type': 'application/json' });
  reply.end(JSON.stringify(value));
}

async function sse(reply: ServerResponse, events: readonly string[], gapMs: number): Promise<void> {
  reply.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const event of events) {
    // Cut in the middle, so that no reader may count on whole events.
    const middle = event.length >> 1;
    reply.write(event.slice(0, middle));
    await new Promise((resolve) => setTimeout(resolve, gapMs));
    reply.write(event.slice(middle));
  }
  reply.end();
}
