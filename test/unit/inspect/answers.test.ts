import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type Inspector, openInspector } from '../../../src/inspect/inspector.ts';
import type { AnswerReader, ReadStep, ResponseJob } from '../../../src/server/inspect/ports.ts';
import { inspectThread } from '../../support/inspect_thread.ts';
import { MODELS, type Model } from '../core/answer/models.ts';
import { bytesOf, hashOf, prices, textOf } from './inspect_world.ts';

const A = hashOf('a');
const SCHEMA = { draft: '2020-12', text: '{"type":"object","required":["a"]}' } as const;
const { chat } = MODELS as { readonly chat: Model };

async function open(t: TestContext): Promise<Inspector> {
  const inspector = await openInspector({
    workers: 1,
    prices: prices(),
    log: { warn: () => undefined },
    limits: { order_ms: 60_000, start_ms: 120_000 },
    startThread: (data) => inspectThread(data),
  });
  t.after(() => inspector.close());
  return inspector;
}

function jobOf(
  type: string,
  demands: Partial<ResponseJob['demands']>,
  more: Partial<ResponseJob> = {},
): ResponseJob {
  return {
    demands: { inspect: 'auto', max_bytes: 1_000_000, on_violation: 'block', ...demands },
    schemaOf: (hash) => (hash === A ? SCHEMA : undefined),
    status: 200,
    headers: [{ name: 'content-type', value: type }],
    receipt_id: 'rid-1',
    ...more,
  };
}

async function feedAll(reader: AnswerReader, pieces: readonly string[]) {
  const steps: ReadStep[] = [];
  for (const [i, piece] of pieces.entries()) {
    if (steps.at(-1)?.end !== undefined) break;
    steps.push(await reader.feed(bytesOf(piece), i === pieces.length - 1));
  }
  const text = steps.map(({ forward }) => textOf(forward)).join('');
  return { text, facts: steps.flatMap(({ facts }) => facts), end: steps.at(-1)?.end };
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

test('answers are judged in a thread: a forbidden call is cut, what is allowed passes as it came', async (t) => {
  const inspector = await open(t);
  const job = jobOf(
    chat.type,
    { tool_calls: { deny: ['wipe_disk'] }, usage: true, notarize: true },
    { ai: chat.ai },
  );
  const good = chat.stream([{ text: 'a' }, { name: 'get_time', args: '{"a":1}' }], '\n');
  const reader = inspector.response(job);
  assert.equal(reader.way, 'stream');
  const passed = await feedAll(reader, good.match(/[\s\S]{1,50}/g) ?? []);
  assert.deepEqual([passed.text, passed.end], [good, 'complete']);
  const last = passed.facts.at(-1);
  assert.deepEqual([last?.usage?.input, last?.cost_micro_usd, last?.digest_out], [100, 350, sha(good)]);
  const bad = chat.stream([{ text: 'a' }, { name: 'wipe_disk', args: '{"secret":1}' }], '\n');
  const cut = await feedAll(inspector.response(job), bad.match(/[\s\S]{1,50}/g) ?? []);
  assert.deepEqual(
    [cut.end, cut.facts.at(-1)?.state, cut.facts.at(-1)?.digest_out],
    ['cut', 'policy_cut', sha(cut.text)],
  );
  assert.ok(!/wipe_disk|secret/.test(cut.text), 'a forbidden call was released');
});

test('schemas of the policy hold for answers; one that is not at hand is honoured by nothing', async (t) => {
  const inspector = await open(t);
  const endOf = async (text: string, ...schemas: readonly string[]) => {
    const { end, facts } = await feedAll(inspector.response(jobOf('application/json', { schemas })), [text]);
    return [end, facts.at(-1)?.problem?.code];
  };
  assert.deepEqual(await endOf('{"a":1}', A), ['complete', undefined]);
  assert.deepEqual(await endOf('{"b":1}', A), ['blocked', 'ANSWER_SCHEMA']);
  assert.deepEqual(await endOf('{"a":1}', A, hashOf('b')), ['blocked', 'ANSWER_SCHEMA']);
});

test('the way is told at once; a refused answer is recorded when it is fed', async (t) => {
  const inspector = await open(t);
  const refused = inspector.response(jobOf('text/html', { inspect: 'json' }));
  assert.deepEqual([refused.way, refused.problem], ['refuse', { code: 'ANSWER_TYPE_MISMATCH' }]);
  const { end, facts } = await feedAll(refused, ['']);
  assert.deepEqual([end, facts.map(({ state }) => state)], ['blocked', ['blocked']]);
  assert.equal(inspector.response(jobOf('text/html', {}, { status: 500 })).way, 'pass');
  const told = inspector.response(jobOf('text/html', { inspect: 'json', on_violation: 'alert' }));
  assert.deepEqual([told.way, told.problem], ['stream', undefined]);
  await told.feed(bytesOf('<p>'), false);
  const aborted = await told.abort('client');
  assert.deepEqual(
    aborted.facts.map(({ state, bytes_out }) => [state, bytes_out]),
    [['client_abort', 3]],
  );
});

test('others get their turn while one long piece of an answer is read, which goes on as it came', async (t) => {
  const inspector = await open(t);
  const reader = inspector.response(jobOf('text/event-stream', { schemas: [A] }));
  const long = `${':\n\n'.repeat(100_000)}data: {"a":1}\n\n`;
  const order: string[] = [];
  const read = reader.feed(bytesOf(long), true).then((step) => {
    order.push('the long piece');
    return step;
  });
  const other = inspector.response(jobOf('text/event-stream', { schemas: [A] }));
  await other.feed(bytesOf('data: {"a":1}\n\n'), true).then(() => order.push('the other'));
  const { forward, facts, end } = await read;
  assert.deepEqual(order, ['the other', 'the long piece']);
  assert.deepEqual([textOf(forward) === long, end, facts.length], [true, 'complete', 1]);
  assert.deepEqual([facts[0]?.bytes_out, facts[0]?.digest_out], [long.length, sha(long)]);
});

test('a mistake in the middle of a long piece cuts there, and nothing behind it goes on', async (t) => {
  const inspector = await open(t);
  const reader = inspector.response(jobOf('text/event-stream', { schemas: [A] }));
  const good = 'data: {"a":1}\n\n'.repeat(20_000);
  const { forward, facts, end } = await reader.feed(bytesOf(`${good}data: {"b":1}\n\n${good}`), true);
  assert.deepEqual([end, facts.length, facts[0]?.state], ['cut', 1, 'policy_cut']);
  const text = textOf(forward);
  assert.equal(text.startsWith(good), true);
  assert.equal(text.slice(good.length).includes('"b"'), false);
  assert.equal(facts[0]?.digest_out, sha(text));
});
