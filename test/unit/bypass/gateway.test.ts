import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ArrivalNote, startEchoTarget } from '../../../src/bypass/echo_target.ts';
import { domainFronting, sniMismatch, tunnelRaw, upgrade } from '../../../src/bypass/in_tunnel.ts';
import { overall } from '../../../src/bypass/judge.ts';
import {
  absoluteHttps,
  anonymous,
  baseUrl,
  controlHeaders,
  ipLiteral,
  metadataProxy,
  privateAddress,
  relay,
} from '../../../src/bypass/through_proxy.ts';
import type { Prober, World } from '../../../src/bypass/world.ts';
import { leaking, patient, refusing, type Script, scripted } from './scripted_gateway.ts';

const OUTER: Readonly<Record<string, Prober>> = {
  anonymous,
  'ip-literal': ipLiteral,
  'private-address': privateAddress,
  'metadata-proxy': metadataProxy,
  relay,
  'base-url': baseUrl,
  'absolute-https': absoluteHttps,
  'control-headers': controlHeaders,
};
const IN_TUNNEL: Readonly<Record<string, Prober>> = { 'tunnel-raw': tunnelRaw, 'sni-mismatch': sniMismatch };

interface Stage {
  readonly world: World;
  readonly arrivals: readonly ArrivalNote[];
}

/** A target and a gateway on loopback; `script` is told the ports that an open proxy may dial. */
async function stage(t: TestContext, script: (ports: () => readonly number[]) => Script): Promise<Stage> {
  const arrivals: ArrivalNote[] = [];
  const target = await startEchoTarget('127.0.0.1', [0], (arrival) => arrivals.push(arrival));
  const known = [...target.ports];
  const gateway = await scripted(script(() => known));
  known.push(gateway.port);
  t.after(() => Promise.all([target.close(), gateway.close()]));
  const place = { host: '127.0.0.1', port: target.ports[0] ?? 0 };
  const proxy = { host: '127.0.0.1', port: gateway.port };
  const world: World = {
    nonce: '5a'.repeat(16),
    targets: [place],
    dnsTarget: place,
    resolvers: [],
    proxy: { ...proxy, authorization: 'Basic eDp5', key: 'y' },
    baseUrl: proxy,
    allowed: { host: 'allowed.example', port: place.port },
    controlled: new Set(),
    env: {},
    state: { dir: '/nowhere', named: false, sockets: [], secret: [], writable: [] },
    uid: 1,
  };
  return { world, arrivals };
}

async function verdicts(probers: Readonly<Record<string, Prober>>, world: World) {
  const found = Object.entries(probers).map(
    async ([name, prober]) => [name, overall(await prober(world))] as const,
  );
  return Object.fromEntries(await Promise.all(found));
}

const all = (probers: object, verdict: string) =>
  Object.fromEntries(Object.keys(probers).map((name) => [name, verdict]));

test('a gateway that refuses everything holds; what happens in tunnels stays open', async (t) => {
  patient(t);
  const { world, arrivals } = await stage(t, () => refusing);
  assert.deepEqual(await verdicts(OUTER, world), all(OUTER, 'held'));
  const inner = { ...IN_TUNNEL, 'domain-fronting': domainFronting };
  assert.deepEqual(await verdicts(inner, world), all(inner, 'not_tested'));
  const keyless = { ...world, proxy: { host: '127.0.0.1', port: world.proxy?.port ?? 0 } };
  assert.equal(overall(await ipLiteral(keyless)), 'not_tested', 'refused as nobody proves nothing');
  assert.deepEqual(arrivals, []);
});

test('an open proxy leaks in every way, and the target knows it', async (t) => {
  patient(t);
  const { world, arrivals } = await stage(t, leaking);
  assert.deepEqual(
    await verdicts({ ...OUTER, ...IN_TUNNEL }, world),
    all({ ...OUTER, ...IN_TUNNEL }, 'leaked'),
  );
  const came = new Set(arrivals.map(({ probe }) => probe));
  for (const name of [
    'anonymous',
    'ip-literal',
    'relay',
    'base-url',
    'control-headers',
    'tunnel-raw',
    'sni-mismatch',
  ])
    assert.ok(came.has(name), `${name} among ${[...came].join(' ')}`);
});

test('an upgrade leaks when it is accepted, or when a request behind it arrives', async (t) => {
  const { world } = await stage(t, leaking);
  const allowedHttp = world.targets[0] ?? { host: '', port: 0 };
  assert.equal(overall(await upgrade({ ...world, allowedHttp })), 'leaked', 'the request behind arrived');
  const switching: Script = (_, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  const other = await stage(t, () => switching);
  assert.equal(overall(await upgrade({ ...other.world, allowedHttp })), 'leaked', 'the upgrade was accepted');
  const plain: Script = (_, socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  const ordinary = await stage(t, () => plain);
  assert.equal(overall(await upgrade({ ...ordinary.world, allowedHttp })), 'held');
});

test('a tunnel that is closed with nothing sent on holds', async (t) => {
  patient(t);
  const closing: Script = (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.once('data', () => socket.end());
  };
  const { world, arrivals } = await stage(t, () => closing);
  assert.deepEqual(await verdicts(IN_TUNNEL, world), all(IN_TUNNEL, 'held'));
  assert.deepEqual(arrivals, []);
});

test('no answer of a hostile gateway crashes a probe or is taken for a refusal', async (t) => {
  const hostile: Readonly<Record<string, Script>> = {
    flood: (_, socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x41)));
      };
      socket.on('drain', more);
      more();
    },
    noise: (_, socket) => void socket.end(Buffer.from(Array.from({ length: 512 }, (_v, at) => at % 256))),
    mark: (_, socket) =>
      void socket.end('HTTP/1.1 200 OK\r\nproxy-status: clawgress; error=x; details="bad"\r\n\r\n'),
  };
  for (const [name, script] of Object.entries(hostile)) {
    const { world } = await stage(t, () => script);
    assert.deepEqual(
      await verdicts({ anonymous, ipLiteral }, world),
      { anonymous: 'leaked', ipLiteral: 'leaked' },
      name,
    );
  }
  const mute = await stage(t, () => () => {});
  assert.equal(overall(await anonymous(mute.world)), 'not_tested', 'silence proves nothing');
});

test('strangers at the target get no answer and leave no trace', async (t) => {
  const arrivals: ArrivalNote[] = [];
  const target = await startEchoTarget('127.0.0.1', [0], (arrival) => arrivals.push(arrival));
  t.after(() => target.close());
  const { talk, askUdp } = await import('../../../src/bypass/dial.ts');
  const place = { host: '127.0.0.1', port: target.ports[0] ?? 0 };
  const junk = Buffer.alloc(20_000, 0x80);
  const heard = await talk(place, [{ send: junk, complete: () => false }], 2_000);
  assert.equal(heard.bytes[0]?.length, 0);
  assert.deepEqual((await askUdp(place, junk.subarray(0, 600), 500)).bytes, []);
  assert.deepEqual(arrivals, []);
});
