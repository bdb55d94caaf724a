import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ArrivalNote, startEchoTarget } from '../../../src/bypass/echo_target.ts';
import { domainFronting, sniMismatch, tunnelRaw } from '../../../src/bypass/in_tunnel.ts';
import { overall } from '../../../src/bypass/judge.ts';
import { parseProxyUrl } from '../../../src/bypass/places.ts';
import type { Prober, World } from '../../../src/bypass/world.ts';
import { freePort } from '../../support/free_port.ts';
import { startClawgress } from '../../support/running.ts';

/** Envoy's resolver answers 127.0.0.1 to all of these by itself. */
const INSIDE = 'inside.localhost';
const OPAQUE = 'opaque.localhost';
const RAW = 'raw.localhost';

function policy(echo: number, https: number): string {
  const rule = (id: string, host: string, kind: string, more = '') =>
    `  - {id: ${id}, match: {agent: {agent_id: [demo-agent]}, destination: {hosts: [${host}], ports: [${echo}, ${https}]}, protocol: {kind: ${kind}}}, ${more}action: allow}\n`;
  const rules = [
    rule('inside', INSIDE, 'http', 'tls: intercept, '),
    rule('opaque', OPAQUE, 'connect'),
    rule('raw', RAW, 'tcp'),
  ];
  return `schema: clawgress/policy/v1\nid: tunnels\nrules:\n${rules.join('')}`;
}

test('what gets through an allowed tunnel, by the kind of its rule', { timeout: 540_000 }, async (t) => {
  const arrivals: ArrivalNote[] = [];
  const target = await startEchoTarget('127.0.0.1', [0], (arrival) => arrivals.push(arrival));
  t.after(() => target.close());
  const echo = target.ports[0] ?? 0;
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-tunnels-'));
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, `demo: { address: 127.0.0.1, http_port: ${httpPort}, https_port: ${httpsPort} }\n`);
  writeFileSync(join(stateDir, 'policy.yaml'), policy(echo, httpsPort), { mode: 0o600 });
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  t.after(async () => {
    await running.stop();
    running.remove();
  });
  const [agent] = running.agents;
  const url = running.endpoints.explicit_proxy.replace('//', `//${agent?.agent_id}:${agent?.api_key}@`);
  const proxy = parseProxyUrl(url);
  assert.ok(proxy.ok, 'the proxy');
  const world: World = {
    nonce: '7c'.repeat(16),
    targets: [{ host: '192.0.2.1', port: 443 }],
    dnsTarget: { host: '192.0.2.1', port: 53 },
    resolvers: [],
    proxy: proxy.value,
    controlled: new Set(),
    env: {},
    state: { dir: stateDir, named: true, sockets: [], secret: [], writable: [] },
    uid: 1,
  };
  const probe = async (prober: Prober, host: string, port = echo) => {
    const attempts = await prober({ ...world, allowed: { host, port } });
    return [overall(attempts), JSON.stringify(attempts)] as const;
  };
  const came = () => new Set(arrivals.map((arrival) => arrival.probe));

  for (const host of [INSIDE, OPAQUE]) {
    await t.test(`${host}: neither raw bytes nor other names`, async () => {
      const raw = await probe(tunnelRaw, host);
      assert.equal(raw[0], 'held', raw[1]);
      const sni = await probe(sniMismatch, host);
      assert.equal(sni[0], 'held', sni[1]);
      assert.deepEqual([...came()], []);
    });
  }

  await t.test('an intercepted tunnel refuses a foreign Host; an opaque one cannot see it', async () => {
    const inside = await probe(domainFronting, INSIDE, httpsPort);
    assert.equal(inside[0], 'held', inside[1]);
    const opaque = await probe(domainFronting, OPAQUE, httpsPort);
    assert.equal(opaque[0], 'leaked', opaque[1]);
  });

  await t.test('a raw tunnel is found out', async () => {
    const raw = await probe(tunnelRaw, RAW);
    assert.equal(raw[0], 'leaked', raw[1]);
    const sni = await probe(sniMismatch, RAW);
    assert.equal(sni[0], 'leaked', sni[1]);
    assert.deepEqual([...came()].sort(), ['sni-mismatch', 'tunnel-raw']);
  });
});
