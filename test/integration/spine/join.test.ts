/**
 * Promise: every request that reaches an upstream has exactly one durable allow decision, written before it, and
 * every request that got a Check has exactly one decision, also when the gateway is killed and restarted in between.
 * Judged by three logs that know nothing of each other: the upstream's, Envoy's, and the journal.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { readyNow } from '../../support/several_gateways.ts';
import { type Answer, throughProxy } from '../../support/through_proxy.ts';

const REQUESTS = 600;
const PARALLEL = 16;

let running: Running;
before(async () => {
  // What is promised holds at any pace; a disk that stalls for two seconds is none of its business.
  process.env['CLAWGRESS_CHECK_TIMEOUT_MS'] = '10000';
  running = await startClawgress();
});
after(async () => {
  await running.stop();
  running.remove();
});

interface Sent {
  readonly nonce: string;
  readonly kind: 'allow' | 'policy_denied' | 'anonymous' | 'abort';
  answer?: Answer | undefined;
}

function send(index: number): Sent & { done: Promise<void> } {
  const [first, second] = running.agents;
  assert.ok(first && second);
  const kinds = ['allow', 'allow', 'allow', 'policy_denied', 'anonymous', 'abort'] as const;
  const kind = kinds[index % kinds.length] ?? 'allow';
  const nonce = randomUUID();
  const credential = kind === 'anonymous' ? {} : { credential: kind === 'policy_denied' ? second : first };
  const path = {
    allow: `/hello/${nonce}`,
    anonymous: `/hello/${nonce}`,
    policy_denied: `/bytes/1/${nonce}`,
    abort: `/slow/${nonce}?ms=300`,
  }[kind];
  const url = `${running.endpoints.demo.upstream_http}${path}`;
  const sent: Sent = { nonce, kind };
  const abort = kind === 'abort' ? { abortAfterMs: index % 40 } : {};
  const done = throughProxy({ proxy: running.endpoints.explicit_proxy, url, ...credential, ...abort }).then(
    (answer) => {
      sent.answer = answer;
    },
  );
  return Object.assign(sent, { done });
}

async function drive(): Promise<Sent[]> {
  const all: Sent[] = [];
  let next = 0;
  const worker = async () => {
    while (next < REQUESTS) {
      const index = next++;
      if (index === Math.floor(REQUESTS / 3)) process.kill(running.childPid('gateway'), 'SIGKILL');
      const one = send(index);
      all.push(one);
      await one.done;
      // While the gateway restarts, everybody waits instead of spending the run on 503s, however long that takes.
      if (one.answer?.status !== 503) continue;
      await new Promise((resolve) => setTimeout(resolve, 250));
      await eventually(
        async () => (await readyNow(running)).ready || undefined,
        'the gateway to serve again',
      );
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return all;
}

const nonceOf = (path: string | undefined) => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(path ?? '')?.[0];

/** Whole lines: Envoy may be writing the last one. */
function envoyLog(): NaiveRecord[] {
  const folder = join(running.stateDir, 'envoy');
  return readdirSync(folder)
    .flatMap((epoch) => {
      try {
        return readFileSync(join(folder, epoch, 'access.log'), 'utf8')
          .split('\n')
          .slice(0, -1);
      } catch {
        return [];
      }
    })
    .map((line) => JSON.parse(line));
}

it('upstream log, Envoy log and journal join exactly, across a kill of the gateway', {
  timeout: 400_000,
}, async () => {
  const sent = await drive();
  const hits: { path: string }[] = JSON.parse(await (await fetch(running.endpoints.demo.hits_url)).text());
  const journal = await eventually(() => {
    const records = readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
    const allowed = records.filter(({ type, verdict }) => type === 'decision' && verdict === 'allow');
    const closed = new Set(
      records.filter(({ type }) => type === 'outcome').map(({ decision_ref }) => decision_ref),
    );
    return allowed.every(({ receipt_id }) => closed.has(receipt_id)) ? records : undefined;
  }, 'an outcome for every allow');

  const decisions = journal.filter(({ type }) => type === 'decision');
  const byNonce = new Map<string, NaiveRecord[]>();
  for (const decision of decisions) {
    const nonce = nonceOf(decision.request.path);
    if (nonce) byNonce.set(nonce, [...(byNonce.get(nonce) ?? []), decision]);
  }

  for (const hit of hits) {
    const nonce = nonceOf(hit.path);
    const found = nonce ? (byNonce.get(nonce) ?? []) : [];
    assert.equal(found.length, 1, `one decision for the upstream hit ${hit.path}`);
    assert.equal(found[0]?.verdict, 'allow');
  }
  const hitNonces = hits.map(({ path }) => nonceOf(path));
  assert.equal(new Set(hitNonces).size, hitNonces.length, 'no request reached the upstream twice');

  for (const { nonce, kind, answer } of sent) {
    const found = byNonce.get(nonce) ?? [];
    assert.ok(found.length <= 1, `at most one decision for ${nonce}`);
    // Our own 503 while the gateway was down, and an abort before the Check, leave nothing behind.
    if (answer === undefined || answer.status === 503) continue;
    assert.equal(found.length, 1, `one decision for the answered ${kind} ${nonce}`);
    const expected = { allow: 200, policy_denied: 403, anonymous: 407, abort: 200 }[kind];
    assert.equal(answer.status, expected, `${kind}: ${answer.body}`);
    assert.equal(answer.headers['x-clawgress-receipt'], found[0]?.receipt_id);
    if (kind !== 'allow' && kind !== 'abort')
      assert.ok(!hitNonces.includes(nonce), `${kind} reached the upstream`);
  }
  assert.ok(
    sent.filter(({ answer }) => answer?.status === 200).length > REQUESTS / 4,
    'most of the run was served',
  );

  const outcomes = journal.filter(({ type }) => type === 'outcome');
  assert.equal(
    new Set(outcomes.map(({ decision_ref }) => decision_ref)).size,
    outcomes.length,
    'one outcome each',
  );
  // Envoy writes its log now and then: a denial that came last may follow the outcomes of all allows.
  await eventually(() => {
    const logged = new Set(envoyLog().map((entry) => entry['request_id']));
    return decisions.every(({ request_id }) => logged.has(request_id)) || undefined;
  }, 'a line in the log of Envoy for each decision');
  for (const outcome of outcomes) {
    if (outcome.state === 'not_sent') {
      const decision = decisions.find(({ receipt_id }) => receipt_id === outcome.decision_ref);
      assert.ok(
        !hitNonces.includes(nonceOf(decision?.request.path)),
        'not_sent means the upstream saw nothing',
      );
    }
  }
});
