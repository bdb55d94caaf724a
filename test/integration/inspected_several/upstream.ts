import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { keptOpen } from '../../support/kept_open.ts';

/** Each test file has an address of its own in 127.0.0.0/8. */
export const ADDRESS = '127.77.7.1';
/** What the model says; between two of them it takes its time. */
const WORDS = ['The ', 'quick ', 'brown ', 'fox ', 'rests.'];
export const USAGE = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };

export interface Hit {
  readonly path: string;
  readonly body: string;
}

export interface Upstream {
  readonly port: number;
  /** Everything that arrived whole, in order. */
  readonly hits: readonly Hit[];
  close(): Promise<void>;
}

/** Accepts refunds, and is a model whose answers are streamed: `/gap/<ms>/…` says how slowly. */
export async function startUpstream(): Promise<Upstream> {
  const hits: Hit[] = [];
  const server = http.createServer((request, reply) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part));
    request.on('error', () => undefined);
    reply.on('error', () => undefined);
    request.on('end', () => {
      const path = request.url ?? '';
      hits.push({ path, body });
      if (path.endsWith('/chat/completions'))
        return void talk(reply, Number(/\/gap\/(\d+)\//.exec(path)?.[1] ?? 1));
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end('{"n": 1}');
    });
  });
  keptOpen(server);
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hits,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function talk(reply: http.ServerResponse, gapMs: number): Promise<void> {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (member: object) =>
    `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini', ...member })}\n\n`;
  for (const content of WORDS) {
    reply.write(event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
    await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
  reply.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
  reply.write(event({ choices: [], usage: USAGE }));
  reply.end('data: [DONE]\n\n');
}
