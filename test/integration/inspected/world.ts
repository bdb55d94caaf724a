import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bodiesAreHeld } from '../../support/held_bodies.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { newAuthority } from '../../support/pki.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { type H2Request, h2Bytes } from '../hostile/h2_frames.ts';
import { type RawHit, type RawUpstream, startRawUpstream } from '../hostile/raw_upstream.ts';
import type { Attempt, Headers, Way } from './attempt.ts';
import { inspectedPolicy } from './policy.ts';
import { answersOf, converse, inside, type Pieces, plain, streamsOf, type Told } from './wire.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
/** Envoy resolves it to this host by itself. */
export const HOST = 'inspected.localhost';

/** What became of one attempt on one way. */
export interface Sent {
  /** Of everything that belongs to it. */
  readonly path: string;
  readonly told: readonly Told[];
}

export interface World {
  readonly running: Running;
  readonly upstream: RawUpstream;
  /** Begins the request line of a request on this way, and its headers. */
  head(way: Way, method: string, path: string, headers: Headers): string;
  streams(path: string, requests: readonly Partial<H2Request & { method: string; extra: Headers }>[]): Buffer;
  /** `answers`: so many are waited for. */
  say(way: Way, pieces: Pieces, answers?: number, method?: string): Promise<readonly Told[]>;
  send(attempt: Attempt, way: Way, path: string): Promise<Sent>;
  /** Resolves with a piece: the body of the next request is waited for. What breaks off before leaves no decision. */
  nextIsHeld(): Promise<() => Promise<void>>;
  decisions(): readonly NaiveRecord[];
  /** Once every allow has its outcome. */
  settled(): Promise<readonly NaiveRecord[]>;
  /** Without query. */
  hits(path: string): readonly RawHit[];
  /** Differences that replay finds in the exported evidence. */
  replayed(): { readonly decisions: number; readonly different: number };
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-inspected-'));
  const authority = newAuthority();
  const upstream = await startRawUpstream({ address: '127.0.0.1', ...authority.issue(HOST, 'serverAuth') });
  const at = (name: string, text: string): string => {
    writeFileSync(join(stateDir, name), text, { mode: 0o600 });
    return join(stateDir, name);
  };
  at('policy.yaml', inspectedPolicy(HOST, [upstream.http, upstream.https]));
  const ca = at('upstream.pem', authority.ca);
  const config = at(
    'clawgress.yaml',
    `upstream: { allow_cidrs: ["127.0.0.1/32"], ca_bundle: ${ca} }\ncheck_timeout_ms: 5000\n`,
  );
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  return worldOf(running, upstream, [...['--state-dir', stateDir], '--config', config]);
}

function worldOf(running: Running, upstream: RawUpstream, flags: readonly string[]): World {
  const { endpoints, agents, stateDir } = running;
  const agent = agents.find(({ agent_id }) => agent_id === 'demo-agent');
  if (agent === undefined) throw new Error('no demo agent');
  const ports = { proxy: portOf(endpoints.explicit_proxy), base: portOf(endpoints.base_url) };
  const [there, secure] = [`${HOST}:${upstream.http}`, `${HOST}:${upstream.https}`];
  const tunnel = {
    ...{ proxyPort: ports.proxy, authority: secure, credential: basic(agent) },
    ca: readFileSync(endpoints.ca_bundle),
  };
  const records = () => readJournal(endpoints.journal_dir, endpoints.public_keys);
  const head: World['head'] = (way, method, path, headers) => {
    const own: Record<string, Headers> = {
      proxy: [
        ['host', there],
        ['proxy-authorization', basic(agent)],
      ],
      base: [
        ['host', secure],
        ['x-clawgress-key', agent.api_key],
      ],
    };
    const target = way === 'proxy' && path.startsWith('/') ? `http://${there}${path}` : path;
    const lines = [...(own[way] ?? [['host', secure]]), ...headers].map(
      ([name, value]) => `${name}: ${value}`,
    );
    return [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  };
  const streams: World['streams'] = (path, requests) =>
    h2Bytes(
      requests.map(({ method = 'POST', extra = [], ...request }) => ({
        ...request,
        headers: request.headers ?? [
          [':method', method],
          [':scheme', 'https'],
          [':authority', secure],
          [':path', path],
          ...extra,
        ],
      })),
    );
  const say: World['say'] = async (way, pieces, answers = 1, method) => {
    if (way === 'inside_h2') {
      const isOver = (bytes: Buffer): boolean => streamsOf(bytes).over >= answers;
      return streamsOf(await converse(await inside(tunnel, 'h2'), pieces, isOver)).told;
    }
    const socket = way === 'inside' ? await inside(tunnel, 'http/1.1') : await plain(ports[way]);
    return answersOf(await converse(socket, pieces, (b) => answersOf(b, method).length >= answers), method);
  };
  const cli = (...args: readonly string[]): string =>
    execFileSync(CLI, [...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return {
    ...{ running, upstream, head, streams, say },
    send: async (attempt, way, path) => ({
      path,
      told: await sendOne({ head, streams, say }, attempt, way, path),
    }),
    async nextIsHeld() {
      const before = await heldChecks(running);
      return async () => {
        await eventually(async () => ((await heldChecks(running)) > before ? true : undefined), 'the Check');
        await bodiesAreHeld(running);
      };
    },
    decisions: () => records().filter(({ type }) => type === 'decision'),
    settled: () =>
      eventually(() => {
        const all = records();
        const closed = new Set(
          all.filter(({ type }) => type === 'outcome').map((one) => one['decision_ref']),
        );
        const isOpen = all.some(
          (r) => r['type'] === 'decision' && r['verdict'] === 'allow' && !closed.has(r['receipt_id']),
        );
        return isOpen ? undefined : all.filter(({ type }) => type === 'decision');
      }, 'an outcome for every allow'),
    hits: (path) => upstream.hits().filter(({ target }) => target.replace(/\?.*/, '') === path),
    replayed() {
      const bundle = join(stateDir, 'evidence.zip');
      cli('export', '-o', bundle, ...flags);
      return JSON.parse(cli('replay', bundle, '--json'));
    },
    async stop() {
      await running.stop();
      await upstream.close();
      running.remove();
    },
  };
}

/** Checks that were answered with a wait for the body. */
async function heldChecks({ endpoints }: Running): Promise<number> {
  const text = await (await fetch(endpoints.metrics)).text();
  return Number(/^clawgress_checks_total\{.*verdict="held".*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

const portOf = (url: string): number => Number(new URL(url).port);

/** As a client sends it that means no harm to HTTP, unless the attempt says otherwise. */
async function sendOne(
  { head, streams, say }: Pick<World, 'head' | 'streams' | 'say'>,
  { method = 'POST', headers = [], body, framing = 'length' }: Attempt,
  way: Way,
  path: string,
): Promise<readonly Told[]> {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  if (way === 'inside_h2') {
    const length: Headers =
      bytes === undefined || framing !== 'length' ? [] : [['content-length', String(bytes.length)]];
    const data = bytes === undefined ? {} : { data: bytes.toString('latin1') };
    return await say(way, [streams(path, [{ method, extra: [...headers, ...length], ...data }])]);
  }
  const ends: Headers =
    bytes === undefined || framing === 'own'
      ? []
      : framing === 'chunked'
        ? [['transfer-encoding', 'chunked']]
        : [['content-length', String(bytes.length)]];
  const text = Buffer.from(head(way, method, path, [...headers, ...ends]), 'latin1');
  const sent = bytes === undefined ? [] : [framing === 'chunked' ? chunked(bytes) : bytes];
  return await say(way, [Buffer.concat([text, ...sent])], 1, method);
}

export function chunked(bytes: Buffer, behind = ''): Buffer {
  const [first, second] = [bytes.subarray(0, 3), bytes.subarray(3)];
  const parts = [first, second].filter(({ length }) => length > 0);
  const framed = parts.flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}\r\n`),
    part,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from(`0\r\n${behind}\r\n`)]);
}
