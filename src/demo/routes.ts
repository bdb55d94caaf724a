import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HitLog } from './hits.ts';
import { completion, completionEvents, mcpAnswer, readChat } from './model.ts';

export const ECHO_BYTES_MAX = 1_048_576;
export const SLOW_MS_MAX = 60_000;
export const GENERATED_BYTES_MAX = 64 * 1_048_576;
const SSE_EVENTS_MAX = 1_000;
const CHUNK_BYTES = 65_536;
const WORD_MS = 40;

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** Everything that the demo upstream answers. `/__hits` is for the operator and is not itself logged. */
export function demoRoutes(
  hits: HitLog,
  now: () => Date,
): (req: IncomingMessage, res: ServerResponse) => void {
  return (request, response) => {
    // A base that cannot be confused with the request: only path and query are read.
    const url = new URL(`http://demo.invalid${originForm(request.url ?? '/')}`);
    if (url.pathname === '/__hits') return answerHits(hits, request, response);
    hits.add({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: flatHeaders(request),
      ts: now().toISOString(),
    });
    const handler = ROUTES.find(([pattern]) => pattern.test(url.pathname))?.[1] ?? notFound;
    Promise.resolve(handler(request, response, url)).catch(() => response.destroy());
  };
}

const ROUTES: readonly (readonly [RegExp, Handler])[] = [
  [/^\/hello(\/|$)/, (_request, response) => sendText(response, 200, 'hello from the demo upstream\n')],
  [/^\/json$/, echoRequest],
  [/^\/echo$/, echoRequest],
  [/^\/sse$/, serverSentEvents],
  [/^\/v1\/chat\/completions$/, chat],
  [/^\/mcp$/, mcp],
  [/^\/slow(\/|$)/, slow],
  [/^\/reset$/, (request) => void request.socket.destroy()],
  [/^\/status\/[2-5]\d\d(\/|$)/, status],
  [/^\/bytes\/\d{1,9}$/, generatedBytes],
];

function answerHits(hits: HitLog, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'DELETE') {
    hits.clear();
    response.writeHead(204).end();
    return;
  }
  sendJson(response, 200, hits.all());
}

async function echoRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return sendText(response, 413, 'too large\n');
  sendJson(response, 200, {
    method: request.method,
    path: request.url,
    headers: flatHeaders(request),
    body: body.toString('utf8'),
    ...parsedJson(body),
  });
}

const NO_BODY = Buffer.alloc(0);

function parsedJson(body: Buffer): { json?: unknown } {
  if (body.length === 0) return {};
  try {
    return { json: JSON.parse(body.toString('utf8')) };
  } catch {
    return {};
  }
}

async function serverSentEvents(
  _request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const events = boundedNumber(url.searchParams.get('events'), 5, SSE_EVENTS_MAX);
  const pauseMs = boundedNumber(url.searchParams.get('ms'), 100, SLOW_MS_MAX);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (let event = 0; event < events && !response.destroyed; event += 1) {
    if (event > 0) await sleep(pauseMs);
    response.write(`id: ${event}\ndata: {"event":${event}}\n\n`);
  }
  response.end();
}

/** A model that says hello, or calls the tool that it is told to call. */
async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = readChat(parsedJson((await readBody(request)) ?? NO_BODY).json);
  if (asked === undefined) return sendJson(response, 400, { error: { message: 'no chat completion' } });
  if (!asked.isStream) return sendJson(response, 200, completion(asked));
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (const data of completionEvents(asked)) {
    if (response.destroyed) return;
    response.write(`data: ${data}\n\n`);
    await sleep(WORD_MS);
  }
  response.end();
}

async function mcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const answer = mcpAnswer(parsedJson((await readBody(request)) ?? NO_BODY).json);
  if (answer === undefined) response.writeHead(202).end();
  else sendJson(response, 200, answer);
}

async function slow(_request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const fallbackMs = url.pathname === '/slow' ? 1_000 : 0;
  await sleep(boundedNumber(url.searchParams.get('ms'), fallbackMs, SLOW_MS_MAX));
  sendText(response, 200, 'slow hello\n');
}

function status(_request: IncomingMessage, response: ServerResponse, url: URL): void {
  const code = Number(url.pathname.split('/')[2]);
  if (code === 204 || code === 304) response.writeHead(code).end();
  else sendText(response, code, `status ${code}\n`);
}

async function generatedBytes(_request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const size = boundedNumber(url.pathname.slice('/bytes/'.length), 0, GENERATED_BYTES_MAX);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
  const chunk = Buffer.alloc(CHUNK_BYTES, 0x61);
  for (let left = size; left > 0 && !response.destroyed; left -= CHUNK_BYTES) {
    if (!response.write(chunk.subarray(0, Math.min(left, CHUNK_BYTES)))) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
    }
  }
  response.end();
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  sendText(response, 404, 'not found\n');
}

/** Undefined when the body is larger than `ECHO_BYTES_MAX`. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ECHO_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Absolute-form targets (a client that speaks to us as to a proxy) are answered by their path. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const path = target.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function boundedNumber(text: string | null, fallback: number, max: number): number {
  if (text === null || !/^\d{1,9}$/.test(text)) return fallback;
  return Math.min(Number(text), max);
}

function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function sendJson(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}
