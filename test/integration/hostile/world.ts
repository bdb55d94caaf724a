import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { CA_BUNDLE, type RawUpstream, startRawUpstream, UPSTREAM } from './raw_upstream.ts';

/** Nothing came for this long: if all that is due has come, the connection is over. Whatever is too much comes by then. */
const SILENCE_MS = 700;
/** For what is due: a busy machine may take its time. */
const PATIENCE_MS = 30_000;

/** What came of one connection. */
export interface Attack {
  /** Address of the client, one for each connection: how decisions find their case. Ports are used again. */
  readonly source: string;
  readonly answer: string;
}

/** The real `clawgress up` with a policy that has something of everything, and an upstream that believes nothing. */
export interface World {
  readonly running: Running;
  readonly upstream: RawUpstream;
  readonly values: Readonly<Record<string, string>>;
  /** Sends the bytes; the connection stays until the other side closes it, or all that is due has come. */
  attack(port: 'explicit' | 'base_url', bytes: Buffer, isDue: (attack: Attack) => boolean): Promise<Attack>;
  records(): readonly NaiveRecord[];
  /** The journal once every allow has its outcome. */
  journal(): Promise<readonly NaiveRecord[]>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const upstream = await startRawUpstream();
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-hostile-'));
  mkdirSync(stateDir, { recursive: true });
  const [policy, config] = [join(stateDir, 'hostile.yaml'), join(stateDir, 'clawgress.yaml')];
  writeFileSync(policy, policyText(upstream));
  writeFileSync(
    config,
    [
      `policy: { file: ${policy} }`,
      `upstream: { allow_cidrs: ["${UPSTREAM}/32"], ca_bundle: ${CA_BUNDLE} }`,
      'check_timeout_ms: 5000',
    ].join('\n'),
  );
  const running = await startClawgress({ stateDir, args: ['--config', config] }).catch(async (error) => {
    await upstream.close();
    throw error;
  });
  const agent = running.agents.find(({ agent_id }) => agent_id === 'demo-agent');
  if (agent === undefined) throw new Error('no demo agent');
  const values = {
    host: UPSTREAM,
    up: `${UPSTREAM}:${upstream.http}`,
    port: String(upstream.http),
    tls: `${UPSTREAM}:${upstream.https}`,
    auth: `Proxy-Authorization: ${basic(agent)}`,
    basic: basic(agent),
    key: `x-clawgress-key: ${agent.api_key}`,
    secret: agent.api_key,
    self: new URL(running.endpoints.explicit_proxy).port,
    base: new URL(running.endpoints.base_url).host,
  };
  return {
    ...{ running, upstream, values },
    attack: (port, bytes, isDue) => attack(portOf(running, port), bytes, freshSource(), isDue),
    records: () => recordsOf(running),
    journal: () => settled(running),
    async stop() {
      await running.stop();
      await upstream.close();
      running.remove();
    },
  };
}

const portOf = ({ endpoints }: Running, port: 'explicit' | 'base_url'): number =>
  Number(new URL(port === 'explicit' ? endpoints.explicit_proxy : endpoints.base_url).port);

let sources = 0;
function freshSource(): string {
  sources += 1;
  return `127.9.${sources >> 8}.${sources & 255}`;
}

function attack(
  port: number,
  bytes: Buffer,
  source: string,
  isDue: (attack: Attack) => boolean,
): Promise<Attack> {
  return new Promise((resolve) => {
    let answer = '';
    const limit = performance.now() + PATIENCE_MS;
    const socket = connect({ port, host: '127.0.0.1', localAddress: source }, () => {
      socket.write(bytes);
    });
    socket.setTimeout(SILENCE_MS);
    socket.on('timeout', () => {
      if (isDue({ source, answer }) && performance.now() < limit) socket.setTimeout(SILENCE_MS);
      else socket.destroy();
    });
    socket.on('data', (part) => {
      answer += part.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ source, answer }));
  });
}

const recordsOf = ({ endpoints }: Running): readonly NaiveRecord[] =>
  readJournal(endpoints.journal_dir, endpoints.public_keys);

function settled(running: Running): Promise<readonly NaiveRecord[]> {
  return eventually(() => {
    const records = recordsOf(running);
    const closed = new Set(records.map((record) => record['decision_ref']));
    const open = records.filter(({ type, verdict, receipt_id }) => {
      return type === 'decision' && verdict === 'allow' && !closed.has(receipt_id);
    });
    return open.length === 0 ? records : undefined;
  }, 'an outcome for every allow');
}

function policyText({ http, https }: RawUpstream): string {
  const agent = 'agent: { agent_id: [demo-agent] }';
  const to = (port: number, scheme: string) =>
    `destination: { hosts: ["${UPSTREAM}"], ports: [${port}], schemes: [${scheme}] }`;
  const rule = (id: string, match: string, action: string) =>
    `  - { id: ${id}, match: { ${agent}, ${match} }, ${action} }`;
  const kind = 'protocol: { kind: http }';
  const allow = (id: string, extra: string, path: string) =>
    rule(id, `${to(http, 'http')}, ${kind}, ${extra}`, `action: allow${path}`);
  return [
    'schema: clawgress/policy/v1',
    'id: hostile',
    'rules:',
    allow('open', 'path_prefixes: [/open]', ''),
    allow('read', 'path_prefixes: [/read], methods: [GET]', ''),
    allow('raw', 'path_prefixes: [/raw]', ', path: raw'),
    allow('tidy', 'path_prefixes: [/tidy]', ', path: rewrite'),
    rule('names', 'destination: { any_host: true }, path_prefixes: [/named]', 'action: allow'),
    rule('base', `${to(https, 'https')}, ${kind}, path_prefixes: [/open]`, 'action: allow'),
    rule('tunnel', `${to(http, 'tcp')}, protocol: { kind: tcp }`, 'action: allow'),
    rule('closed', `${kind}, path_prefixes: [/open/admin, /raw/admin, /tidy/admin]`, 'action: deny'),
    '',
  ].join('\n');
}
