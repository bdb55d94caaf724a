import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import {
  allServe,
  decisionsByNonce,
  drive,
  journalOf,
  requireAllowed,
} from '../../support/several_gateways.ts';
import { basic } from '../../support/through_proxy.ts';
import { ADDRESS, startUpstream, type Upstream } from './upstream.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));

/** What is asked for: a body that fits, one that breaks its contract, one that is mended, and a model that answers in a stream. */
export const KINDS = ['fits', 'breaks', 'mended', 'chat'] as const;
/** `elsewhere`: what no rule allows, whatever its body. */
export type Kind = (typeof KINDS)[number] | 'elsewhere';

export interface Sent {
  readonly kind: Kind;
  readonly nonce: string;
  /** Monotonic, milliseconds. */
  readonly begun_ms: number;
  /** 0: the connection broke before an answer. */
  readonly status: number;
  readonly receipt?: string;
  /** Of a problem. */
  readonly code?: string;
  /** The answer came to its end. */
  readonly isWhole: boolean;
  readonly body: string;
}

export interface Half {
  readonly nonce: string;
  readonly status: Promise<number>;
  leave(): void;
}

export interface SendOptions {
  readonly gapMs?: number;
  readonly heard?: () => void;
}

export interface World {
  readonly running: Running;
  readonly upstream: Upstream;
  /** `heard` is called when something of the answer has come. */
  send(kind: Kind, options?: SendOptions): Promise<Sent>;
  /** Its body stops in the middle. */
  half(announced?: number): Half;
  /** `count` inspected requests of all kinds; `at` happens once, before so many. */
  drive(count: number, at?: ReadonlyMap<number, () => unknown>): Promise<Sent[]>;
  allServe(): Promise<void>;
  records(): NaiveRecord[];
  /** By the mark in the path. */
  decisions(): ReadonlyMap<string, readonly NaiveRecord[]>;
  /** One allow stands behind whatever has arrived, and one decision behind each. */
  requireJoin(sent: readonly Sent[]): void;
  cli(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

function policy(port: number): string {
  const to = `destination: {hosts: ["${ADDRESS}"], ports: [${port}], schemes: [http]}`;
  const at = (path: string) => `{${to}, path_prefixes: ["${path}"]}`;
  return `schema: clawgress/policy/v1
id: inspected-several
schemas:
  - {id: refund.v1, draft: 2020-12, schema: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 100}}}}
rules:
  - {id: refunds, match: ${at('/refunds')}, action: allow, request: {format: json, schema: refund.v1, max_bytes: 16777216}}
  - {id: mended, match: ${at('/mended')}, action: allow, request: {format: json, schema: refund.v1, repair: once, max_bytes: 65536}}
  - id: model
    match: {${to}, path_prefixes: ["/chat"], protocol: {kind: llm, providers: [openai]}}
    action: allow
    request: {ask_usage: true}
    response: {inspect: auto, notarize: true, on_violation: block}
limits:
  - {id: day, match: {protocol: {kind: llm}}, per: agent, tokens: 100000000, window: {sliding: 1d}, mode: hard_stop}
`;
}

const BODIES: Readonly<Record<Kind, string>> = {
  fits: '{"amount": 5}',
  breaks: '{"amount": 500}',
  mended: '{"amount": 5,}',
  chat: JSON.stringify({
    ...{ model: 'gpt-4o-mini', stream: true, max_tokens: 50 },
    messages: [{ role: 'user', content: 'hello' }],
  }),
  elsewhere: '{}',
};

function pathOf(kind: Kind, nonce: string, gapMs: number): string {
  if (kind === 'chat') return `/chat/${nonce}/gap/${gapMs}/v1/chat/completions`;
  return `/${kind === 'breaks' || kind === 'fits' ? 'refunds' : kind}/${nonce}`;
}

/** Two gateways, their recorder, the real Envoy. */
export async function startWorld(settings = ''): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-inspected-several-'));
  const upstream = await startUpstream();
  writeFileSync(
    join(dir, 'clawgress.yaml'),
    `gateways: 2\nupstream: {allow_cidrs: ["${ADDRESS}/32"]}\n${settings}`,
  );
  const stateDir = join(dir, 'state');
  const running = await startClawgress({ stateDir, args: ['--config', join(dir, 'clawgress.yaml')] });
  const records = () => journalOf(running);
  const policies = () => records().filter(({ type }) => type === 'policy').length;
  const first = policies();
  writeFileSync(join(stateDir, 'policy.yaml'), policy(upstream.port));
  await eventually(() => (policies() > first ? true : undefined), 'the policy');
  const [credential] = running.agents;
  assert.ok(credential, 'an agent');

  const begin = (path: string, length: number) => {
    const proxy = new URL(running.endpoints.explicit_proxy);
    const host = `${ADDRESS}:${upstream.port}`;
    return http.request({
      ...{ host: proxy.hostname, port: proxy.port, method: 'POST', path: `http://${host}${path}` },
      headers: {
        'content-type': 'application/json',
        host,
        'content-length': String(length),
        'proxy-authorization': basic(credential),
      },
    });
  };
  const send = (kind: Kind, { gapMs = 1, heard }: SendOptions = {}): Promise<Sent> => {
    const nonce = randomUUID();
    const body = BODIES[kind];
    const request = begin(pathOf(kind, nonce, gapMs), Buffer.byteLength(body));
    return new Promise((resolve) => {
      const asked = { kind, nonce, begun_ms: performance.now() };
      const none = { ...asked, status: 0, isWhole: false, body: '' };
      request.on('error', () => resolve(none));
      request.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          heard?.();
        });
        answer.on('error', () => undefined);
        answer.on('close', () => resolve({ ...asked, ...told(answer, text) }));
      });
      request.end(body);
    });
  };
  const half = (announced = 1_000) => {
    const nonce = randomUUID();
    const request = begin(`/refunds/${nonce}`, announced);
    const status = new Promise<number>((resolve) => {
      request.on('error', () => resolve(0));
      request.on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    });
    request.write('{"amount":');
    return { nonce, status, leave: () => void request.destroy() };
  };
  const decisions = () => decisionsByNonce(records());

  return {
    ...{ running, upstream, send, half, records, decisions },
    drive: (count, at) => drive(count, (index) => send(KINDS[index % KINDS.length] ?? 'fits'), at),
    async allServe() {
      await eventually(() => allServe(running), 'all to serve');
      // They say so before Envoy, which asks twice a second, has heard it.
      await eventually(async () => ((await send('fits')).status === 200 ? true : undefined), 'Envoy to know');
    },
    requireJoin(sent) {
      const decided = decisions();
      requireAllowed(
        upstream.hits.map(({ path }) => path),
        decided,
      );
      for (const { nonce, status } of sent) {
        const count = decided.get(nonce)?.length ?? 0;
        assert.ok(count <= 1, `at most one decision for ${nonce}`);
        if (status === 200 || status === 422) assert.equal(count, 1, `one decision for ${nonce}`);
      }
    },
    cli: (...args) => cli(args),
    async close() {
      await running.stop();
      await upstream.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function told(answer: http.IncomingMessage, text: string): Omit<Sent, 'kind' | 'nonce' | 'begun_ms'> {
  const receipt = answer.headers['x-clawgress-receipt'];
  const type = answer.headers['content-type'] ?? '';
  const code = type.startsWith('application/problem') ? String(JSON.parse(text || '{}').code) : undefined;
  return {
    ...{ status: answer.statusCode ?? 0, isWhole: answer.complete, body: text },
    ...(typeof receipt === 'string' ? { receipt } : {}),
    ...(code === undefined ? {} : { code }),
  };
}

function cli(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(CLI, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part));
    child.once('exit', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${args[0]}: ${code}\n${out}`)),
    );
  });
}
