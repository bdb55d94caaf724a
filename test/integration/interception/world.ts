import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { freePort } from '../../support/free_port.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { openTunnel } from '../intercept/client.ts';

/** The demo's certificate bears this name, and Envoy's resolver answers 127.0.0.1 to all of them by itself. */
export const NAME = 'demo.localhost';
/** Intercepted as well; nothing serves it. */
export const SECOND = 'second.localhost';
/** Passed on unopened. */
export const OPAQUE = 'opaque.localhost';

export interface InterceptionWorld {
  readonly running: Running;
  readonly httpsPort: number;
  readonly ca: Buffer;
  /** An agent's way into a tunnel; `who` counts the demo agents, undefined: nobody. */
  enter(who: number | undefined, authority?: string): ReturnType<typeof openTunnel>;
  /** A verified handshake through a tunnel. Rejects when it fails. */
  handshake(who: number, options?: Handshake): Promise<Inside>;
  records(): NaiveRecord[];
  /** The decision of this receipt. */
  decision(receipt: unknown): NaiveRecord;
  outcome(receipt: unknown): Promise<NaiveRecord>;
  close(): Promise<void>;
}

export interface Handshake {
  readonly host?: string;
  readonly sni?: string;
  readonly alpn?: 'h2' | 'http/1.1';
  /** Opaque tunnels end at the destination, whose certificate bears one name alone. */
  readonly anyName?: true;
}

export interface Inside {
  readonly tls: TLSSocket;
  /** Of the CONNECT. */
  readonly receipt: unknown;
}

export async function startInterception(extra = '', rules = policy): Promise<InterceptionWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-interception-'));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(
    config,
    `demo: { address: 127.0.0.1, http_port: ${httpPort}, https_port: ${httpsPort} }\n${extra}`,
  );
  writeFileSync(join(stateDir, 'policy.yaml'), rules(httpsPort), { mode: 0o600 });
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  const { journal_dir, public_keys, explicit_proxy, ca_bundle } = running.endpoints;
  const ca = readFileSync(ca_bundle);
  // Once: reading all public roots takes longer than a handshake.
  const secureContext = createSecureContext({ ca });
  const records = () => readJournal(journal_dir, public_keys);
  const enter: InterceptionWorld['enter'] = (who, authority = `${NAME}:${httpsPort}`) => {
    const agent = who === undefined ? undefined : running.agents[who];
    const headers: Record<string, string> =
      agent === undefined ? {} : { 'proxy-authorization': basic(agent) };
    return openTunnel(Number(new URL(explicit_proxy).port), authority, headers);
  };
  return {
    ...{ running, httpsPort, ca, enter, records },
    async handshake(who, { host = NAME, sni = host, alpn = 'http/1.1', anyName } = {}) {
      const { socket, status, headers } = await enter(who, `${host}:${httpsPort}`);
      if (socket === undefined) throw new Error(`CONNECT was answered ${status}`);
      const checked = anyName === undefined ? {} : { checkServerIdentity: () => undefined };
      const tls = connectTls({ socket, secureContext, servername: sni, ALPNProtocols: [alpn], ...checked });
      await new Promise((resolve, reject) => {
        tls.once('secureConnect', resolve);
        tls.once('error', reject);
        tls.once('close', () => reject(Object.assign(new Error('closed during the handshake'), { headers })));
      }).catch((error: Error) => {
        throw Object.assign(error, { receipt: headers['x-clawgress-receipt'] });
      });
      return { tls, receipt: headers['x-clawgress-receipt'] };
    },
    decision: (receipt) =>
      records().find((one) => one['type'] === 'decision' && one['receipt_id'] === receipt) ?? {},
    outcome: (receipt) =>
      eventually(() => records().find((one) => one['decision_ref'] === receipt), 'the outcome'),
    async close() {
      await running.stop();
      running.remove();
    },
  };
}

function policy(port: number): string {
  const to = (host: string) => `destination: {hosts: [${host}], ports: [${port}]`;
  return `schema: clawgress/policy/v1
id: interception
rules:
  - id: inside
    match: {agent: {agent_id: [demo-agent]}, ${to(`${NAME}, ${SECOND}`)}, schemes: [https]}, path_prefixes: [/hello, /json, /slow], protocol: {kind: http}}
    tls: intercept
    action: allow
  - id: unopened
    match: {agent: {agent_id: [demo-agent]}, ${to(OPAQUE)}}, protocol: {kind: connect}}
    action: allow
  - id: limited-inside
    match: {agent: {agent_id: [demo-limited]}, ${to(NAME)}, schemes: [https]}, methods: [GET], protocol: {kind: http}}
    tls: intercept
    action: allow
limits:
  - {id: few, match: {agent: {agent_id: [demo-limited]}}, per: agent, rpm: 1, burst: 3, mode: hard_stop}
`;
}

/** One session for all requests of a test. */
export function http2Session(authority: string, tls: TLSSocket): http2.ClientHttp2Session {
  const session = http2.connect(`https://${authority}`, { createConnection: () => tls });
  // Each request rejects by itself; between two of them the other side may hang up.
  return session.on('error', () => undefined);
}

export function askHttp2(
  session: http2.ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: http2.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...headers });
    let body = '';
    let got: http2.IncomingHttpHeaders = {};
    stream.setEncoding('utf8');
    stream.on('response', (answered) => {
      got = answered;
    });
    stream.on('data', (part: string) => {
      body += part;
    });
    stream.on('error', reject);
    stream.on('end', () => resolve({ status: Number(got[':status']), headers: got, body }));
    stream.end();
  });
}
