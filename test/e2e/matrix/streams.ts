import { fileURLToPath } from 'node:url';
import { pythonWithClients } from '../../support/python_clients.ts';
import { uidOf } from './agents.ts';
import { hostOf } from './policy.ts';
import type { StreamSeen } from './stream_client.ts';
import { type Ask, STREAM_CLIENTS, type StreamClient, type Streamed } from './streams_table.ts';
import { MODES, type Mode } from './table.ts';
import type { MatrixWorld } from './world.ts';

const TSX = import.meta.resolve('tsx');
const PROGRAM = (type: 'ts' | 'py') => fileURLToPath(new URL(`./stream_client.${type}`, import.meta.url));
const PATHS: Readonly<Record<Ask, string>> = {
  allow: '/stream/Echo',
  deny: '/denied/Echo',
  'not-allowed': '/hello/Echo',
  capped: '/capped/Echo',
};

/** A cell's host is its client's and its ask's alone. */
export function streamHost(mode: Mode, client: StreamClient, ask: Ask): string {
  return hostOf(mode, `${client}-${ask}`);
}

/** Runs the client with all that it asks this way; undefined: its language is not installed. */
export async function streams(
  world: MatrixWorld,
  mode: Mode,
  client: StreamClient,
  asks: readonly Ask[],
): Promise<readonly StreamSeen[] | undefined> {
  const python = pythonWithClients();
  const inPython = client.endsWith('python');
  if (inPython && 'missing' in python) return undefined;
  const interpreter = 'python' in python ? python.python : '';
  const { entry } = MODES[mode];
  const proxy = world.proxy(world.agent(false));
  const { code, out } = await world.run({
    command: [
      ...(inPython ? [interpreter, PROGRAM('py')] : [process.execPath, '--import', TSX, PROGRAM('ts')]),
      JSON.stringify(asks.map((ask) => askedOf(world, mode, client, ask))),
    ],
    env: {
      ...{ SSL_CERT_FILE: world.trust, NODE_EXTRA_CA_CERTS: world.trust, TMPDIR: world.folder },
      ...(entry === 'proxy' ? { https_proxy: proxy } : {}),
    },
    ...(entry === 'redirected' ? { uid: uidOf(mode) } : {}),
  });
  const last = out.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !last.startsWith('[')) throw new Error(`${client}: ${out.slice(-2_000)}`);
  return JSON.parse(last) as StreamSeen[];
}

function askedOf(world: MatrixWorld, mode: Mode, client: StreamClient, ask: Ask): object {
  const { kind } = STREAM_CLIENTS[client];
  const host = streamHost(mode, client, ask);
  const path = PATHS[ask];
  const key = MODES[mode].entry === 'base' || mode === 'redirected-header';
  const headers = key ? { 'x-clawgress-key': world.agent(false).api_key } : {};
  const shared = { kind, headers, path, at: null as unknown, ca: '', authority: '', many: ask === 'capped' };
  const { socket, secureSocket, call, secureCall } = world.upstream.streams;
  const base = new URL(world.running.endpoints.base_url);
  if (kind === 'websocket') {
    const [scheme, port] = mode === 'redirected-plain' ? ['ws', socket] : ['wss', secureSocket];
    if (mode === 'base-to') return { ...shared, url: `ws://${base.host}/_to/${host}:${port}${path}` };
    if (mode !== 'base-host') return { ...shared, url: `${scheme}://${host}:${port}${path}` };
    const at = [base.hostname, Number(base.port)];
    return { ...shared, at, url: `ws://${host}:${port}${path}` };
  }
  if (mode === 'redirected-plain') return { ...shared, url: `${host}:${call}` };
  const authority = `${host}:${secureCall}`;
  if (mode === 'base-to') return { ...shared, url: base.host, path: `/_to/${authority}${path}` };
  if (mode === 'base-host') return { ...shared, url: base.host, authority };
  return { ...shared, ca: world.trust, url: authority };
}

/** In the words of the table. */
export function seenBy(client: StreamClient, { open, status, text, got, echo }: StreamSeen): string {
  const code = /\b[A-Z]+_[A-Z_]+\b/.exec(text)?.[0];
  const named = (what: string) => (code === undefined ? what : `${what} ${code}`);
  const isGrpc = STREAM_CLIENTS[client].kind === 'grpc';
  if (isGrpc && status !== 0) return named(`grpc-status ${status}`);
  if (!isGrpc && !open) return status === 0 ? 'nothing' : named(String(status));
  return got > echo.length ? 'the connection ends' : 'its messages come back';
}

/** Node's WebSocket tells its program that it came to nothing, and no more. */
export function sees(client: StreamClient, { sees: words }: Streamed): string {
  return client === 'ws-node' && words.startsWith('403') ? 'nothing' : words;
}
