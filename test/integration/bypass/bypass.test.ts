import assert from 'node:assert/strict';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { leaksAmong, parseArrivals } from '../../../src/bypass/arrivals.ts';
import { type BypassReport, parseReport } from '../../../src/bypass/report.ts';
import type { Endpoints } from '../../../src/cli/endpoints.ts';
import { eventually } from '../../support/running.ts';
import {
  AGENT_UID,
  asAgent,
  asRoot,
  guardWith,
  loadRules,
  missing,
  type Network,
  openNetwork,
  TARGET,
  TARGET6,
} from './network.ts';

/** One rule per way out; an agent's packets that none of them names get out. Loopback is the way to the gateway. */
const GUARDS: Readonly<Record<string, string>> = {
  'direct-tcp-443': `ip daddr ${TARGET} tcp dport 443 drop`,
  'direct-tcp-other': `ip daddr ${TARGET} tcp dport { 22, 80, 8000, 8443 } reject with tcp reset`,
  'direct-udp-443': `ip daddr ${TARGET} udp dport 443 drop`,
  'direct-ipv6': `ip6 daddr ${TARGET6} reject`,
  'dns-udp': `ip daddr ${TARGET} udp dport 53 drop`,
  'dns-tcp': `ip daddr ${TARGET} tcp dport 53 reject`,
  'dns-tunnel': `ip daddr != ${TARGET} udp dport 53 drop`,
  'metadata-direct': 'ip daddr 169.254.169.254 reject',
};
const ALWAYS = ['ip6 daddr fd00:ec2::254 reject'];
const ALLOWED_HTTP = `${TARGET}:8000`;

function rulesWithout(name?: string): readonly string[] {
  const kept = Object.entries(GUARDS).filter(([guard]) => guard !== name);
  return [...kept.map(([, rule]) => rule), ...ALWAYS].map(
    (rule) => `meta skuid ${AGENT_UID} oifname != "lo" ${rule}`,
  );
}

interface World extends Network {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly control: string;
  readonly endpoints: Endpoints;
}

async function openWorld(): Promise<World> {
  const net = await openNetwork();
  const read = (name: string) => JSON.parse(readFileSync(join(net.stateDir, 'run', name), 'utf8'));
  const endpoints: Endpoints = read('endpoints.json');
  const [{ agent_id, api_key }] = read('demo-credentials.json').agents;
  const proxy = endpoints.explicit_proxy.replace('http://', `http://${agent_id}:${api_key}@`);
  const base = [
    ...['doctor', '--bypass', '--json', '--state-dir', net.stateDir],
    ...['--target', `${TARGET}:443,${TARGET}:8443,[${TARGET6}]:443`, '--dns-zone', 'zone.example'],
    ...['--base-url', new URL(endpoints.base_url).host],
    ...['--allowed-http', ALLOWED_HTTP],
  ];
  allow(net, 8000);
  const control = join(net.dir, 'control.json');
  // Root is not held by the rules: the same run from a place without restrictions.
  const unrestricted = await asRoot(net, [...base, '-o', control]);
  assert.equal(unrestricted.status, 1, unrestricted.stderr);
  chmodSync(net.dir, 0o755);
  chmodSync(control, 0o644);
  return {
    ...net,
    control,
    endpoints,
    args: [...base, '--control', control],
    env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
  };
}

/** Puts a rule for plain requests to one port of the target in front. */
function allow({ stateDir }: Network, port: number): void {
  const path = join(stateDir, 'policy.yaml');
  const policy = readFileSync(path, 'utf8');
  const destination = `{ hosts: ["${TARGET}"], ports: [${port}], schemes: [http] }`;
  const rule = `  - id: port-${port}\n    match: { destination: ${destination}, protocol: { kind: http } }\n    action: allow\n`;
  writeFileSync(path, policy.replace('rules:\n', `rules:\n${rule}`));
}

interface Change {
  readonly env?: NodeJS.ProcessEnv;
  readonly capability?: string;
}

async function probe(world: World, { env = {}, capability }: Change = {}): Promise<BypassReport> {
  const ran = await asAgent(world, world.args, { ...world.env, ...env }, capability);
  const report = parseReport(Buffer.from(ran.stdout));
  assert.ok(report.ok, `${ran.stdout}${ran.stderr}`);
  assert.equal(ran.status, report.value.counts.leaked > 0 ? 1 : 0, ran.stderr);
  return report.value;
}

const leaksOf = (report: BypassReport) =>
  report.findings.filter(({ verdict }) => verdict === 'leaked').map(({ probe: name }) => name);

const notHeld = (report: BypassReport) =>
  report.findings.filter(({ verdict }) => verdict !== 'held').map(({ probe: name }) => name);

const wholeLines = (log: string) => log.slice(0, log.lastIndexOf('\n') + 1);

/** The target tells of what came in its own time. */
const heardOf = (world: World, { nonce }: BypassReport, name: string) =>
  eventually(
    () => (wholeLines(world.arrivals()).includes(`"nonce":"${nonce}","probe":"${name}"`) ? true : undefined),
    `the arrival of ${name}`,
  );

/** A tunnel that policy allows is needed for these; tunnels.test.ts has one. */
const WITHOUT_TUNNEL = ['tunnel-raw', 'sni-mismatch', 'domain-fronting'];

test('an agent behind all guards gets nowhere; with each guard removed, exactly that leak is found', async (t) => {
  const lack = missing();
  if (lack !== undefined) return t.skip(`SKIPPED: ${lack}`);
  const world = await openWorld();
  t.after(() => world.close());

  await t.test('all held', async () => {
    guardWith(world, rulesWithout());
    const report = await probe(world);
    assert.deepEqual(notHeld(report), WITHOUT_TUNNEL, JSON.stringify(report.findings));
    await heardOf(world, report, 'permitted');
    const heard = parseArrivals(wholeLines(world.arrivals()));
    assert.ok(heard.ok, 'the log of the target');
    assert.deepEqual(
      leaksAmong(report.nonce, heard.value),
      [],
      'the target heard only what was allowed, which it did hear',
    );
  });

  await t.test('all held behind the rules of the product', async () => {
    const { explicit_proxy, base_url } = world.endpoints;
    const rendered = await asRoot(world, ['intercept', 'nftables', 'render', '--state-dir', world.stateDir], {
      CLAWGRESS_INTERCEPTION_HOST_AGENT_UIDS: String(AGENT_UID),
      CLAWGRESS_EXPLICIT_PROXY_PORT: new URL(explicit_proxy).port,
      CLAWGRESS_BASE_URL_PORT: new URL(base_url).port,
    });
    assert.equal(rendered.status, 0, rendered.stderr);
    loadRules(world, rendered.stdout);
    const report = await probe(world);
    assert.deepEqual(notHeld(report), WITHOUT_TUNNEL, JSON.stringify(report.findings));
  });

  for (const guard of Object.keys(GUARDS)) {
    await t.test(`without the rule against ${guard}`, async () => {
      guardWith(world, rulesWithout(guard));
      // A client without a proxy takes the same way.
      const more = guard === 'direct-tcp-443' || guard === 'direct-tcp-other' ? ['transparent'] : [];
      assert.deepEqual(leaksOf(await probe(world)), [guard, ...more]);
    });
  }

  await t.test('without obeyed variables, once something gets out', async () => {
    guardWith(world, rulesWithout('direct-tcp-443'));
    const report = await probe(world, { env: { NO_PROXY: 'localhost,.example.com' } });
    assert.deepEqual(leaksOf(report), ['direct-tcp-443', 'transparent', 'proxy-variables']);
  });

  guardWith(world, rulesWithout());
  await t.test('with a capability', async () => {
    assert.deepEqual(leaksOf(await probe(world, { capability: 'net_raw' })), ['privileges']);
  });

  await t.test('with a state folder that others may enter', async () => {
    const socket = join(world.stateDir, 'run', 'sockets', 'gateway.sock');
    const folders = ['', 'run', 'run/sockets', 'keys'].map((name) => join(world.stateDir, name));
    for (const folder of folders) chmodSync(folder, 0o711);
    assert.deepEqual(leaksOf(await probe(world)), [], 'entering alone opens nothing');
    chmodSync(socket, 0o666);
    assert.deepEqual(leaksOf(await probe(world)), ['gateway-sockets']);
    chmodSync(socket, 0o600);
    chmodSync(join(world.stateDir, 'keys', 'stamp'), 0o644);
    assert.deepEqual(leaksOf(await probe(world)), ['state-files']);
    chmodSync(join(world.stateDir, 'keys', 'stamp'), 0o600);
    for (const folder of folders) chmodSync(folder, 0o700);
  });

  await t.test('as the user of the gateway', async () => {
    chownSync(world.stateDir, AGENT_UID, AGENT_UID);
    chmodSync(world.stateDir, 0o500);
    assert.deepEqual(leaksOf(await probe(world)), ['same-uid']);
    chownSync(world.stateDir, 0, 0);
    chmodSync(world.stateDir, 0o700);
  });

  await t.test('the result is signed into the journal, with what only the target saw', async () => {
    guardWith(world, rulesWithout('direct-udp-443'));
    const report = await probe(world);
    const file = join(world.dir, 'report.json');
    // An agent that hides a leak: the target's log tells.
    const hidden = report.findings.map((finding) =>
      finding.verdict !== 'leaked'
        ? finding
        : {
            probe: finding.probe,
            verdict: 'held',
            attempts: finding.attempts.map((one) => ({ ...one, verdict: 'held' })),
          },
    );
    const counts = { ...report.counts, held: report.counts.held + 1, leaked: 0 };
    writeFileSync(file, JSON.stringify({ ...report, findings: hidden, counts }));
    const log = join(world.dir, 'arrivals.jsonl');
    await heardOf(world, report, 'direct-udp-443');
    writeFileSync(log, wholeLines(world.arrivals()));
    const record = ['doctor', '--bypass-record', file, '--state-dir', world.stateDir, '--json'];
    const believed = await asRoot(world, record);
    assert.equal(believed.status, 0, believed.stderr);
    const proven = await asRoot(world, [...record, '--arrivals', log]);
    assert.equal(proven.status, 1, proven.stderr);
    assert.deepEqual(JSON.parse(proven.stdout).leaks, ['direct-udp-443']);
    const shown = await asRoot(world, [
      'export',
      '--state-dir',
      world.stateDir,
      '-o',
      join(world.dir, 'e.zip'),
    ]);
    assert.equal(shown.status, 0, shown.stderr);
    const keys = join(world.stateDir, 'run', 'public-keys.json');
    const verified = await asRoot(world, ['verify', join(world.dir, 'e.zip'), '--trust', keys]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    assert.ok(
      readFileSync(join(world.dir, 'e.zip')).includes('"lifecycle":"bypass_probe"'),
      'the record is in the evidence',
    );
  });

  // The last: it takes a moment until a policy that is put back is in force, and nothing else would tell when.
  await t.test('with a rule that allows an address', async () => {
    guardWith(world, rulesWithout());
    allow(world, 443);
    const report = await eventually(async () => {
      const found = await probe(world);
      return leaksOf(found).length > 0 ? found : undefined;
    }, 'the changed policy');
    assert.deepEqual(leaksOf(report), ['ip-literal']);
  });
});
