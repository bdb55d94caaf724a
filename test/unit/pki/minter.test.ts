import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { openMinter } from '../../../src/pki/minter.ts';
import { ownRoot } from '../../support/authority.ts';
import { leafThread } from '../../support/leaf_thread.ts';

// What is tested lets the process end while it waits.
const awake = setInterval(() => undefined, 1_000);
after(() => clearInterval(awake));

/** A promise that never settles fails its test. */
const BOUND = { timeout: 120_000 };
/** A thread begins with the sources of the product, which a busy machine is long at. */
const PATIENT = { answer_ms: 60_000 };
const NAME = { host: 'a.example', isAddress: false };
/** Hears orders and never answers. */
const DEAF = `require('node:worker_threads').parentPort.on('message', () => {})`;

function issuerOf(pem: string): string {
  return new X509Certificate(pem).issuer;
}

test('leaves come from the authority that was named last', BOUND, async () => {
  const [first, second] = [await ownRoot(), await ownRoot()];
  const minter = openMinter({ limits: PATIENT, startThread: () => leafThread() });
  try {
    assert.deepEqual(await minter.mint(NAME, Date.now()), { ok: false, problem: 'NO_AUTHORITY' });
    minter.use(first);
    const one = await minter.mint(NAME, Date.now());
    minter.use(second);
    const two = await minter.mint(NAME, Date.now());
    assert.ok(one.ok && two.ok, 'both are minted');
    assert.equal(issuerOf(one.value.cert_chain_pem), new X509Certificate(first.chainPem).subject);
    assert.equal(issuerOf(two.value.cert_chain_pem), new X509Certificate(second.chainPem).subject);
    assert.notEqual(one.value.private_key_pem, two.value.private_key_pem);
    minter.use(undefined);
    assert.deepEqual(await minter.mint(NAME, Date.now()), { ok: false, problem: 'NO_AUTHORITY' });
  } finally {
    await minter.close();
  }
});

test('a thread that dies refuses all that wait, is started again, and mints', BOUND, async () => {
  const root = await ownRoot();
  const down: string[] = [];
  let threads = 0;
  const started: (() => void)[] = [];
  const again = new Promise<void>((resolve) => started.push(resolve));
  const minter = openMinter({
    onDown: (why) => down.push(why),
    limits: { ...PATIENT, restart_ms: 1 },
    startThread: () => {
      threads += 1;
      if (threads > 1) started.pop()?.();
      // The first dies when it is asked for a leaf.
      const dies = `require('node:worker_threads').parentPort.on('message', (order) => { if (order.kind === 'mint') process.exit(7); })`;
      return leafThread(threads === 1 ? dies : '');
    },
  });
  try {
    minter.use(root);
    const answers = await Promise.all([minter.mint(NAME, Date.now()), minter.mint(NAME, Date.now())]);
    assert.deepEqual(answers, [
      { ok: false, problem: 'MINTER_DOWN' },
      { ok: false, problem: 'MINTER_DOWN' },
    ]);
    assert.deepEqual(down, ['ended with code 7']);
    assert.deepEqual(await minter.mint(NAME, Date.now()), { ok: false, problem: 'MINTER_DOWN' });
    await again;
    assert.equal((await minter.mint(NAME, Date.now())).ok, true);
    assert.equal(threads, 2);
  } finally {
    await minter.close();
  }
});

test('a thread that hangs is ended, and a full queue refuses', BOUND, async () => {
  const down: string[] = [];
  const { Worker } = await import('node:worker_threads');
  const minter = openMinter({
    onDown: (why) => down.push(why),
    limits: { answer_ms: 50, queue_max: 2, restart_ms: 60_000 },
    startThread: () => new Worker(DEAF, { eval: true }),
  });
  try {
    minter.use(await ownRoot());
    const waiting = [minter.mint(NAME, Date.now()), minter.mint(NAME, Date.now())];
    assert.deepEqual(await minter.mint(NAME, Date.now()), { ok: false, problem: 'QUEUE_FULL' });
    for (const answer of await Promise.all(waiting)) {
      assert.deepEqual(answer, { ok: false, problem: 'MINTER_DOWN' });
    }
    assert.deepEqual(down, ['no answer in time']);
  } finally {
    await minter.close();
  }
});

test('closing refuses what waits', BOUND, async () => {
  const minter = openMinter({ limits: PATIENT, startThread: () => leafThread() });
  minter.use(await ownRoot());
  const waiting = minter.mint(NAME, Date.now());
  await minter.close();
  assert.deepEqual(await waiting, { ok: false, problem: 'MINTER_DOWN' });
  assert.deepEqual(await minter.mint(NAME, Date.now()), { ok: false, problem: 'MINTER_DOWN' });
});
