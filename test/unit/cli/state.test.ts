import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { ensureDemoAgents } from '../../../src/cli/demo_agents.ts';
import { endpointsOf } from '../../../src/cli/endpoints.ts';
import { CliError } from '../../../src/cli/exit.ts';
import { claimInstance, runningInstance } from '../../../src/cli/instance.ts';
import { examples, readyBlock, writeCurlFiles } from '../../../src/cli/ready.ts';
import { modeOf, prepareState, privateFolder } from '../../../src/cli/state.ts';
import { loadSettings } from '../../../src/config/load.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-state-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const settingsOf = (extra: Record<string, string> = {}) =>
  loadSettings(
    dir,
    {},
    {
      values: new Map(Object.entries(extra).map(([key, text]) => [key, { flag: key, text }])),
    },
  );

test('folders are 0700 and secrets 0600, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const layout = await prepareState(settingsOf());
    const folders = [layout.state_dir, layout.run_dir, layout.keys_dir, layout.ca_dir, layout.envoy_dir];
    for (const path of folders) assert.equal(modeOf(path), 0o700, path);
    for (const path of [
      layout.stamp,
      layout.policy,
      join(layout.ca_dir, 'demo-key.pem'),
      join(layout.ca_dir, 'root.key'),
    ]) {
      assert.equal(modeOf(path), 0o600, path);
    }
    assert.match(readFileSync(layout.stamp, 'utf8'), /^[0-9a-f]{64}\n$/);
  } finally {
    process.umask(before);
  }
});

test('a second start makes a fresh stamp and keeps certificates, policy and agents', async () => {
  const settings = settingsOf();
  const layout = await prepareState(settings);
  const agents = await ensureDemoAgents(settings, layout);
  const [stamp, ca, registry] = [layout.stamp, join(layout.ca_dir, 'demo-ca.pem'), layout.registry].map(
    (path) => readFileSync(path, 'utf8'),
  );
  writeFileSync(layout.policy, '# mine\n');
  await prepareState(settings);
  assert.deepEqual(await ensureDemoAgents(settings, layout), agents);
  assert.notEqual(readFileSync(layout.stamp, 'utf8'), stamp);
  assert.equal(readFileSync(join(layout.ca_dir, 'demo-ca.pem'), 'utf8'), ca);
  assert.equal(readFileSync(layout.registry, 'utf8'), registry);
  assert.equal(readFileSync(layout.policy, 'utf8'), '# mine\n');
});

test('the bundles hold the public roots, the demo CA only while it runs, and our root for agents alone', async () => {
  const count = (path: string) => readFileSync(path, 'utf8').match(/BEGIN CERTIFICATE/g)?.length;
  const withDemo = await prepareState(settingsOf());
  assert.equal(count(withDemo.ca_bundle), rootCertificates.length + 2);
  assert.equal(count(withDemo.upstream_bundle), rootCertificates.length + 1);
  const without = await prepareState(settingsOf({ 'demo.enabled': 'false' }));
  assert.equal(count(without.ca_bundle), rootCertificates.length + 1);
  assert.equal(count(without.upstream_bundle), rootCertificates.length);
  const root = readFileSync(join(without.ca_dir, 'root.pem'), 'utf8').trim();
  assert.ok(readFileSync(without.ca_bundle, 'utf8').includes(root), 'agents trust our root');
  assert.ok(!readFileSync(without.upstream_bundle, 'utf8').includes(root), 'it vouches for no destination');
});

test('the starter policy names the demo address; without a demo the baseline has no placeholders either', async () => {
  const settings = settingsOf();
  const text = readFileSync((await prepareState(settings)).policy, 'utf8');
  assert.ok(text.includes(`"${settings.demo.address}"`));
  assert.ok(!text.includes('${'));
  const bare = await prepareState(settingsOf({ state_dir: join(dir, 'bare'), 'demo.enabled': 'false' }));
  assert.ok(!readFileSync(bare.policy, 'utf8').includes('${'));
});

test('demo credentials are 0600, hold keys that the registry does not, and name their host', async () => {
  const settings = settingsOf();
  const layout = await prepareState(settings);
  const agents = await ensureDemoAgents(settings, layout);
  assert.deepEqual(
    agents.map((agent) => agent.agent_id),
    ['demo-agent', 'demo-limited'],
  );
  assert.equal(modeOf(layout.demo_credentials), 0o600);
  assert.equal(modeOf(layout.registry), 0o600);
  for (const agent of agents) {
    assert.deepEqual(agent.allowed_hosts, [settings.demo.address]);
    assert.ok(!readFileSync(layout.registry, 'utf8').includes(agent.api_key));
  }
});

test('an agent that the operator disabled stays disabled', async () => {
  const settings = settingsOf();
  const layout = await prepareState(settings);
  await ensureDemoAgents(settings, layout);
  const disabled = readFileSync(layout.registry, 'utf8').replace('"active"', '"disabled"');
  writeFileSync(layout.registry, disabled);
  await ensureDemoAgents(settings, layout);
  assert.equal(readFileSync(layout.registry, 'utf8'), disabled);
});

test('a private folder is narrowed; a link or a file in its place is refused', async () => {
  const wide = join(dir, 'wide');
  privateFolder(wide);
  chmodSync(wide, 0o755);
  privateFolder(wide);
  assert.equal(modeOf(wide), 0o700);
  symlinkSync(wide, join(dir, 'link'));
  assert.throws(() => privateFolder(join(dir, 'link')), CliError);
});

test('one instance per state folder; a dead one does not count', async () => {
  const layout = await prepareState(settingsOf());
  const release = claimInstance(layout);
  assert.equal(existsSync(join(layout.run_dir, 'up.pid')), true);
  release();
  assert.equal(runningInstance(layout), undefined);
  // Our parent is alive, but it did not start at tick 1: the number was reused.
  writeFileSync(join(layout.run_dir, 'up.pid'), `${process.ppid} 1`);
  assert.equal(runningInstance(layout), undefined);
  claimInstance(layout)();
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(layout.run_dir, 'up.pid'), `${process.ppid} ${started}`);
  assert.throws(() => claimInstance(layout), /already runs on .* \(process \d+\)/);
});

test('the ready block shows every way and no key', async () => {
  const settings = settingsOf();
  const layout = await prepareState(settings);
  const agents = await ensureDemoAgents(settings, layout);
  const endpoints = endpointsOf(settings, layout);
  writeCurlFiles(layout, endpoints, agents);
  const lines = examples(layout, endpoints, '');
  const text = readyBlock(endpoints, lines, settings.policy.file, 1.25);
  for (const agent of agents) {
    assert.ok(!text.includes(agent.api_key));
    assert.equal(modeOf(join(layout.run_dir, `${agent.agent_id}.curl`)), 0o600);
  }
  for (const status of ['200', '403', '407', '429']) assert.ok(text.includes(status), status);
  assert.match(text, /is ready \(1\.3 s\)/);
});
