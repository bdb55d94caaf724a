/**
 * `npm run bench:streams -- [--times 200] [--mebibytes 32] [--json]`: what a WebSocket costs on each of its ways, next to the
 * same client at the same destination without anybody in between. Handshakes and messages take turns among the ways, so
 * that a busy moment of the machine falls on all of them.
 */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startUpgradeUpstream } from '../test/integration/intercept/upgrade_upstream.ts';
import { UPSTREAM } from '../test/integration/intercept/upstream.ts';
import { newAuthority } from '../test/support/pki.ts';
import { eventually, startClawgress } from '../test/support/running.ts';
import { basic } from '../test/support/through_proxy.ts';
import { frame, frameReader, TEXT } from '../test/support/websocket.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    mebibytes: { type: 'string', default: '32' },
    json: { type: 'boolean', default: false },
  },
});
const [times, mebibytes] = [Number(values.times), Number(values.mebibytes)];
if (![times, mebibytes].every((value) => Number.isInteger(value) && value > 0)) {
  process.stderr.write('--times and --mebibytes take whole numbers from 1\n');
  process.exit(2);
}

const BINARY = 2;
const WARM_UP_ROUNDS = 20;
const MASK = Buffer.from([1, 2, 3, 4]);
const MESSAGE = frame(TEXT, 'x'.repeat(1_024), MASK);
const BLOCK_BYTES = 65_535;
const BLOCK = frame(BINARY, Buffer.alloc(BLOCK_BYTES, 'x'), MASK);

/** By the name of the way: what its rule says beside the kind. */
const RULES: Readonly<Record<string, string>> = {
  'Envoy alone (no caps)': '',
  'relay, caps': 'stream: {max_seconds: 3600}, ',
  'relay, frames: observe': 'frames: observe, ',
  'relay, frames: block': 'frames: block, ',
};
const WAYS = ['direct', ...Object.keys(RULES)] as const;

const upstream = await startUpgradeUpstream(newAuthority().issue('api.example', 'serverAuth'));
const stateDir = mkdtempSync(join(tmpdir(), 'cg-bench-'));
const config = join(stateDir, 'clawgress.yaml');
writeFileSync(config, `upstream: {allow_cidrs: [${UPSTREAM}/32]}\n`);
writeFileSync(join(stateDir, 'policy.yaml'), policy(), { mode: 0o600 });
const running = await startClawgress({ stateDir, args: ['--config', config] });
const proxy = new URL(running.endpoints.explicit_proxy);
const [agent] = running.agents;
if (agent === undefined) throw new Error('no demo agent');

const handshakes = new Map<string, number[]>(WAYS.map((way) => [way, []]));
const messages = new Map<string, number[]>(WAYS.map((way) => [way, []]));
const rates = new Map<string, number>();
try {
  const kept = new Map<string, Socket>();
  for (const way of WAYS) kept.set(way, await open(way, 'echo'));
  for (let i = -WARM_UP_ROUNDS; i < times; i++) {
    for (const way of WAYS) {
      const opening = await timed(async () => void (await open(way, 'echo')).destroy());
      const answered = await echo(kept.get(way));
      if (i < 0) continue;
      handshakes.get(way)?.push(opening);
      messages.get(way)?.push(answered);
    }
  }
  for (const socket of kept.values()) socket.destroy();
  for (const way of WAYS) rates.set(way, await rate(way));
} finally {
  await running.stop();
  running.remove();
  await upstream.close();
}
print();

function policy(): string {
  const rules = Object.values(RULES).map(
    (more, i) =>
      `  - {id: way-${i}, match: {destination: {hosts: [${UPSTREAM}], ports: [${upstream.http}], schemes: [http]}, ` +
      `path_prefixes: [/echo/${i}, /count/${i}], protocol: {kind: websocket}}, ${more}action: allow}\n`,
  );
  return `schema: clawgress/policy/v1\nid: bench\nrules:\n${rules.join('')}`;
}

function pathOf(way: string, what: string): string {
  return `/${what}/${Object.keys(RULES).indexOf(way)}`;
}

async function open(way: string, what: 'echo' | 'count'): Promise<Socket> {
  const isDirect = way === 'direct';
  const authority = `${UPSTREAM}:${upstream.http}`;
  const socket = isDirect ? connect(upstream.http, UPSTREAM) : connect(Number(proxy.port), proxy.hostname);
  socket.setNoDelay(true);
  // Whoever waits for something hears of it; behind that, an end is an end.
  socket.on('error', () => undefined);
  const target = isDirect ? pathOf(way, what) : `http://${authority}${pathOf(way, what)}`;
  const credential = isDirect || agent === undefined ? [] : [`Proxy-Authorization: ${basic(agent)}`];
  socket.write(
    [
      ...[`GET ${target} HTTP/1.1`, `Host: ${authority}`, 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...credential, '\r\n'],
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`${way}: ${answer}`);
  return socket;
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

/** One message of 1 KiB there and back. */
function echo(socket: Socket | undefined): Promise<number> {
  return timed(async () => {
    if (socket === undefined) throw new Error('no socket');
    const read = frameReader();
    socket.write(MESSAGE);
    for (;;) {
      const [part] = (await once(socket, 'data')) as [Buffer];
      if (read(part).length > 0) return;
    }
  });
}

/** MiB per second of binary frames to the destination. */
async function rate(way: string): Promise<number> {
  const socket = await open(way, 'count');
  const count = Math.ceil((mebibytes * 1_048_576) / BLOCK_BYTES);
  const ms = await timed(async () => {
    for (let i = 0; i < count; i++) if (!socket.write(BLOCK)) await once(socket, 'drain');
    socket.end();
    await eventually(() => upstream.counted(pathOf(way, 'count')), `the last byte (${way})`);
  });
  socket.destroy();
  return (count * BLOCK_BYTES) / 1_048_576 / (ms / 1_000);
}

function print(): void {
  const rows = WAYS.map((way) => {
    const [opening, asking] = [handshakes.get(way) ?? [], messages.get(way) ?? []];
    return {
      ...{ way, open_p50_ms: at(opening, 0.5), open_p95_ms: at(opening, 0.95) },
      ...{ echo_p50_ms: at(asking, 0.5), echo_p95_ms: at(asking, 0.95), mib_per_s: rates.get(way) ?? 0 },
    };
  });
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ times, mebibytes, rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}, ${times} times each, ${mebibytes} MiB\n\n` +
      '| WebSocket | open p50 / p95 ms | 1 KiB echoed p50 / p95 ms | MiB/s to the destination |\n| --- | --- | --- | ---: |\n',
  );
  for (const row of rows)
    process.stdout.write(
      `| ${row.way} | ${row.open_p50_ms.toFixed(2)} / ${row.open_p95_ms.toFixed(2)} | ` +
        `${row.echo_p50_ms.toFixed(2)} / ${row.echo_p95_ms.toFixed(2)} | ${row.mib_per_s.toFixed(0)} |\n`,
    );
}

function at(values_ms: readonly number[], share: number): number {
  const sorted = [...values_ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
