import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costAtMost } from '../../../src/core/ai/cost.ts';
import { estimateInput } from '../../../src/core/ai/estimate.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { type DemoAgent, type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { type Play, type Provider, pathOf, startProvider } from './provider.ts';

export const CENTS = 500;
/** Of one call, in micro-USD: ten cents. */
export const RESERVED = 100_000;
export const CALLS_THAT_FIT = (CENTS * 10_000) / RESERVED;
export const LIMIT = 'spend/usd';
/** What gpt-4o costs, in micro-USD for a million tokens; the shipped list says the same. */
const RATES = { input: 2_500_000, output: 10_000_000 };
/** No promise. One that hangs is waited for so long. */
const ANSWER_MS_MAX = 60_000;

export interface Heard {
  readonly nonce: string;
  /** 0: no answer. */
  readonly status: number;
  readonly code?: string;
  readonly receipt?: string;
  /** The answer came to its end. */
  readonly isWhole: boolean;
}

export interface Ask extends Play {
  readonly stream: boolean;
  /** In place of the provider's. */
  readonly port?: number;
  /** The client leaves so long after the first bytes of the answer. */
  readonly leavesMs?: number;
}

export interface BudgetWorld {
  readonly running: Running;
  readonly provider: Provider;
  /** Refuses connections. */
  readonly closedPort: number;
  ask(call: Ask): Promise<Heard>;
  /** `GET /_clawgress/quota` as the agent sees it. */
  quota(): Promise<string>;
  records(): readonly NaiveRecord[];
  close(): Promise<void>;
}

export async function openBudgetWorld(settings: readonly string[] = []): Promise<BudgetWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-budget-'));
  const address = `127.78.${process.pid & 0xff}.${1 + ((process.pid >> 8) & 0x7f)}`;
  const provider = await startProvider(address);
  const gone = await startProvider(address);
  await gone.close();
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, `upstream: {allow_cidrs: [${address}/32]}\n${settings.join('\n')}\n`);
  writeFileSync(join(stateDir, 'policy.yaml'), policy(address, [provider.port, gone.port]), { mode: 0o600 });
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  const [agent] = running.agents;
  if (agent === undefined) throw new Error('no agent');
  const pool = new http.Agent({ keepAlive: true, maxSockets: 200 });
  const { explicit_proxy, base_url, journal_dir, public_keys } = running.endpoints;
  return {
    ...{ running, provider, closedPort: gone.port },
    ask: (call) =>
      ask(new URL(explicit_proxy), `${address}:${call.port ?? provider.port}`, agent, pool, call),
    quota: () => textOf(new URL('/_clawgress/quota', base_url), agent),
    records: () => readJournal(journal_dir, public_keys),
    close: async () => {
      pool.destroy();
      await running.stop();
      await provider.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function policy(address: string, ports: readonly number[]): string {
  const to = `destination: {hosts: ["${address}"], ports: [${ports.join(', ')}], schemes: [http]}`;
  return `schema: clawgress/policy/v1
id: budgets
rules:
  - id: models
    match: {${to}, protocol: {kind: llm, providers: [openai], models: [gpt-4o]}}
    action: allow
    request: {ask_usage: true}
limits:
  - {id: spend, match: {protocol: {kind: llm}}, per: agent, usd_cents: ${CENTS}, window: {sliding: 1d}, mode: hard_stop}
`;
}

interface Body {
  readonly text: string;
  readonly input: number;
  readonly output: number;
}

/** A call that can come to exactly ten cents: the prompt grows until the price of its tokens is a whole number of outputs. */
function bodyOf(stream: boolean): Body {
  for (let words = 1; words < 40; words++) {
    for (let output = 9_999; output > 9_800; output--) {
      const messages = [{ role: 'user', content: 'a '.repeat(words) }];
      const usage = { stream_options: { include_usage: true } };
      const body = { model: 'gpt-4o', messages, max_tokens: output, stream, ...(stream ? usage : {}) };
      const text = JSON.stringify(body);
      const { tokens } = estimateInput(body, { body_bytes: text.length, tools: [] });
      if (costAtMost({ input: tokens, output }, RATES) === BigInt(RESERVED))
        return { text, input: tokens, output };
    }
  }
  throw new Error('no call comes to ten cents');
}

const BODIES = { whole: bodyOf(false), stream: bodyOf(true) };

/** Tokens of a call that comes to what was reserved for it. */
export function dearest(stream: boolean): Pick<Play, 'input' | 'output'> {
  const { input, output } = BODIES[stream ? 'stream' : 'whole'];
  return { input, output };
}

/** Micro-USD by hand. */
export function costOf({ input, output }: Pick<Play, 'input' | 'output'>): number {
  return Math.ceil((input * RATES.input + output * RATES.output) / 1_000_000);
}

function ask(proxy: URL, authority: string, agent: DemoAgent, pool: http.Agent, call: Ask): Promise<Heard> {
  return new Promise((resolve) => {
    const { text } = BODIES[call.stream ? 'stream' : 'whole'];
    const sending = http.request({
      ...{ host: proxy.hostname, port: proxy.port, method: 'POST', agent: pool },
      path: `http://${authority}${pathOf(call)}`,
      headers: {
        ...{ host: authority, 'proxy-authorization': basic(agent), 'content-type': 'application/json' },
        'content-length': String(text.length),
      },
    });
    const late = setTimeout(() => sending.destroy(), ANSWER_MS_MAX);
    const told = (heard: Omit<Heard, 'nonce'>) => {
      clearTimeout(late);
      resolve({ nonce: call.nonce, ...heard });
    };
    sending.on('error', () => told({ status: 0, isWhole: false }));
    sending.on('response', (response) => {
      let body = '';
      const receipt = response.headers['x-clawgress-receipt'];
      const { statusCode: status = 0 } = response;
      const about = { status, ...(typeof receipt === 'string' ? { receipt } : {}) };
      response.on('data', (part: Buffer) => {
        body += part;
        if (call.leavesMs !== undefined) setTimeout(() => sending.destroy(), call.leavesMs);
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        const code = /"code":"([A-Z_]+)"/.exec(body)?.[1];
        told({ ...about, ...(code === undefined ? {} : { code }), isWhole: response.complete });
      });
    });
    sending.end(text);
  });
}

function textOf(url: URL, agent: DemoAgent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-clawgress-key': agent.api_key };
    http
      .get(url, { headers }, (response) => {
        let text = '';
        response.on('data', (part: Buffer) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}
