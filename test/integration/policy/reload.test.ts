/**
 * Promise: a policy that is wrongly signed, older, expired or broken is refused, the last good one stays in force and
 * says so; and a change under load misjudges nothing: the hash in each receipt decides its verdict.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../../src/core/canonical/sha256.ts';
import { compilePolicy } from '../../../src/core/policy/compile.ts';
import { bundleMembers, signBundle } from '../../../src/core/policy_bundle/assemble.ts';
import type { BundleBody } from '../../../src/core/policy_bundle/body.ts';
import { readPolicyKey } from '../../../src/keys/policy_key.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { throughProxy } from '../../support/through_proxy.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const CLIENTS = 16;
const VERSIONS = 12;
/** Long enough for a bundle to come into force on a busy machine before it ends. */
const BRIEF_MS = 12_000;
/** Enough text that it is compiled in a thread. */
const FILLER_RULES = 300;

const folder = mkdtempSync(join(tmpdir(), 'cg-policy-'));
const at = (name: string) => join(folder, name);
let running: Running;
let host = '';
let port = '';
/** Verdict by policy hash, as written down when each version was signed. */
const expected = new Map<string, 'allow' | 'deny'>();

interface Done {
  readonly code: number | null;
  readonly out: string;
}

function cli(...args: string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn(CLI, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part));
    child.once('exit', (code) => resolve({ code, out }));
  });
}

function document(n: number): string {
  const filler = Array.from(
    { length: FILLER_RULES },
    (_, i) => `  - {id: f${i}, match: {destination: {hosts: ["h${i}.v${n}.example.com"]}}, action: allow}`,
  );
  return [
    'schema: clawgress/policy/v1',
    'id: flipping',
    'rules:',
    `  - {id: demo, match: {destination: {hosts: ["${host}"], ports: [${port}], schemes: [http]}}, action: ${n % 2 === 0 ? 'deny' : 'allow'}}`,
    ...filler,
    '',
  ].join('\n');
}

interface SignOptions {
  readonly key?: string;
  readonly validUntilMs?: number;
}

/** In this process: starting the command for each of many versions would take most of the test's time. */
function sign(n: number, output: string, { key = 'policy.key', validUntilMs }: SignOptions = {}): void {
  const compiled = compilePolicy({ file: 'doc.yaml', text: document(n) });
  assert.ok(compiled.ok);
  const { canonical, policy_hash, policy_id } = compiled.value.policy;
  const name = `${policy_id}.json`;
  const body: BundleBody = {
    v: 0,
    policy_id,
    version: n,
    issued_at: new Date().toISOString(),
    valid_until: new Date(validUntilMs ?? Date.now() + 3_600_000).toISOString(),
    entry: name,
    members: bundleMembers(sha256, [{ name, content: canonical }]),
  };
  writeFileSync(at(output), signBundle(body, readPolicyKey(at(key))));
  expected.set(policy_hash, n % 2 === 0 ? 'deny' : 'allow');
}

function drop(path: string): void {
  writeFileSync(at('live.tmp'), readFileSync(path));
  renameSync(at('live.tmp'), at('live.bundle.json'));
}

const ask = (agent?: http.Agent) =>
  throughProxy({
    proxy: running.endpoints.explicit_proxy,
    url: `${running.endpoints.demo.upstream_http}/hello`,
    ...(running.agents[0] ? { credential: running.agents[0] } : {}),
    ...(agent ? { agent } : {}),
  });

const journal = () => readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
const policies = (records: readonly NaiveRecord[]) => records.filter(({ type }) => type === 'policy');
const metric = async (name: string) => {
  const text = await (await fetch(running.endpoints.metrics)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

async function start(): Promise<void> {
  running = await startClawgress({ stateDir: at('state'), args: ['--config', at('clawgress.yaml')] });
}

before(async () => {
  // The demo's address follows from the state folder, so one start tells it and leaves no local policy in the journal's way.
  running = await startClawgress({ stateDir: at('state') });
  ({ hostname: host, port } = new URL(running.endpoints.demo.upstream_http));
  await running.stop();
  assert.equal((await cli('policy', 'keygen', '-o', at('policy.key'), '--keys', at('keys.json'))).code, 0);
  assert.equal((await cli('policy', 'keygen', '-o', at('other.key'))).code, 0);
  sign(1, 'v1.json');
  drop(at('v1.json'));
  // Nobody may be told anything but a verdict, also while the disk of a busy machine stalls.
  const config = `check_timeout_ms: 10000\npolicy: {trust: signed, bundle: ${at('live.bundle.json')}, keys: ${at('keys.json')}}\n`;
  writeFileSync(at('clawgress.yaml'), config);
  await start();
});

after(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('bundles published in quick succession under load misjudge nothing', { timeout: 400_000 }, async () => {
  for (let n = 2; n <= VERSIONS; n++) sign(n, `v${n}.json`);
  const pool = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const statuses = new Map<number, number>();
  let done = false;
  const client = async () => {
    while (!done) {
      const status = (await ask(pool))?.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  for (let n = 2; n <= VERSIONS; n++) {
    drop(at(`v${n}.json`));
    // Some follow so closely that the gateway never sees the one between, some are in force for a while.
    await new Promise((resolve) => setTimeout(resolve, n % 3 === 0 ? 10 : 1000));
  }
  const flags = ['--config', at('clawgress.yaml'), '--state-dir', at('state')];
  for (let n = VERSIONS + 1; n <= VERSIONS + 3; n++) {
    sign(n, `v${n}.json`);
    const published = await cli('policy', 'publish', at(`v${n}.json`), ...flags);
    assert.equal(published.code, 0, published.out);
    assert.match(published.out, new RegExp(`^live: flipping version ${n},`));
    assert.equal((await ask())?.status, n % 2 === 0 ? 403 : 200, 'publish returns when it is live');
  }
  done = true;
  await Promise.all(clients);
  pool.destroy();

  const records = journal();
  const judged = records.filter(({ type, reason }) => type === 'decision' && /^POLICY_/.test(reason));
  const misjudged = judged.filter(({ policy_hash, verdict }) => expected.get(policy_hash) !== verdict);
  assert.ok(judged.length > 100, `${judged.length} decisions`);
  assert.deepEqual(misjudged, []);
  let live = '';
  const stray: NaiveRecord[] = [];
  for (const record of records) {
    if (record['type'] === 'policy') live = record['policy_hash'];
    else if (record['type'] === 'decision' && record['policy_hash'] !== live) stray.push(record);
  }
  assert.deepEqual(stray, [], 'every decision follows the record of its policy');
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && status !== 403),
    [],
  );
  const versions = policies(records).flatMap(({ bundle }) => (bundle ? [bundle.version] : []));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  assert.equal(versions.at(-1), VERSIONS + 3);
  const last = policies(records).at(-1);
  assert.equal(last?.['trust'], 'signed');
  assert.equal(last?.['bundle'].key_id, JSON.parse(readFileSync(at('keys.json'), 'utf8')).keys[0].keyid);
});

it('whatever is dropped in and must be refused leaves the last good one in force, which says so', {
  timeout: 400_000,
}, async () => {
  const live = VERSIONS + 3;
  const next = live + 1;
  sign(next, 'unsigned.json');
  const flipped = readFileSync(at('unsigned.json'), 'utf8').replace(
    /"sig":"./,
    (text) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`,
  );
  writeFileSync(at('unsigned.json'), flipped);
  sign(next, 'other.json', { key: 'other.key' });
  sign(next, 'expired.json', { validUntilMs: Date.now() - 1000 });
  writeFileSync(at('garbage.json'), '{"payloadType":"nonsense"}\n');
  const before = policies(journal()).length;
  for (const [name, code] of [
    ['garbage.json', 'ENVELOPE_INVALID'],
    ['unsigned.json', 'SIGNATURE_INVALID'],
    ['v2.json', 'ROLLBACK'],
    ['expired.json', 'BUNDLE_EXPIRED'],
    ['other.json', 'KEY_UNKNOWN'],
  ] as const) {
    const flags = ['--config', at('clawgress.yaml'), '--state-dir', at('state')];
    const published = await cli('policy', 'publish', at(name), ...flags);
    assert.equal(published.code, 1, published.out);
    assert.match(published.out, new RegExp(code));
    drop(at(name));
    await eventually(() => (running.output().includes(code) ? true : undefined), `${code} in the log`);
    await eventually(
      async () => ((await metric('clawgress_policy_refused')) === 1 ? true : undefined),
      'the metric',
    );
    assert.equal(await metric('clawgress_policy_version'), live);
    assert.equal((await ask())?.status, live % 2 === 0 ? 403 : 200);
  }
  assert.equal(policies(journal()).length, before, 'nothing was recorded as live');
});

it('a restart over garbage goes on with the last good one, and an older bundle stays refused', {
  timeout: 400_000,
}, async () => {
  await running.stop();
  await start();
  assert.equal(await metric('clawgress_policy_version'), VERSIONS + 3);
  await running.stop();
  rmSync(join(at('state'), 'policy'), { recursive: true });
  drop(at('v2.json'));
  await assert.rejects(start(), /ROLLBACK/);
  drop(at(`v${VERSIONS + 3}.json`));
  await start();
  assert.equal((await ask())?.status, (VERSIONS + 3) % 2 === 0 ? 403 : 200);
});

it('a bundle that expires in force denies everything with its own code, and replay agrees', {
  timeout: 400_000,
}, async () => {
  const n = VERSIONS + 5;
  sign(n, 'brief.json', { validUntilMs: Date.now() + BRIEF_MS });
  drop(at('brief.json'));
  await eventually(
    async () => ((await metric('clawgress_policy_version')) === n ? true : undefined),
    'the brief bundle to be in force',
  );
  const denied = await eventually(async () => {
    const answer = await ask();
    return answer?.status === 503 ? answer : undefined;
  }, 'the expiry');
  assert.equal(JSON.parse(denied.body).code, 'POLICY_EXPIRED');
  assert.equal(await metric('clawgress_policy_lapsed'), 1);
  const record = journal().findLast(({ reason }) => reason === 'POLICY_EXPIRED');
  assert.equal(record?.['policy_lapse'], 'deny');
  const where = ['--state-dir', at('state'), '--config', at('clawgress.yaml')];
  const exported = await cli('export', '-o', at('evidence.zip'), ...where);
  assert.equal(exported.code, 0, exported.out);
  const replayed = await cli('replay', at('evidence.zip'), '--json');
  assert.equal(JSON.parse(replayed.out).different, 0, replayed.out);
});
