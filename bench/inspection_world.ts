import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClawgress } from '../test/support/running.ts';
import { basic } from '../test/support/through_proxy.ts';

const ADDRESS = '127.80.6.1';
const MAX_BYTES = 8 * 1_048_576;
export const EVENTS = 50;
const GAP_MS = 10;

/** `direct`: to the destination itself. The others name the beginning of their path. */
export type Way = 'direct' | 'plain' | 'contract' | 'notarized' | 'tools';

export interface Timed {
  readonly status: number;
  /** Milliseconds from the beginning: of the first byte of the answer, of its end. */
  readonly first: number;
  readonly total: number;
  /** Between pieces, of a stream. */
  readonly gaps: readonly number[];
}

export interface BenchWorld {
  call(way: Way, what: 'body' | 'chat/completions', body?: Buffer): Promise<Timed>;
  close(): Promise<void>;
}

/** A gateway, and a destination that takes bodies and gives events. */
export async function openBench(): Promise<BenchWorld> {
  const upstream = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url?.endsWith('/chat/completions')) void tell(response);
      else response.end('{"ok":true}');
    });
  });
  upstream.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => upstream.listen(0, ADDRESS, resolve));
  const { port } = upstream.address() as AddressInfo;
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-bench-'));
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, `upstream: {allow_cidrs: [${ADDRESS}/32]}\n`);
  writeFileSync(join(stateDir, 'policy.yaml'), policy(port), { mode: 0o600 });
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  const [agent] = running.agents;
  if (agent === undefined) throw new Error('no demo agent');
  const proxy = new URL(running.endpoints.explicit_proxy);
  const pool = new http.Agent({ keepAlive: true });
  return {
    call(way, what, body) {
      const path = `/${way}/${what}`;
      const isDirect = way === 'direct';
      const length =
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
      const credential = isDirect ? {} : { 'proxy-authorization': basic(agent) };
      return timed(
        {
          host: isDirect ? ADDRESS : proxy.hostname,
          port: isDirect ? port : proxy.port,
          path: isDirect ? path : `http://${ADDRESS}:${port}${path}`,
          method: 'POST',
          headers: { host: `${ADDRESS}:${port}`, ...credential, ...length },
          agent: pool,
        },
        body,
      );
    },
    close: async () => {
      pool.destroy();
      await running.stop();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

async function tell(response: http.ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' };
  for (let i = 0; i < EVENTS; i++) {
    const choices = [{ index: 0, delta: { content: `word ${i} ` }, finish_reason: null }];
    response.write(`data: ${JSON.stringify({ ...chunk, choices })}\n\n`);
    await sleep(GAP_MS);
  }
  response.end('data: [DONE]\n\n');
}

function timed(options: http.RequestOptions, body: Buffer | undefined): Promise<Timed> {
  return new Promise((resolve) => {
    const began = performance.now();
    const gaps: number[] = [];
    let [status, first, last] = [0, Number.NaN, 0];
    const end = () => resolve({ status, first, total: performance.now() - began, gaps });
    const sending = http.request(options, (response) => {
      status = response.statusCode ?? 0;
      response.on('data', () => {
        const now = performance.now();
        if (last === 0) first = now - began;
        else gaps.push(now - last);
        last = now;
      });
      response.on('close', () => {
        if (!response.complete) status = 0;
        end();
      });
    });
    sending.on('error', end);
    sending.end(body);
  });
}

function policy(port: number): string {
  const at = (path: string, more = '') =>
    `{destination: {hosts: ["${ADDRESS}"], ports: [${port}], schemes: [http]}, path_prefixes: [/${path}]${more}}`;
  return `schema: clawgress/policy/v1
id: bench
schemas:
  - id: orders.v1
    draft: 2020-12
    schema:
      type: object
      required: [orders]
      properties:
        orders:
          type: array
          items: {type: object, required: [id, amount], properties: {id: {type: string}, amount: {type: integer, minimum: 0}, note: {type: string, maxLength: 200}}}
rules:
  - {id: plain, match: ${at('plain')}, action: allow}
  - {id: contract, match: ${at('contract')}, action: allow, request: {format: json, schema: orders.v1, max_bytes: ${MAX_BYTES}}}
  - {id: notarized, match: ${at('notarized')}, action: allow, response: {inspect: sse, notarize: true, on_violation: block}}
  - {id: tools, match: ${at('tools', ', protocol: {kind: llm, providers: [openai]}')}, action: allow, response: {inspect: sse, notarize: true, tool_calls: {deny: [transfer]}}}
`;
}

/** Orders as JSON, of at least so many bytes. */
export function ordersOf(bytes: number): Buffer {
  const one = (i: number) => ({
    id: `order-${i}`,
    amount: i % 1_000,
    note: 'as agreed, to the usual address',
  });
  const orders = [];
  for (let size = 0; size < bytes - 100; size += JSON.stringify(orders.at(-1)).length + 1)
    orders.push(one(orders.length));
  return Buffer.from(JSON.stringify({ orders }));
}

export function callOfModel(): Buffer {
  const messages = [{ role: 'user', content: 'Say something.' }];
  return Buffer.from(JSON.stringify({ model: 'gpt-4o', max_tokens: 100, stream: true, messages }));
}
