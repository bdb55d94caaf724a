import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { keptOpen } from '../../support/kept_open.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { newAuthority } from '../../support/pki.ts';
import { type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { inside } from '../inspected/wire.ts';

/** Envoy resolves it to this host by itself. */
const HOST = 'streamed.localhost';
export const MAX_BYTES = 65_536;
const KEPT_MAX = 8 * 1024 * 1024;
/** What a server of tools answers: the second one is no result. */
const EVENTS = [
  '{"jsonrpc":"2.0","method":"notifications/progress"}',
  '{"jsonrpc":"2.0","id":41,"result":[]}',
];

export type Way = 'proxy' | 'inside' | 'inside_h2';
export const WAYS: readonly Way[] = ['proxy', 'inside', 'inside_h2'];

export const EVENT = 'data: {"n": 1}\n\n';

/** One request as the upstream sees it, also while it comes. */
export interface Hit {
  readonly path: string;
  bytes: number;
  /** The first 8 MiB. */
  readonly kept: Buffer[];
  /** Hex SHA-256, once all of it has come. */
  digest?: string;
  /** Of an answer that goes on until it is told to end. */
  finish?: () => void;
}

export interface Told {
  /** 0: there was no answer. */
  readonly status: number;
  readonly body: string;
  readonly receipt?: string;
  /** It broke off. */
  readonly isCut?: true;
}

export interface World {
  readonly running: Running;
  hit(path: string): Hit | undefined;
  /** Sends a body piece by piece, chunked or without a length, unless one is given. */
  send(
    way: Way,
    path: string,
    pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
    headers?: Record<string, string>,
    heard?: () => void,
  ): Promise<Told>;
  records(): readonly NaiveRecord[];
  stop(): Promise<void>;
}

/** One place for each way in which a body goes on before all of it was read. */
function policyOf(ports: readonly number[]): string {
  const rule = (id: string, request: string) =>
    `  - {id: ${id}, match: {destination: {hosts: [${HOST}], ports: [${ports.join(', ')}], schemes: [http, https]}, path_prefixes: [/${id}], protocol: {kind: http}}, tls: intercept, action: allow, request: {${request}, max_bytes: ${MAX_BYTES}}}`;
  return [
    'schema: clawgress/policy/v1',
    'id: streamed',
    'schemas:',
    '  - {id: row.v1, draft: 2020-12, schema: {type: object, required: [n], properties: {n: {type: integer}}}}',
    '  - {id: result.v1, draft: 2020-12, schema: {type: object, properties: {result: {type: object}}}}',
    'rules:',
    rule('elements', 'elements: {pointer: /items, schema: row.v1}, on_oversize: stream'),
    rule('lines', 'format: json_lines, schema: row.v1, on_oversize: stream'),
    rule('short', 'format: json_lines, schema: row.v1'),
    rule('prefix', 'format: any, on_oversize: scan_prefix'),
    rule('mcp', 'format: json')
      .replace('kind: http', 'kind: mcp, methods: [tools/call]')
      .replace(/\}$/, ', response: {inspect: auto, schema: result.v1}}'),
    `  - {id: events, match: {destination: {hosts: [${HOST}], ports: [${ports.join(', ')}], schemes: [http]}, path_prefixes: [/events], protocol: {kind: http}}, action: allow, response: {inspect: sse, notarize: true}}`,
    '',
  ].join('\n');
}

export async function startWorld(): Promise<World> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-streamed-'));
  const authority = newAuthority();
  const hits = new Map<string, Hit>();
  const servers = [
    http.createServer(keeper(hits)),
    https.createServer(authority.issue(HOST, 'serverAuth'), keeper(hits)),
  ];
  // Node closes idle connections after 5 s, which races with a request that Envoy sends on one: a 502 that means nothing.
  for (const server of servers) {
    keptOpen(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  }
  const [plain = 0, secure = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const at = (name: string, text: string): string => {
    writeFileSync(join(stateDir, name), text, { mode: 0o600 });
    return join(stateDir, name);
  };
  at('policy.yaml', policyOf([plain, secure]));
  const ca = at('upstream.pem', authority.ca);
  const config = at(
    'clawgress.yaml',
    `upstream: { allow_cidrs: ["127.0.0.1/32"], ca_bundle: ${ca} }\ncheck_timeout_ms: 5000\n`,
  );
  const close = (): void => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  const running = await startClawgress({ stateDir, args: ['--config', config] }).catch((err: unknown) => {
    close();
    throw err;
  });
  const { journal_dir, public_keys } = running.endpoints;
  return {
    running,
    hit: (path) => hits.get(path),
    send: sender(running, { plain: `${HOST}:${plain}`, secure: `${HOST}:${secure}` }),
    records: () => readJournal(journal_dir, public_keys),
    async stop() {
      await running.stop();
      close();
      running.remove();
    },
  };
}

function keeper(hits: Map<string, Hit>): http.RequestListener {
  return (request, response) => {
    const hit: Hit = { path: request.url ?? '', bytes: 0, kept: [] };
    hits.set(hit.path, hit);
    const hash = createHash('sha256');
    request.on('data', (part: Buffer) => {
      hit.bytes += part.length;
      hash.update(part);
      if (hit.bytes <= KEPT_MAX) hit.kept.push(part);
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      hit.digest = hash.digest('hex');
      if (hit.path.startsWith('/events')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(EVENT);
        hit.finish = () => response.end(EVENT);
        return;
      }
      if (hit.path.startsWith('/mcp')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const event of EVENTS) response.write(`data: ${event}\n\n`);
      }
      response.end('ok');
    });
  };
}

function sender(
  { endpoints, agents }: Running,
  { plain, secure }: { readonly plain: string; readonly secure: string },
): World['send'] {
  const agent = agents.find(({ agent_id }) => agent_id === 'demo-agent');
  if (agent === undefined) throw new Error('no demo agent');
  const credential = basic(agent);
  const proxyPort = Number(new URL(endpoints.explicit_proxy).port);
  const tunnel = { proxyPort, authority: secure, credential, ca: readFileSync(endpoints.ca_bundle) };
  return async (way, path, pieces, more = {}, heard = () => undefined) => {
    const headers = { 'content-type': 'application/json', ...more };
    const body = Readable.from(pieces);
    if (way === 'inside_h2')
      return await overHttp2(await inside(tunnel, 'h2'), secure, { path, headers, body });
    const call =
      way === 'proxy'
        ? { host: '127.0.0.1', port: proxyPort, path: `http://${plain}${path}`, agent: false as const }
        : { path, createConnection: await connectionOf(tunnel) };
    const own = way === 'proxy' ? { host: plain, 'proxy-authorization': credential } : { host: secure };
    return await overHttp1({ ...call, method: 'POST', headers: { ...own, ...headers } }, body, heard);
  };
}

async function connectionOf(tunnel: Parameters<typeof inside>[0]): Promise<() => Socket> {
  const socket = await inside(tunnel, 'http/1.1');
  return () => socket;
}

function overHttp1(options: http.RequestOptions, body: Readable, heard: () => void): Promise<Told> {
  return new Promise((resolve) => {
    const request = http.request(options, (response) => {
      let text = '';
      const done = (more: Pick<Told, 'isCut'>) => (): void => {
        body.destroy();
        request.destroy();
        resolve({ status: response.statusCode ?? 0, body: text, ...receiptIn(response.headers), ...more });
      };
      response.on('data', (part: Buffer) => {
        text += part.toString();
        heard();
      });
      response.on('end', done({})).on('error', done({ isCut: true }));
    });
    request.on('error', () => resolve({ status: 0, body: '' }));
    body.on('error', () => request.destroy());
    body.pipe(request);
  });
}

function overHttp2(
  socket: Socket,
  authority: string,
  { path, headers, body }: { path: string; headers: Record<string, string>; body: Readable },
): Promise<Told> {
  const session = connectHttp2(`https://${authority}`, { createConnection: () => socket });
  return new Promise((resolve) => {
    const told = { status: 0, body: '', receipt: {} };
    const done = (): void => {
      body.destroy();
      session.destroy();
      socket.destroy();
      resolve({ status: told.status, body: told.body, ...told.receipt });
    };
    session.on('error', done);
    const stream = session.request({ ':method': 'POST', ':path': path, ':authority': authority, ...headers });
    stream.on('response', (got) => {
      told.status = Number(got[':status']);
      told.receipt = receiptIn(got);
    });
    stream.on('data', (part: Buffer) => (told.body += part.toString()));
    stream.on('end', done).on('error', done).on('close', done);
    body.on('error', () => stream.destroy());
    body.pipe(stream);
  });
}

function receiptIn(headers: http.IncomingHttpHeaders): { readonly receipt?: string } {
  const receipt = headers['x-clawgress-receipt'];
  return typeof receipt === 'string' ? { receipt } : {};
}
