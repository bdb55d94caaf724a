import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestDemands } from '../../../src/core/contract/demands.ts';
import type { SaidFormat } from '../../../src/inspect/body_type.ts';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { StreamedRequest } from '../../../src/inspect/streamed_request.ts';
import type { ReadStep } from '../../../src/server/inspect/ports.ts';
import { bytesOf, deskOf, hashOf, jobOf, schemasOf, type Texts, textOf } from './inspect_world.ts';

const A = hashOf('a');
const DEMANDS: RequestDemands = {
  format: 'json',
  schemas: [],
  elements: [{ pointer: '/items', schema_hash: A }],
  max_bytes: 64,
  on_oversize: 'stream',
};
const ITEM: Texts = { a: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } };
const hex = (text: string) => createHash('sha256').update(text).digest('hex');

interface Streamed {
  readonly forwarded: string;
  readonly last: ReadStep;
}

/** Cut at the given places; stops where the reader does. */
function stream(
  body: string,
  cuts: readonly number[],
  demands = DEMANDS,
  says: SaidFormat = 'json',
): Streamed {
  const bytes = bytesOf(body);
  const reader = new StreamedRequest({ says, demands }, schemasOf(ITEM));
  const places = [
    0,
    ...new Set(cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)),
    bytes.length,
  ];
  let forwarded = '';
  let last: ReadStep = { forward: new Uint8Array(0), facts: [] };
  for (let i = 1; i < places.length && last.end === undefined; i += 1) {
    last = reader.feed(bytes.subarray(places[i - 1], places[i]), i === places.length - 1);
    forwarded += textOf(last.forward);
  }
  return { forwarded, last };
}

test('all of a body goes on whose elements are right, with its digests', () => {
  const body = '{"items": [{"n": 1}, {"n": 2}], "x": "y"}';
  const { forwarded, last } = stream(body, [3, 17, 18]);
  assert.equal(forwarded, body);
  assert.deepEqual(last.facts, [
    {
      part: 'request',
      state: 'complete',
      index: 0,
      format: 'json',
      bytes_in: body.length,
      bytes_out: body.length,
      digest_in: hex(body),
      digest_out: hex(body),
    },
  ]);
});

test('nothing goes on from the piece in which the first mistake is', () => {
  const body = '{"items": [{"n": 1}, {"n": "2"}, {"n": 3}]}';
  const { forwarded, last } = stream(body, [12, 25]);
  assert.equal(forwarded, body.slice(0, 25));
  assert.equal(last.end, 'cut');
  const [facts] = last.facts;
  assert.equal(facts?.state, 'policy_cut');
  assert.deepEqual(facts?.problem, { code: 'VALUE_REFUSED', pointer: '/items/1/n', offset: 30 });
  assert.deepEqual([facts?.digest_in, facts?.digest_out], [hex(body), hex(body.slice(0, 25))]);
});

test('the last element counts, and so does an array that is not there', () => {
  assert.equal(stream('{"items": [{"n": 1}, {}]}', []).last.end, 'cut');
  assert.equal(stream('{"other": []}', []).last.facts[0]?.problem?.code, 'NOT_AN_ARRAY');
  assert.equal(stream('{"items": {"n": 1}}', []).last.facts[0]?.problem?.code, 'NOT_AN_ARRAY');
  assert.equal(stream('{"items": [', []).last.facts[0]?.problem?.code, 'TRUNCATED');
  assert.equal(stream('', []).last.facts[0]?.problem?.code, 'EMPTY');
});

test('records and sequences are judged one by one', () => {
  const demands: RequestDemands = { ...DEMANDS, format: 'json_lines', schemas: [A], elements: [] };
  const lines = (text: string) => stream(text, [4, 9], demands, 'json_lines').last;
  assert.equal(lines('{"n":1}\n{"n":2}').end, 'complete');
  assert.equal(lines('{"n":1}\n{"n":2.5}').facts[0]?.problem?.pointer, '/1/n');
  assert.equal(stream('\u001e{"n":1}\n\u001e{}\n', [], demands, 'sequence').last.end, 'cut');
  assert.equal(stream('\u001e{"n":1}\n', [], demands, 'sequence').last.end, 'complete');
});

test('a reader that misses a schema is none', () => {
  assert.throws(
    () => new StreamedRequest({ says: 'json', demands: DEMANDS }, () => undefined),
    /handed over/,
  );
});

test('an element larger than its memory is refused, a large array of small ones is not', () => {
  const long = JSON.stringify({ n: 1, s: 'x'.repeat(5_000_000) });
  assert.equal(stream(`{"items": [${long}]}`, []).last.facts[0]?.problem?.code, 'VALUE_TOO_BIG');
  const many = `{"items": [${'{"n":1},'.repeat(200_000)}{"n":2}]}`;
  assert.equal(stream(many, [100_000, 1_000_000]).last.end, 'complete');
});

test('an end by others is told with what went on so far', () => {
  const reader = new StreamedRequest({ says: 'json', demands: DEMANDS }, schemasOf(ITEM));
  reader.feed(bytesOf('{"items"'), false);
  assert.deepEqual(
    reader.abort('client').facts.map(({ state, bytes_out }) => [state, bytes_out]),
    [['client_abort', 8]],
  );
});

const item = fc.oneof(
  { weight: 8, arbitrary: fc.record({ n: fc.integer() }) },
  fc.record({ n: fc.oneof(fc.string(), fc.constant(0.5)) }),
  fc.jsonValue(),
);
const body = fc
  .tuple(fc.array(item, { maxLength: 6 }), fc.jsonValue(), fc.constantFrom('', '', '', ',', '}', 'x'))
  .map(([items, more, tail]) => `${JSON.stringify({ more, items })}${tail}`);

test('the verdict on a stream is the verdict on the whole, however it is cut', () => {
  fc.assert(
    fc.property(body, fc.array(fc.nat(400), { maxLength: 5 }), (text, cuts) => {
      const streamed = stream(text, cuts);
      const whole = readRequest(
        jobOf(text, { demands: { ...DEMANDS, max_bytes: 1_000_000 } }),
        deskOf(ITEM),
      ).facts;
      const isRight =
        whole.problem === undefined && whole.schemas?.every(({ is_valid }) => is_valid) === true;
      assert.equal(streamed.last.end, isRight ? 'complete' : 'cut');
      assert.equal(text.startsWith(streamed.forwarded), true);
      assert.equal(streamed.forwarded === text, isRight);
      const found = streamed.last.facts[0]?.problem;
      if (whole.problem !== undefined && found?.code !== 'VALUE_REFUSED') {
        assert.deepEqual([found?.code, found?.offset], [whole.problem.code, whole.problem.offset]);
      } else if (found?.code === 'VALUE_REFUSED' && whole.problem === undefined)
        assert.equal(found.pointer, whole.schemas?.[0]?.pointer);
    }),
    { numRuns: 400 },
  );
});

test('what waits to be whole is told, and is too much where there is no room', () => {
  const word = 'x'.repeat(100_000);
  const cases = [
    ['json', `{"items": [{"n": 1}, {"n": 2, "a": "${word}`, `"}], "x": "${word}"}`],
    ['json_lines', `{"n": 1}\n{"n": 2, "a": "${word}`, '"}\n'],
  ] as const;
  for (const [says, before, behind] of cases) {
    const opened = () => new StreamedRequest({ says, demands: { ...DEMANDS, schemas: [] } }, schemasOf(ITEM));
    const reader = opened();
    const kept = reader.feed(bytesOf(before), false).kept ?? 0;
    assert.ok(kept >= 100_000 && kept < before.length + 1_000, `${says}: ${kept}`);
    assert.equal(reader.feed(bytesOf(behind), false).kept, 0, says);
    assert.equal(reader.feed(bytesOf(''), false, true).end, undefined, 'nothing waits');
    const [facts] = opened().feed(bytesOf(before), false, true).facts;
    assert.deepEqual([facts?.state, facts?.problem], ['policy_cut', { code: 'NO_ROOM' }]);
  }
});

test('of a body whose prefix is asked for nothing is cut for what stands behind it', () => {
  const prefix: RequestDemands = { format: 'any', schemas: [], max_bytes: 16, on_oversize: 'scan_prefix' };
  const behind = '{"a": [1, 2, 3, 4]} and no JSON at all';
  const before = '{"a": tru} and no JSON at all';
  for (const cuts of [[], [1], [15], [16], [17], [3, 16, 18]]) {
    assert.equal(stream(behind, cuts, prefix).last.end, 'complete');
    assert.equal(stream(before, cuts, prefix).last.facts[0]?.problem?.offset, 9);
  }
  assert.equal(stream('{"a": ', [2], prefix).last.facts[0]?.problem?.code, 'TRUNCATED');
  assert.equal(stream('not a record\n', [], prefix, 'json_lines').last.end, 'complete');
});

test('who asks for facts alone has nothing refused', () => {
  const facts: RequestDemands = {
    format: 'any',
    schemas: [A],
    max_bytes: 16_777_216,
    on_oversize: 'scan_prefix',
  };
  assert.equal(stream('{"a": tru}', [4], facts).last.end, 'complete');
});
