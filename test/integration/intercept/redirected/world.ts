import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { envoyConfig, renderConfig } from '../../../../src/intercept/config/bootstrap.ts';
import { transparentListens } from '../../../../src/intercept/config/transparent_input.ts';
import type { Message } from '../../../../src/intercept/config/typed.ts';
import { openEnvoyProcess } from '../../../../src/intercept/envoy_process.ts';
import { newAuthority } from '../../../support/pki.ts';
import { edit } from '../edits.ts';
import { configFor, findEnvoy, waitFor } from '../gateway.ts';
import { UPSTREAM } from '../upstream.ts';
import type { Arrived, FromFarSide, ToFarSide } from './far_facts.ts';
import { type Scripted, type Seen, startScripted, type Wish } from './scripted.ts';
import { ALLOWED, HEADER_AGENT, OWN_UID, openSpaces, PORTS, SHARED_UID } from './spaces.ts';

/** Who does something: one of two users of the host, or a machine behind it, from one of its two addresses. */
export type Who = 'own' | 'shared' | 'routed' | 'header';

export interface Redirected {
  /** CA of destinations, and of what Envoy opens; files that every user can read. */
  readonly upstreamCa: string;
  readonly interceptCa: string;
  readonly asked: readonly string[];
  /** What the gateway answers to a host name or address; `ok` (raw for CONNECT) by default. */
  readonly wishes: Map<string, Wish>;
  gateway(): Scripted;
  /** Checks whose authority and path, joined, contain the text. */
  checks(text: string): readonly Seen[];
  log(): readonly Record<string, unknown>[];
  logged(receiptId: string): Promise<Record<string, unknown>>;
  arrived(): Promise<Arrived>;
  /** Runs a program to its end. */
  as(who: Who, ...command: readonly string[]): Promise<Ran>;
  dial(who: Who, host: string, port: number, said?: Partial<Said>): Promise<Dialled>;
  stats(): string;
  /** Ends the gateway; Envoy goes on. */
  killGateway(): void;
  close(): Promise<void>;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Said {
  readonly bytes: string;
  readonly times: number;
  /** Ends its side when as much has come back. */
  readonly half: boolean;
}

export interface Dialled {
  /** The first and last 64 bytes of much. */
  readonly got: string;
  readonly bytes: number;
  readonly end: 'eof' | 'reset' | 'refused' | 'open';
  readonly source: string;
}

const PATIENCE_S = 60;
const IP = 'ip';

/** The real Envoy in a namespace of its own, with redirecting rules around it. `change` is for sabotage. */
export async function openRedirected(
  change: (config: Message) => Message = (one) => one,
): Promise<Redirected> {
  const spaces = openSpaces();
  const dir = mkdtempSync(join(tmpdir(), 'cg-redirected-'));
  chmodSync(dir, 0o755);
  const inHost = ['netns', 'exec', spaces.host];
  // Where every user can read it.
  const script = join(dir, 'dial.py');
  writeFileSync(script, readFileSync(join(import.meta.dirname, 'dial.py')));
  const [ours, theirs] = [newAuthority(), newAuthority()];
  const [upstreamCa, interceptCa] = [join(dir, 'theirs.pem'), join(dir, 'ours.pem')];
  writeFileSync(upstreamCa, theirs.ca);
  writeFileSync(interceptCa, ours.ca);
  const asked: string[] = [];
  const leaf = ours.issue('api.example', 'serverAuth');
  const socket = join(dir, 'authz.sock');
  const wishes = new Map<string, Wish>();
  const wishFor = (check: Seen): Wish =>
    (check.headers['x-clawgress-test'] as Wish | undefined) ??
    wishes.get(check.authority.replace(/:\d+$/, '')) ??
    'ok';
  const gateway = await startScripted(
    socket,
    {
      async secretFor(name) {
        asked.push(name);
        if (name !== 'api.example') return { ok: false, problem: 'NAME_REFUSED' };
        const pems = { cert_chain_pem: leaf.cert, private_key_pem: leaf.key };
        return { ok: true, value: { ...pems, expires_ms: Date.now() + 3_600_000 } };
      },
    },
    wishFor,
  );
  const farSide = fileURLToPath(new URL('far_side.ts', import.meta.url));
  const far = spawn(IP, [...inHost, process.execPath, '--import', 'tsx', farSide], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const say = (message: ToFarSide): boolean => far.send(message);
  await once(far, 'spawn');
  const ready = once(far, 'message') as Promise<[FromFarSide]>;
  say({ leaf: theirs.issue('api.example', 'serverAuth') });
  const [first] = await ready;
  const resolvers = 'resolvers' in first ? first.resolvers : [];
  const bin = join(dir, 'envoy-in-namespace');
  writeFileSync(bin, `#!/bin/sh\nexec ip netns exec ${spaces.host} ${await findEnvoy()} "$@"\n`, {
    mode: 0o755,
  });
  const adminSocket = join(dir, 'admin.sock');
  const useNames = edit((node) => ('dns_resolver_options' in node ? { ...node, resolvers } : node));
  const envoy = await openEnvoyProcess({
    ...{ bin, adminSocket, envoyDir: join(dir, 'envoy'), concurrency: 1, on: {} },
    limits: { drain_ms: 300, ready_ms: 60_000 },
    render: ({ epoch, accessLog }) =>
      renderConfig(
        change(
          useNames(
            envoyConfig({
              ...configFor(dir, { explicit: 3128, baseUrl: 8088, epoch, accessLog, socket }),
              ca_bundle: upstreamCa,
              // A crowd on a busy machine may take its time.
              check_timeout_ms: 5000,
              allow_cidrs: [`${UPSTREAM}/32`, `${ALLOWED.four}/32`, `${ALLOWED.six}/128`],
              transparent: [
                ...transparentListens({
                  redirect_port: PORTS.shared,
                  uid_listeners: [{ uid: OWN_UID, port: PORTS.own }],
                  tproxy_port: PORTS.tproxy,
                  tproxy_identity: 'source',
                }),
                ...transparentListens({
                  uid_listeners: [],
                  tproxy_port: PORTS.tproxyHeader,
                  tproxy_identity: 'header',
                }).map((one) => ({ ...one, name: 'transparent_tproxy_header' })),
              ],
            }),
          ),
        ),
      ),
  });
  const end = async (): Promise<void> => {
    await envoy.stop();
    gateway.stop();
    far.disconnect();
    await once(far, 'exit');
    spaces.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const epoch = await envoy.start().catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const log = (): Record<string, unknown>[] =>
    readFileSync(join(epoch.dir, 'access.log'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  let questions = 0;
  const as: Redirected['as'] = (who, ...command) => {
    const space = who === 'routed' || who === 'header' ? spaces.agent : spaces.host;
    const uid = String(who === 'shared' ? SHARED_UID : OWN_UID);
    const user = ['setpriv', '--reuid', uid, '--regid', uid, '--clear-groups'];
    return ran(IP, ['netns', 'exec', space, ...user, ...command]);
  };
  return {
    ...{ upstreamCa, interceptCa, asked, wishes, log, as },
    gateway: () => gateway,
    checks: (text) => gateway.seen.filter((check) => `${check.authority}${check.path}`.includes(text)),
    // Of the tunnel, not of the connection inside.
    logged: (id) =>
      waitFor(
        () => log().find((entry) => entry['receipt_id'] === id && entry['listener'] !== 'handshake'),
        id,
      ),
    async arrived() {
      const question = ++questions;
      const answer = new Promise<Arrived>((resolve) => {
        const hear = (message: FromFarSide): void => {
          if (!('answer' in message) || message.answer !== question) return;
          far.off('message', hear);
          resolve(message.arrived);
        };
        far.on('message', hear);
      });
      say({ ask: question });
      return answer;
    },
    async dial(who, host, port, { bytes = '', times = 1, half = false } = {}) {
      const hex = Buffer.from(bytes, 'latin1').toString('hex');
      const mode = half ? 'half' : 'open';
      const from = who === 'header' ? (host.includes(':') ? HEADER_AGENT.six : HEADER_AGENT.four) : '-';
      const said = [hex, String(times), mode, String(PATIENCE_S), from];
      const python = ['/usr/bin/python3', script, host, String(port), ...said];
      const { stdout, stderr } = await as(who, ...python);
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout) as Dialled;
    },
    stats: () =>
      spawnSync('curl', ['-s', '--unix-socket', adminSocket, 'http://admin/stats'], { encoding: 'utf8' })
        .stdout,
    killGateway: () => gateway.stop(),
    close: end,
  };
}

function ran(program: string, args: readonly string[]): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (part: Buffer) => {
      text[name] += part.toString('latin1');
    });
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve({ code, ...text })),
  );
}
