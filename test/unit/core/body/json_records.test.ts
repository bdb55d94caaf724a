import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JSON_LIMITS } from '../../../../src/core/body/json_limits.ts';
import { JsonRecords, type RecordFormat, type RecordLimits } from '../../../../src/core/body/json_records.ts';
import type { BuiltValue } from '../../../../src/core/body/value_builder.ts';
import { brokenTexts, jsonTexts } from './arbitrary_json.ts';
import { naiveJson } from './naive_json.ts';

const LIMITS: RecordLimits = { json: JSON_LIMITS, recordsMax: 4, valueBytesMax: 100_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (all: Uint8Array): string => Buffer.from(all).toString('latin1');
const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

function read(stream: Uint8Array, format: RecordFormat, cuts: readonly number[], limits = LIMITS) {
  const values: BuiltValue[] = [];
  const records = new JsonRecords(format, limits, (value) => {
    values.push(value);
    return undefined;
  });
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  for (let i = 1; i < places.length; i += 1) records.feed(stream.subarray(places[i - 1], places[i]));
  return { problem: records.end(), values, count: records.count };
}

/** The same with the whole stream at hand, split by its separators. */
function naiveRecords(stream: Uint8Array, format: RecordFormat, { json, recordsMax }: RecordLimits) {
  const values: unknown[] = [];
  let offset = 0;
  const parts = latin1(stream).split(format === 'lines' ? '\n' : '\x1e');
  for (const [i, part] of parts.entries()) {
    const record = values.length;
    const refuse = (code: string, at: number) => ({
      values,
      problem: { code, offset: at, pointer: '', record },
    });
    if (format === 'sequence' && i === 0) {
      if (part !== '') return refuse('UNEXPECTED_BYTE', 0);
    } else if (!isBlank(part)) {
      if (record === recordsMax) return refuse('TOO_MANY_RECORDS', offset + part.search(/[^ \t\r\n]/));
      const text = Buffer.from(part, 'latin1');
      const problem = naiveJson(text, json);
      if (problem !== undefined)
        return { values, problem: { ...problem, offset: offset + problem.offset, record } };
      if (format === 'sequence' && !part.endsWith('\n')) return refuse('TRUNCATED', offset + part.length);
      values.push(JSON.parse(text.toString()));
    }
    offset += part.length + 1;
  }
  return { values, problem: undefined };
}

const line = fc.oneof(
  { weight: 4, arbitrary: jsonTexts.map((text) => latin1(text).replace(/\n/g, ' ')) },
  { weight: 1, arbitrary: brokenTexts.map(latin1) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\r') },
);
const lines = fc
  .tuple(fc.array(line, { maxLength: 7 }), fc.constantFrom('\n', '\r\n'))
  .map(([all, end]) => all.join(end));
const sequence = fc
  .array(fc.tuple(fc.constantFrom('\x1e', '\x1e', '\x1e\x1e'), line, fc.constantFrom('\n', '\n', '\n', '')), {
    maxLength: 7,
  })
  .map((all) => all.map((parts) => parts.join('')).join(''));

for (const [format, streams] of [
  ['lines', lines],
  ['sequence', sequence],
] as const) {
  test(`${format}: records, problem and place are those of a naive reader, wherever the stream is cut`, () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
        const stream = Buffer.from(text, 'latin1');
        const expected = naiveRecords(stream, format, LIMITS);
        const { problem, values, count } = read(stream, format, cuts);
        assert.deepEqual(problem, expected.problem);
        assert.deepEqual(values, expected.values);
        assert.equal(count, values.length);
        const everywhere = Array.from(stream.keys());
        assert.deepEqual(read(stream, format, everywhere).problem, expected.problem);
      }),
      { numRuns: 1_000 },
    );
  });
}

test('a stream may be of any length, each record being bounded', () => {
  const limits = {
    ...LIMITS,
    recordsMax: 100_000,
    json: { ...JSON_LIMITS, bytesMax: 64 },
    valueBytesMax: 200,
  };
  const stream = bytes('{"a":"0123456789"}\n'.repeat(20_000));
  assert.equal(read(stream, 'lines', [1_000]).problem?.code, 'TOO_MANY_RECORDS');
  assert.equal(read(stream, 'lines', [1_000], limits).count, 20_000);
  const long = bytes(`1\n"${'x'.repeat(70)}"\n`);
  assert.deepEqual(read(long, 'lines', [], limits).problem, {
    code: 'TOO_BIG',
    offset: 66,
    pointer: '',
    record: 1,
  });
});

test('records can be checked without being built, and refused by who receives them', () => {
  const records = new JsonRecords('lines', { ...LIMITS, valueBytesMax: 0 });
  assert.equal(records.feed(bytes('{"a":1}\n[2]\n')) ?? records.end(), undefined);
  assert.equal(records.count, 2);
  const refusing = new JsonRecords('lines', LIMITS, (_, record) =>
    record === 1 ? 'VALUE_REFUSED' : undefined,
  );
  assert.deepEqual(refusing.feed(bytes('1\n22\n')), {
    code: 'VALUE_REFUSED',
    offset: 4,
    pointer: '',
    record: 1,
  });
});
