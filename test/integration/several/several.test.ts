/**
 * Promises of several gateways around one recorder: kill any of them under load and every request that reached the
 * upstream still has exactly one durable allow decision, written before it, and nobody is let through while there is
 * no recorder. A drained gateway and a new policy cost no request.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import {
  allServe,
  decisionsByNonce,
  demoPaths,
  drain,
  drive as driveBy,
  gatewayPid,
  journalOf,
  readyNow,
  requireAllowed,
} from '../../support/several_gateways.ts';
import { throughProxy } from '../../support/through_proxy.ts';

let dir: string;
let running: Running;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cg-several-'));
  // A Check may wait for the disk of a busy machine: no request is to be lost to that.
  writeFileSync(join(dir, 'clawgress.yaml'), 'gateways: 2\ncheck_timeout_ms: 5000\n');
  running = await startClawgress({
    stateDir: join(dir, 'state'),
    args: ['--config', join(dir, 'clawgress.yaml')],
  });
});
after(async () => {
  await running.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Sent {
  readonly nonce: string;
  readonly status: number | undefined;
}

async function sendOne(): Promise<Sent> {
  const credential = running.agents[0];
  assert.ok(credential);
  const nonce = randomUUID();
  const url = `${running.endpoints.demo.upstream_http}/hello/${nonce}`;
  const answer = await throughProxy({ proxy: running.endpoints.explicit_proxy, url, credential });
  return { nonce, status: answer?.status };
}

const drive = (count: number, at?: ReadonlyMap<number, () => unknown>) => driveBy(count, sendOne, at);
const decisions = () => decisionsByNonce(journalOf(running));

async function requireJoin(sent: readonly Sent[]): Promise<void> {
  const decided = decisions();
  const reached = requireAllowed(await demoPaths(running), decided);
  for (const { nonce, status } of sent) {
    assert.ok((decided.get(nonce) ?? []).length <= 1, `at most one decision for ${nonce}`);
    if (status === 200) assert.ok(reached.has(nonce), `${nonce} was answered by the upstream`);
  }
}

/** They say so, and Envoy, which asks twice a second, has heard it. */
const servedAgain = async (): Promise<void> => {
  await eventually(() => allServe(running), 'everybody to serve again');
  await eventually(async () => ((await sendOne()).status === 200 ? true : undefined), 'Envoy to know it');
};

it('both gateways decide, one journal records, one endpoint tells about all', async () => {
  const sent = await drive(200);
  assert.ok(sent.every(({ status }) => status === 200));
  await requireJoin(sent);
  const ids = new Set([...decisions().values()].flat().map(({ gateway_id }) => gateway_id));
  assert.deepEqual([...ids].sort(), ['gateway-1', 'gateway-2']);
  const now = await readyNow(running);
  assert.equal(now.code, 200);
  const live = journalOf(running).findLast(({ type }) => type === 'policy');
  assert.equal(now.policy?.digest, live?.['policy_hash']);
  const metrics = await (await fetch(running.endpoints.metrics)).text();
  const checks = [...metrics.matchAll(/^clawgress_checks_total\{process="(gateway-[12])".*\} (\d+)$/gm)];
  assert.deepEqual(checks.map(([, process]) => process).sort(), ['gateway-1', 'gateway-2']);
  assert.ok(checks.reduce((sum, [, , count]) => sum + Number(count), 0) >= 200);
  assert.equal(metrics.match(/^# TYPE clawgress_checks_total /gm)?.length, 1, 'each family once');
});

it('killing one gateway leaves the other serving and the records whole', { timeout: 400_000 }, async () => {
  const sent = await drive(400, new Map([[100, () => process.kill(gatewayPid(running, 2), 'SIGKILL')]]));
  await requireJoin(sent);
  assert.ok(sent.filter(({ status }) => status === 200).length > 350, 'the other one went on');
  await eventually(() => allServe(running), 'gateway-2 to come back');
});

it('killing the recorder stops everything, lets nothing through, and is recovered from', {
  timeout: 400_000,
}, async () => {
  const sent = await drive(
    400,
    new Map([[100, () => process.kill(running.childPid('recorder'), 'SIGKILL')]]),
  );
  await requireJoin(sent);
  assert.ok(
    sent.every(({ status }) => status === 200 || status === 503),
    'served, or told that it cannot be recorded now',
  );
  assert.ok(
    sent.some(({ status }) => status === 503),
    'there was a moment without recorder',
  );
  await servedAgain();
});

it('a recorder that hangs is no recorder', { timeout: 400_000 }, async () => {
  const pid = running.childPid('recorder');
  const before = (await demoPaths(running)).length;
  process.kill(pid, 'SIGSTOP');
  try {
    const sent = await Promise.all(Array.from({ length: 8 }, sendOne));
    assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set([503]));
    assert.equal((await demoPaths(running)).length, before, 'nothing left');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await servedAgain();
  const sent = await drive(50);
  assert.ok(sent.every(({ status }) => status === 200));
  await requireJoin(sent);
});

it('a new policy costs no request and takes hold at both gateways', { timeout: 400_000 }, async () => {
  const file = join(running.stateDir, 'policy.yaml');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(/\brps: 5\b/, 'rps: 6');
  assert.notEqual(changed, text);
  const policies = () => journalOf(running).filter(({ type }) => type === 'policy').length;
  let isOver = false;
  // However fast requests are, each policy is in force for a hundred of them.
  const load = async () => {
    const rounds: Sent[] = [];
    while (!isOver) rounds.push(...(await drive(25)));
    return rounds;
  };
  const change = async () => {
    const rounds: Sent[] = [];
    try {
      for (const to of [changed, text, changed, text]) {
        const before = policies();
        writeFileSync(file, to);
        await eventually(() => (policies() > before ? true : undefined), 'the new policy');
        rounds.push(...(await drive(100)));
      }
    } finally {
      isOver = true;
    }
    return rounds;
  };
  const sent = (await Promise.all([load(), change()])).flat();
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set([200]));
  await requireJoin(sent);
  const nonces = new Set(sent.map(({ nonce }) => nonce));
  const judged = [...decisions()].filter(([nonce]) => nonces.has(nonce)).flatMap(([, found]) => found);
  for (const id of ['gateway-1', 'gateway-2']) {
    const own = judged.filter(({ gateway_id }) => gateway_id === id);
    assert.equal(new Set(own.map(({ policy_hash }) => policy_hash)).size, 2, `${id} followed`);
  }
});

it('a gateway that is drained loses no request', { timeout: 400_000 }, async () => {
  const sent = await drive(400, new Map([[100, () => drain(running, 1)]]));
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set([200]));
  await requireJoin(sent);
  await eventually(() => allServe(running), 'gateway-1 to come back');
});
