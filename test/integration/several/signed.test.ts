/**
 * Promises of signed policy with several gateways: bundles that are published under load, a gateway that is killed
 * meanwhile, one that stood still, and one that finds an older bundle misjudge nothing. Each decision follows the
 * journal's record of its policy, and what an older bundle would allow is never let through again.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../../src/core/canonical/sha256.ts';
import { compilePolicy } from '../../../src/core/policy/compile.ts';
import { bundleMembers, signBundle } from '../../../src/core/policy_bundle/assemble.ts';
import { readPolicyKey } from '../../../src/keys/policy_key.ts';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { demoPaths, gatewayPid, journalOf, uuidIn } from '../../support/several_gateways.ts';
import { throughProxy } from '../../support/through_proxy.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const CLIENTS = 8;
/** Enough text that it is compiled in a thread. */
const FILLER_RULES = 300;

const folder = mkdtempSync(join(tmpdir(), 'cg-several-signed-'));
const at = (name: string) => join(folder, name);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let running: Running;
let host = '';
let port = '';
/** Verdict by policy hash, as written down when each version was signed. */
const expected = new Map<string, 'allow' | 'deny'>();

/** Odd versions allow the demo, even ones deny it. */
function sign(n: number): string {
  const action = n % 2 === 0 ? 'deny' : 'allow';
  const demo = { id: 'demo', match: { destination: { hosts: [host], ports: [Number(port)] } }, action };
  const filler = Array.from({ length: FILLER_RULES }, (_, i) => ({
    id: `f${i}`,
    match: { destination: { hosts: [`h${i}.v${n}.example.com`] } },
    action: 'allow',
  }));
  const text = JSON.stringify({ schema: 'clawgress/policy/v1', id: 'flipping', rules: [demo, ...filler] });
  const compiled = compilePolicy({ file: 'doc.json', text });
  assert.ok(compiled.ok);
  const { canonical, policy_hash, policy_id } = compiled.value.policy;
  const name = `${policy_id}.json`;
  const body = {
    ...{ v: 0 as const, policy_id, version: n, entry: name },
    issued_at: new Date().toISOString(),
    valid_until: new Date(Date.now() + 3_600_000).toISOString(),
    members: bundleMembers(sha256, [{ name, content: canonical }]),
  };
  writeFileSync(at(`v${n}.json`), signBundle(body, readPolicyKey(at('policy.key'))));
  expected.set(policy_hash, action);
  return at(`v${n}.json`);
}

function drop(path: string): void {
  writeFileSync(at('live.tmp'), readFileSync(path));
  renameSync(at('live.tmp'), at('live.bundle.json'));
}

function cli(...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  return new Promise((resolve) => {
    const child = spawn(CLI, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part));
    child.once('exit', (code) => resolve({ code, out }));
  });
}

const publish = (n: number) =>
  cli('policy', 'publish', sign(n), '--config', at('clawgress.yaml'), '--state-dir', at('state'));

async function send(): Promise<number> {
  const [credential] = running.agents;
  assert.ok(credential);
  const url = `${running.endpoints.demo.upstream_http}/hello/${randomUUID()}`;
  const answer = await throughProxy({ proxy: running.endpoints.explicit_proxy, url, credential });
  return answer?.status ?? 0;
}

/** Sends all the time while `work` goes on; how often each status came. */
async function underLoad(work: () => Promise<void>): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  let done = false;
  const client = async () => {
    while (!done) {
      const status = await send();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 200 && status !== 403) await pause(100);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  try {
    await work();
  } finally {
    done = true;
    await Promise.all(clients);
  }
  return statuses;
}

/** Every decision follows the record of its policy and says what that policy says; every hit has one allow. */
async function requireTruth(): Promise<readonly NaiveRecord[]> {
  const records = journalOf(running);
  let live: NaiveRecord | undefined;
  let version = 0;
  const allowed = new Map<string, number>();
  for (const record of records) {
    if (record['type'] === 'policy') {
      live = record;
      assert.ok(record['bundle'].version >= version, 'versions rise');
      version = record['bundle'].version;
    }
    if (record['type'] !== 'decision' || !/^POLICY_/.test(record['reason'])) continue;
    assert.equal(record['policy_hash'], live?.['policy_hash'], `seq ${record['seq']} follows its policy`);
    assert.equal(record['verdict'], expected.get(record['policy_hash']), `seq ${record['seq']}`);
    const nonce = uuidIn(record['request'].path);
    if (record['verdict'] === 'allow' && nonce !== undefined)
      allowed.set(nonce, (allowed.get(nonce) ?? 0) + 1);
  }
  const reached = (await demoPaths(running)).flatMap((path) => uuidIn(path) ?? []);
  for (const nonce of reached) assert.equal(allowed.get(nonce), 1, `one allow stands behind ${nonce}`);
  assert.equal(new Set(reached).size, reached.length, 'nothing reached the upstream twice');
  return records;
}

interface Status {
  readonly serving?: boolean;
  readonly feed?: {
    readonly policy: { readonly bundle?: { readonly version: number }; readonly refused?: object };
  };
}

function status(name: string): Promise<Status | undefined> {
  return new Promise((resolve) => {
    const socketPath = join(at('state'), 'run', 'sockets', `${name}.sock`);
    const asked = request({ socketPath, path: '/status', agent: false, timeout: 2_000 }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
      // Whoever is asked may be killed in the middle of the answer.
      answer.on('error', () => resolve(undefined));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

/** Both gateways serve and judge by this version. */
const bothServe = (version: number) =>
  eventually(async () => {
    const both = await Promise.all(['gateway-1', 'gateway-2'].map(status));
    const isSo = (one?: Status) => one?.serving === true && one.feed?.policy.bundle?.version === version;
    return both.every(isSo) ? true : undefined;
  }, `both gateways to serve by version ${version}`);

before(async () => {
  // The demo's address follows from the state folder, so one start tells it.
  running = await startClawgress({ stateDir: at('state') });
  ({ hostname: host, port } = new URL(running.endpoints.demo.upstream_http));
  await running.stop();
  assert.equal((await cli('policy', 'keygen', '-o', at('policy.key'), '--keys', at('keys.json'))).code, 0);
  drop(sign(1));
  writeFileSync(
    at('clawgress.yaml'),
    `gateways: 2\npolicy: {trust: signed, bundle: ${at('live.bundle.json')}, keys: ${at('keys.json')}}\n`,
  );
  // The journal of that start knows a local policy; this one begins anew.
  rmSync(at('state'), { recursive: true });
  running = await startClawgress({ stateDir: at('state'), args: ['--config', at('clawgress.yaml')] });
});
after(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('publish returns when both gateways judge by the bundle, and a killed one comes back to it', {
  timeout: 400_000,
}, async () => {
  const statuses = await underLoad(async () => {
    for (let n = 2; n <= 7; n++) {
      if (n === 5) process.kill(gatewayPid(running, 2), 'SIGKILL');
      const published = await publish(n);
      assert.equal(published.code, 0, published.out);
      if (n === 5) continue;
      const answers = await Promise.all(Array.from({ length: 6 }, send));
      for (const one of answers.filter((status) => status !== 503))
        assert.equal(one, n % 2 === 0 ? 403 : 200);
    }
  });
  assert.ok((statuses.get(200) ?? 0) > 20 && (statuses.get(403) ?? 0) > 20);
  await bothServe(7);
  const records = await requireTruth();
  const judges = new Set(
    records.filter(({ type }) => type === 'decision').map(({ gateway_id }) => gateway_id),
  );
  assert.deepEqual([...judges].sort(), ['gateway-1', 'gateway-2']);
});

it('a gateway that stood still while the policy changed judges nothing by what it holds', {
  timeout: 400_000,
}, async () => {
  const pid = gatewayPid(running, 2);
  await underLoad(async () => {
    for (let n = 8; n <= 10; n++) {
      process.kill(pid, 'SIGSTOP');
      try {
        drop(sign(n));
        await eventually(
          async () => ((await status('gateway'))?.feed?.policy.bundle?.version === n ? true : undefined),
          `version ${n} at the recorder`,
        );
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await bothServe(n);
    }
  });
  await requireTruth();
});

it('a gateway that starts over an older bundle, with what it knew deleted, lets nothing through by it', {
  timeout: 400_000,
}, async () => {
  await underLoad(async () => {
    const before = journalOf(running).at(-1)?.['seq'] ?? 0;
    drop(at('v9.json'));
    rmSync(join(at('state'), 'policy'), { recursive: true, maxRetries: 5 });
    process.kill(gatewayPid(running, 2), 'SIGKILL');
    await eventually(
      async () => ((await status('gateway-2')) === undefined ? undefined : true),
      'the second gateway to come back',
    );
    const recorder = await eventually(async () => {
      const now = (await status('gateway'))?.feed?.policy;
      return now?.refused === undefined ? undefined : now;
    }, 'the recorder to say that the file is refused');
    assert.equal(recorder.bundle?.version, 10, 'it keeps its own');
    await pause(2_000);
    const later = await eventually(async () => (await status('gateway'))?.feed?.policy, 'its status');
    assert.equal(later.bundle?.version, 10, 'for as long as nobody publishes another');
    await eventually(() => {
      const since = journalOf(running).filter(({ seq, type }) => type === 'decision' && seq > before);
      return since.some(({ gateway_id }) => gateway_id === 'gateway-1') || undefined;
    }, 'decisions of the other one');
    drop(at('v10.json'));
    await bothServe(10);
  });
  await requireTruth();
});
