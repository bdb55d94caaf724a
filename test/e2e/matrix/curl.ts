import type { ChildProcess } from 'node:child_process';
import { eventually } from '../../support/running.ts';
import { uidOf } from './agents.ts';
import { hostOf } from './policy.ts';
import { MODES, type Mode, type Verdict } from './table.ts';
import type { MatrixWorld } from './world.ts';

/** What the client saw, in the words of the table. */
export interface Seen {
  readonly answer: string;
  /** Of every answer that named one. */
  readonly receipts: readonly string[];
  /** Everything that curl printed, for messages. */
  readonly out: string;
}

const PATH_TOO_LONG = `/${'a'.repeat(9_000)}`;
/** More than Envoy reads of the headers of one request. */
const PAD = `x-pad: ${'a'.repeat(70_000)}`;
const LAST = 'matrix %{http_connect} %{http_code} %{http_version}';

export function isTunnel(mode: Mode): boolean {
  return MODES[mode].tunnel !== undefined;
}

/** Asks for the cell's host as its verdict needs it, and says what came back. `address`: of that host, known already. */
export async function askByCurl(
  world: MatrixWorld,
  mode: Mode,
  verdict: Verdict,
  address?: string,
): Promise<Seen> {
  const abort = verdict === 'client-abort';
  const { out } = await world.run({
    command: ['curl', ...known(world, mode, verdict, address), ...argumentsOf(world, mode, verdict)],
    uid: MODES[mode].entry === 'redirected' ? uidOf(mode, verdict) : undefined,
    ...(abort ? { started: (child) => leaveOnceSeen(world, hostOf(mode, verdict), child) } : {}),
  });
  return { answer: abort ? 'left' : answerOf(out, mode), receipts: receiptsIn(out), out };
}

function known(world: MatrixWorld, mode: Mode, verdict: Verdict, address?: string): readonly string[] {
  const port = portOf(world, mode, verdict);
  return address === undefined ? [] : ['--resolve', `${hostOf(mode, verdict)}:${port}:${address}`];
}

/** Leaves only when the destination has the request: how long that takes does not matter. */
function leaveOnceSeen(world: MatrixWorld, host: string, child: ChildProcess): void {
  const leave = () => void child.kill('SIGKILL');
  eventually(
    () => (world.upstream.hits().some((hit) => hit.host === host) ? true : undefined),
    `the request to ${host}`,
  ).then(leave, leave);
}

function argumentsOf(world: MatrixWorld, mode: Mode, verdict: Verdict): readonly string[] {
  const agent = verdict === 'anonymous' ? undefined : world.agent(verdict === 'limited');
  const port = portOf(world, mode, verdict);
  const authority = `${hostOf(mode, verdict)}:${port}`;
  const path = pathOf(mode, verdict);
  const shared = ['-sS', '-i', '--cacert', world.trust, '-w', `\n${LAST}\n`];
  const scheme = isPlain(mode) ? 'http' : 'https';
  const key = agent === undefined ? [] : ['-H', `x-clawgress-key: ${agent.api_key}`];
  if (MODES[mode].entry === 'redirected')
    return [...shared, ...(mode === 'redirected-header' ? key : []), `${scheme}://${authority}${path}`];
  if (MODES[mode].entry === 'base') {
    const base = world.running.endpoints.base_url;
    return mode === 'base-to'
      ? [...shared, ...key, `${base}/_to/${authority}${path}`]
      : [...shared, ...key, '-H', `Host: ${authority}`, `${base}${path}`];
  }
  const through = [...shared, ...(PROTOCOL[mode] ?? []), '-x', world.proxy(agent)];
  const oversize = verdict === 'oversize' && opaqueToUs(mode) ? ['--proxy-header', PAD] : [];
  return [...through, ...oversize, `${scheme}://${authority}${path}`];
}

const PROTOCOL: Readonly<Partial<Record<Mode, readonly string[]>>> = {
  raw: ['--proxytunnel'],
  'inside-h1': ['--http1.1'],
  'inside-h2': ['--http2'],
};

/** What curl asks for has no TLS. */
function isPlain(mode: Mode): boolean {
  return mode === 'plain' || mode === 'raw' || mode === 'redirected-plain';
}

function opaqueToUs(mode: Mode): boolean {
  return mode === 'opaque' || mode === 'raw';
}

function portOf(world: MatrixWorld, mode: Mode, verdict: Verdict): number {
  if (verdict === 'upstream-down') return world.downPort;
  return isPlain(mode) ? world.upstream.plain : world.upstream.tls;
}

function pathOf(mode: Mode, verdict: Verdict): string {
  if (verdict === 'oversize' && !opaqueToUs(mode)) return PATH_TOO_LONG;
  return { deny: '/denied', 'client-abort': '/hang' }[verdict as string] ?? '/hello';
}

function answerOf(out: string, mode: Mode): string {
  const [, connect = '', status = '', version] = /^matrix (\d+) (\d+) (\S+)$/m.exec(out) ?? [];
  const code = /"code":"([A-Z_]+)"/.exec(out)?.[1] ?? /^proxy-status: .*details="([A-Z_]+)/im.exec(out)?.[1];
  const named = (text: string) => (code === undefined ? text : `${text} ${code}`);
  const tunnel = `CONNECT ${connect}`;
  if (connect !== '000' && connect !== '200') return named(tunnel);
  const inside = status === '000' || (connect === '200' && status === '') ? 'broken' : named(status);
  const odd = mode === 'inside-h2' && inside !== 'broken' && version !== '2' ? ` over HTTP/${version}` : '';
  return `${connect === '000' ? '' : `${tunnel}, `}${inside}${odd}`;
}

function receiptsIn(out: string): readonly string[] {
  return [...out.matchAll(/^x-clawgress-receipt: ([0-9a-f-]{36})\r?$/gim)].map(([, id = '']) => id);
}
