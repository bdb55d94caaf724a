import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { type Inspector, openInspector } from '../../../src/inspect/inspector.ts';
import type { PoolLimits } from '../../../src/inspect/pool.ts';
import type { ThreadData } from '../../../src/inspect/protocol.ts';
import type { RequestJob } from '../../../src/server/inspect/ports.ts';
import { inspectThread } from '../../support/inspect_thread.ts';
import { bytesOf, hashOf, type JobParts, jobOf, prices } from './inspect_world.ts';

const A = hashOf('a');
/** A body with this member makes the thread of the test fall or hang: nothing of ours does. */
const WATCHED = `
const { parentPort } = require('node:worker_threads');
const on = parentPort.on.bind(parentPort);
parentPort.on = (event, listener) => on(event, (message) => {
  const bytes = message.order?.job?.body ?? message.order?.chunk;
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1', 0, 64);
  if (text.includes('"fall"')) process.exit(3);
  if (text.includes('"throw"')) throw new Error('planned');
  if (text.includes('"hang"')) while (true);
  listener(message);
});`;

interface World {
  readonly inspector: Inspector;
  readonly downs: string[];
  readonly started: () => number;
}

async function open(t: TestContext, workers = 1, limits: Partial<PoolLimits> = {}): Promise<World> {
  const downs: string[] = [];
  let started = 0;
  const startThread = (data: ThreadData): Worker => {
    started += 1;
    return inspectThread(data, WATCHED);
  };
  const log = { warn: (fields: object) => void downs.push(JSON.stringify(fields)) };
  const inspector = await openInspector({
    workers,
    prices: prices(),
    log,
    limits: { restart_ms: 1, order_ms: 60_000, start_ms: 120_000, ...limits },
    startThread,
  });
  t.after(() => inspector.close());
  return { inspector, downs, started: () => started };
}

const SCHEMA = '{"type":"object","required":["a"]}';

function job(body: string | Uint8Array, parts: JobParts = {}): RequestJob {
  return { ...jobOf(body, parts), schemaOf: () => ({ draft: '2020-12', text: SCHEMA }) };
}

/** Longer than any thread may take here; only a promise that never settles gets there. */
const NEVER_MS = 20_000;

async function settled(promise: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('never'), NEVER_MS);
  });
  return Promise.race([promise, never]).finally(() => clearTimeout(timer));
}

const code = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (error: { code?: string }) => String(error.code),
  );

test('a request is read in a thread, with the schemas that its policy has, and its bytes stay', async (t) => {
  const { inspector } = await open(t);
  const asked = job('{"b": 1,}', { demands: { schemas: [A], repair: ['trailing_comma'] } });
  const { facts, replacement } = await inspector.request(asked);
  assert.deepEqual(facts.schemas, [{ schema_hash: A, is_valid: false, pointer: '', keyword: 'required' }]);
  assert.equal(new TextDecoder().decode(replacement), '{"b": 1}');
  assert.equal(asked.body.length, 9);
  assert.deepEqual((await inspector.request(asked)).facts, facts);
});

test('part of a larger buffer is read as that part, and the rest stays where it is', async (t) => {
  const { inspector } = await open(t);
  const large = bytesOf('secret{"a": 1}secret');
  const { facts } = await inspector.request(job(large.subarray(6, 14)));
  assert.deepEqual([facts.bytes, facts.problem], [8, undefined]);
  assert.equal(new TextDecoder().decode(large), 'secret{"a": 1}secret');
});

for (const [how, body, why] of [
  ['ends', '{"fall": 1}', /code 3/],
  ['throws', '{"throw": 1}', /Error/],
] as const) {
  test(`a thread that ${how}: its job is refused, the next one is read by another thread`, async (t) => {
    const { inspector, downs, started } = await open(t);
    const lost = code(inspector.request(job(body)));
    const behind = inspector.request(job('{"a": 1}')).then(({ facts }) => facts.format, String);
    assert.equal(await lost, 'LOST');
    assert.match(String(await behind), /json|LOST/);
    while (started() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await inspector.request(job('{"a": 1}'))).facts.problem, undefined);
    assert.match(downs.join(), why);
  });
}

test('a thread that takes too long is ended, and its job refused', async (t) => {
  const { inspector, started } = await open(t, 1, { order_ms: 2_000 });
  assert.equal(await settled(code(inspector.request(job('{"hang": 1}')))), 'TIMEOUT');
  while (started() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await inspector.request(job('{"a": 1}'))).facts.format, 'json');
});

test('what a lost thread had not begun goes to another one', async (t) => {
  const { inspector } = await open(t, 2, { order_ms: 3_000 });
  const hung = code(inspector.request(job('{"hang": 1}')));
  const others = Array.from({ length: 8 }, () => code(inspector.request(job('{"a": 1}'))));
  assert.deepEqual(await Promise.all(others), Array(8).fill('answered'));
  assert.equal(await hung, 'TIMEOUT');
});

test('the queue has an end', async (t) => {
  const { inspector } = await open(t, 1, { queue_max: 2, order_ms: 500 });
  const asked = ['{"hang": 1}', '{"a": 1}', '{"a": 1}'].map((body) => code(inspector.request(job(body))));
  assert.equal(await asked[2], 'BUSY');
  assert.equal(await asked[0], 'TIMEOUT');
});

test('a closed inspector refuses, also those who wait', async (t) => {
  const { inspector } = await open(t);
  const waiting = code(inspector.request(job('{"hang": 1}')));
  await inspector.close();
  assert.equal(await waiting, 'CLOSED');
  assert.equal(await code(inspector.request(job('{}'))), 'CLOSED');
});

test('a streamed body is read piece by piece in one thread, and is lost with it', async (t) => {
  const { inspector } = await open(t, 2);
  const demands = { elements: [{ pointer: '/items', schema_hash: A }], on_oversize: 'stream' } as const;
  const reader = inspector.streamed(job('', { demands }));
  assert.deepEqual(reader.facts, { state: 'streamed', bytes: 0, format: 'json' });
  const first = bytesOf('{"items": [{"a": 1}, ');
  assert.deepEqual((await reader.feed(first, false)).forward, first);
  const last = await reader.feed(bytesOf('{"b": 1}]}'), true);
  assert.deepEqual([last.end, last.forward.length], ['cut', 0]);
  assert.equal(await code(reader.feed(first, true)), 'LOST');
  const other = inspector.streamed(job('', { demands }));
  assert.equal(await code(other.feed(bytesOf('{"fall": 1}'), false)), 'LOST');
  assert.equal(await code(other.feed(bytesOf('{}'), true)), 'LOST');
  assert.equal(await code(other.abort('client')), 'LOST');
});

test('what cannot be said of a stream is told before its first byte', async (t) => {
  const { inspector } = await open(t);
  const streamed = (parts: JobParts) => inspector.streamed(job('', parts)).facts.problem?.code;
  assert.equal(streamed({ demands: { schemas: [A] } }), 'BODY_TOO_LARGE');
  assert.equal(streamed({ type: 'text/plain' }), 'CONTENT_TYPE_MISMATCH');
  assert.equal(
    streamed({ type: 'application/x-ndjson', demands: { format: 'json_lines', schemas: [A] } }),
    undefined,
  );
  const refused = inspector.streamed(job('', { type: 'text/plain' }));
  assert.equal(await code(refused.feed(bytesOf('{}'), true)), 'LOST');
});

test('a stream whose schema is missing is refused', async (t) => {
  const { inspector } = await open(t);
  const demands = { elements: [{ pointer: '/items', schema_hash: A }] };
  const reader = inspector.streamed({ ...job('', { demands }), schemaOf: () => undefined });
  assert.equal(await code(reader.feed(bytesOf('{"items": []}'), true)), 'LOST');
});

test('more schemas than a thread keeps', async (t) => {
  const { inspector } = await open(t);
  for (let i = 0; i < 300; i += 1) {
    const hash = `sha256:${String(i).padStart(64, '0')}`;
    const text = JSON.stringify({ const: i });
    const asked = {
      ...job(String(i), { demands: { schemas: [hash] } }),
      schemaOf: () => ({ draft: '2020-12', text }) as const,
    };
    assert.equal((await inspector.request(asked)).facts.schemas?.[0]?.is_valid, true, `schema ${i}`);
  }
});

test('the thread that asks goes on turning while 16 MiB are read', async (t) => {
  const { inspector } = await open(t);
  const body = bytesOf(`{"a": "${'x'.repeat(16 * 1_048_576 - 16)}"}`);
  let turns = 0;
  let isOver = false;
  const finding = inspector
    .request(job(body, { demands: { max_bytes: 16_777_216, schemas: [A] } }))
    .then((found) => {
      isOver = true;
      return found;
    });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  assert.equal((await finding).facts.schemas?.[0]?.is_valid, true);
  assert.ok(turns > 20, `only ${turns} turns`);
});

test('an answer is read in a thread, too', async (t) => {
  const { inspector } = await open(t);
  const demands = { inspect: 'json', max_bytes: 1_000, on_violation: 'block', schemas: [A] } as const;
  const headers = [{ name: 'content-type', value: 'application/json' }];
  const answer = (body: string) => {
    const reader = inspector.response({
      demands,
      headers,
      status: 200,
      receipt_id: 'r',
      schemaOf: () => ({ draft: '2020-12', text: SCHEMA }),
    });
    assert.equal(reader.way, 'whole');
    return reader.feed(bytesOf(body), true);
  };
  assert.equal((await answer('{"a": 1}')).end, 'complete');
  assert.equal((await answer('{"b": 1}')).end, 'blocked');
});

test('what cannot be handed over is refused alone', async (t) => {
  const { inspector } = await open(t);
  const broken = job('{}', { demands: { max_bytes: (() => 1) as never } });
  const asked = [broken, job('{}'), broken, job('{}')].map((one) => code(inspector.request(one)));
  assert.deepEqual(await Promise.all(asked), ['LOST', 'answered', 'LOST', 'answered']);
});
