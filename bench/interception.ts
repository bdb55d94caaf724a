/**
 * `npm run bench:interception -- [--times 200] [--json]`: what TLS interception adds, in milliseconds, next to the same
 * client speaking TLS to the same destination without anybody in between. All cases take turns, so that a busy moment
 * of the machine falls on all of them.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { cpus } from 'node:os';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import {
  type InterceptionWorld,
  NAME,
  OPAQUE,
  startInterception,
} from '../test/integration/interception/world.ts';

const { values } = parseArgs({
  options: { times: { type: 'string', default: '200' }, json: { type: 'boolean', default: false } },
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) {
  process.stderr.write(`--times takes a whole number from 1, not '${values.times}'\n`);
  process.exit(2);
}

/** Every name below `NAME` is intercepted as well, so that each can be asked for the first time once. */
const rules = (port: number): string => `schema: clawgress/policy/v1
id: bench
rules:
  - id: inside
    match: {agent: {agent_id: [demo-agent]}, destination: {hosts: [${NAME}, "*.${NAME}"], ports: [${port}]}}
    tls: intercept
    action: allow
  - id: unopened
    match: {agent: {agent_id: [demo-agent]}, destination: {hosts: [${OPAQUE}], ports: [${port}]}, protocol: {kind: connect}}
    action: allow
`;

const world = await startInterception('', rules);
const trust = createSecureContext({ ca: world.ca });
const kept = { direct: await directly(), inside: (await world.handshake(0)).tls };
let fresh = 0;
/** Not counted: compilers and caches settle. */
const WARM_UP_ROUNDS = 20;

const CASES: Readonly<Record<string, () => Promise<void>>> = {
  'request, TLS to the destination kept open': () => get(kept.direct),
  'request, intercepted tunnel kept open': () => get(kept.inside),
  'connect and handshake, direct': async () => void (await directly()).destroy(),
  'connect and handshake, opaque tunnel': async () => void (await opaquely()).destroy(),
  'connect and handshake, intercepted, name seen before': async () =>
    void (await world.handshake(0)).tls.destroy(),
  'connect and handshake, intercepted, name never seen': async () =>
    void (await world.handshake(0, { host: `n${fresh++}.${NAME}` })).tls.destroy(),
  'connect, handshake and request, direct': async () => await oneRequest(await directly()),
  'connect, handshake and request, opaque tunnel': async () => await oneRequest(await opaquely()),
  'connect, handshake and request, intercepted': async () => await oneRequest((await world.handshake(0)).tls),
  'handshake refused, name of no rule': () => refused(world),
};

const measured = new Map<string, number[]>(Object.keys(CASES).map((name) => [name, []]));
try {
  for (let i = -WARM_UP_ROUNDS; i < times; i++) {
    for (const [name, run] of Object.entries(CASES)) {
      const started = performance.now();
      await run();
      if (i >= 0) measured.get(name)?.push(performance.now() - started);
    }
  }
} finally {
  kept.direct.destroy();
  kept.inside.destroy();
  await world.close();
}
print();

async function directly(): Promise<TLSSocket> {
  const tls = connect({ host: '127.0.0.1', port: world.httpsPort, secureContext: trust, servername: NAME });
  await once(tls, 'secureConnect');
  return tls;
}

async function opaquely(): Promise<TLSSocket> {
  return (await world.handshake(0, { host: OPAQUE, anyName: true })).tls;
}

async function refused({ handshake }: InterceptionWorld): Promise<void> {
  await handshake(0, { sni: 'other.example' }).then(
    () => Promise.reject(new Error('a name of no rule got a certificate')),
    () => undefined,
  );
}

async function oneRequest(tls: TLSSocket): Promise<void> {
  await get(tls);
  tls.destroy();
}

async function get(socket: Duplex): Promise<void> {
  const headers = { host: `${NAME}:${world.httpsPort}`, connection: 'keep-alive' };
  const call = request({ path: '/hello', headers, createConnection: () => socket });
  call.end();
  const [response] = await once(call, 'response');
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
}

function print(): void {
  const rows = [...measured].map(([name, ms]) => ({ name, p50_ms: at(ms, 0.5), p95_ms: at(ms, 0.95) }));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ times, rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}, ${times} times each\n\n`,
  );
  process.stdout.write('| case | p50 ms | p95 ms |\n| --- | --- | --- |\n');
  for (const { name, p50_ms, p95_ms } of rows)
    process.stdout.write(`| ${name} | ${p50_ms.toFixed(2)} | ${p95_ms.toFixed(2)} |\n`);
}

function at(values_ms: readonly number[], share: number): number {
  const sorted = [...values_ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
