import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BODY_BYTES_MAX } from '../../../../src/core/canonical/dsse.ts';
import { RECORD_TABLES } from '../../../../src/core/receipt/fields.ts';
import { checkRecord, parseRecord } from '../../../../src/core/receipt/parse_record.ts';
import { recordBytesMax } from '../../../../src/core/receipt/record_size.ts';
import type { Members, Shape } from '../../../../src/core/receipt/shape.ts';
import { timestampMs } from '../../../../src/core/receipt/timestamp.ts';
import { hexOf } from '../../../support/evidence_keys.ts';
import { canonical, EvidenceLog, smallLog } from '../../../support/evidence_log.ts';

type Body = Record<string, unknown>;
const log = smallLog();
const bodyOf = (line: Buffer): Body =>
  JSON.parse(Buffer.from(JSON.parse(line.toString()).payload, 'base64').toString());
const decision = bodyOf(log.lines[4] ?? Buffer.alloc(0));
const parse = (body: unknown) => {
  const result = parseRecord(Buffer.from(typeof body === 'string' ? body : canonical(body)));
  return result.ok ? 'accepted' : `${result.problem.code} ${result.problem.at}`;
};

test('every record of a small log is read', () => {
  for (const line of log.lines) assert.equal(parse(bodyOf(line)), 'accepted');
});

test('unknown version, type and member are VERSION_UNKNOWN, at any depth', () => {
  const without = (name: string) => ({ ...decision, [name]: undefined });
  assert.equal(parse({ ...decision, v: 1 }), 'VERSION_UNKNOWN /v');
  assert.equal(parse({ ...decision, v: '0' }), 'VERSION_UNKNOWN /v');
  assert.equal(parse(without('v')), 'VERSION_UNKNOWN /v');
  for (const type of ['approval', 'constructor', '__proto__', 7, null, 'lifecycle', 'lifecycle.start'])
    assert.match(parse({ ...decision, type }), /^VERSION_UNKNOWN \/(type|lifecycle)$/);
  assert.equal(parse({ ...decision, vendor: 1 }), 'VERSION_UNKNOWN /vendor');
  assert.equal(parse({ ...decision, toString: 'x' }), 'VERSION_UNKNOWN /toString');
  const request = { ...(decision['request'] as Body), query: 'a=b' };
  assert.equal(parse({ ...decision, request }), 'VERSION_UNKNOWN /request/query');
  const identity = { ...(decision['identity'] as Body), binding: { kind: 'cookie' } };
  assert.equal(parse({ ...decision, identity }), 'VERSION_UNKNOWN /identity/binding/kind');
  assert.equal(parse({ ...decision, ext: { vendor: [1, 'x'] } }), 'accepted');
});

test('a wrong JSON type or form is FIELD_INVALID', () => {
  const cases: [Body, string][] = [
    [{ seq: '12' }, '/seq'],
    [{ seq: -1 }, '/seq'],
    [{ ts: '2026-02-30T00:00:00.000Z' }, '/ts'],
    [{ ts: '2026-01-01T00:00:00Z' }, '/ts'],
    [{ prev: 'AB'.repeat(32) }, '/prev'],
    [{ policy_hash: 'ab'.repeat(32) }, '/policy_hash'],
    [{ receipt_id: 'b3a1f9d0-0000-4000-8000-000000000001' }, '/receipt_id'],
    [{ verdict: 'maybe' }, '/verdict'],
    [{ replayable: 1 }, '/replayable'],
    [{ request: [] }, '/request'],
    [{ request: null }, '/request'],
    [{ streams: {} }, '/streams'],
    [{ streams: Array(4).fill((decision['streams'] as Body[])[0]) }, '/streams'],
    [{ streams: [{ kind: 'agent' }] }, '/streams/0/id'],
    [{ identity: { ...(decision['identity'] as Body), agent_id: 'A' } }, '/identity/agent_id'],
    [{ request: { ...(decision['request'] as Body), path: '/a b' } }, '/request/path'],
    [{ request: { ...(decision['request'] as Body), path: `/${'a'.repeat(8192)}` } }, '/request/path'],
    [{ request: { ...(decision['request'] as Body), path_ambiguous: false } }, '/request/path_ambiguous'],
    [{ ext: 'text' }, '/ext'],
    [{ ext: { big: 'x'.repeat(2048) } }, '/ext'],
  ];
  for (const [change, at] of cases) assert.equal(parse({ ...decision, ...change }), `FIELD_INVALID ${at}`);
});

test('each required member is required', () => {
  for (const [table, members] of Object.entries(RECORD_TABLES)) {
    const full = largest(members) as Body;
    assert.equal(checkRecord(full).ok, true, table);
    for (const [name, field] of Object.entries(members)) {
      const { [name]: _, ...rest } = full;
      assert.equal(checkRecord(rest).ok, field.presence === 'optional', `${table}.${name}`);
    }
  }
});

test('bytes that are not canonical are BODY_INVALID', () => {
  const text = canonical(decision);
  const variants = [
    ` ${text}`,
    `${text}\n`,
    text.replace('"v":0', '"v":0,"v":0'),
    text.replace('"v":0', '"v":0.0'),
    text.replace('"allow"', '"\\u0061llow"'),
    JSON.stringify(decision, Object.keys(decision).sort().reverse()),
    '',
    '\ufeff{}',
  ];
  for (const variant of variants) assert.match(parse(variant), /^BODY_INVALID /, variant.slice(0, 30));
  for (const value of ['[]', '1', '"x"', 'null'])
    assert.match(parse(value), /^(FIELD_INVALID|VERSION_UNKNOWN)/);
});

/** The largest value a shape admits, built without looking at how the size bound is computed. */
function largest(shape: Members | Shape): unknown {
  if (!('kind' in shape) || typeof shape.kind !== 'string') {
    return Object.fromEntries(
      Object.entries(shape as Members).map(([name, field]) => [name, largest(field.shape)]),
    );
  }
  const known = shape as Shape;
  switch (known.kind) {
    case 'text':
      return fittingText(largestText(known.form, known.length_max), known.bytes_max);
    case 'timestamp':
      return '9999-12-31T23:59:59.999Z';
    case 'integer':
      return known.min < 0 ? known.min : known.max;
    case 'boolean':
      return false;
    case 'one_of':
      return [...known.values].sort((a, b) => String(b).length - String(a).length)[0];
    case 'list':
      return fittingList(Array(known.count_max).fill(largest(known.of)), known.bytes_max);
    case 'object':
      return largest(known.members);
    case 'variants':
      return Object.values(known.options)
        .map((members) => largest(members))
        .sort((a, b) => JSON.stringify(b).length - JSON.stringify(a).length)[0];
    case 'free_object':
      return { x: 'y'.repeat(known.bytes_max - 8) };
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function fittingText(text: string, bytes_max = Number.POSITIVE_INFINITY): string {
  if (bytesOf(text) <= bytes_max) return text;
  const each = bytesOf(text[0]) - 2;
  return text.slice(0, Math.floor((bytes_max - 2) / each));
}

function fittingList(items: readonly unknown[], bytes_max = Number.POSITIVE_INFINITY): readonly unknown[] {
  const fitting = [...items];
  while (bytesOf(fitting) > bytes_max) fitting.pop();
  return fitting;
}

function largestText(form: string, length: number): string {
  const samples: Record<string, string> = {
    id: 'a'.repeat(length),
    'id or id/id': `${'a'.repeat(64)}/${'b'.repeat(64)}`,
    'one to three ids joined by /': `${'a'.repeat(64)}/${'b'.repeat(64)}/rpm`.padEnd(length, 'x'),
    CODE: 'A'.repeat(length),
    'visible ASCII': '"'.repeat(length),
    'printable ASCII': '"'.repeat(length),
    'text without control characters': '\u4e2d'.repeat(length),
    '32 hex digits': 'a'.repeat(32),
    '64 hex digits': 'a'.repeat(64),
    'sha256:hex': `sha256:${'a'.repeat(64)}`,
    UUIDv7: '01890a5d-ac96-774b-bcce-b302099a8057',
    'base64 of 32 bytes': Buffer.alloc(32).toString('base64'),
    'base64 of an Ed25519 SPKI': new EvidenceLog().root.spki.toString('base64'),
    'HTTP method': 'M'.repeat(length),
    host: 'h'.repeat(length),
    'tool name': 't'.repeat(length),
    'header name': 'n'.repeat(length),
    keyword: 'k'.repeat(length),
    'JSON pointer': '\u4e2d'.repeat(length),
    'uid:N or cidr:network': `cidr:${'a'.repeat(39)}/128`,
  };
  const sample = samples[form];
  assert.ok(sample !== undefined, form);
  return sample;
}

test('the largest record of each type is accepted and fits a body', () => {
  for (const [table, members] of Object.entries(RECORD_TABLES)) {
    const body = Buffer.from(canonical(largest(members)));
    const result = parseRecord(body);
    assert.ok(result.ok, `${table}: ${JSON.stringify(result)}`);
    assert.ok(body.length <= recordBytesMax(table), `${table}: ${body.length} over the bound`);
    assert.ok(recordBytesMax(table) <= BODY_BYTES_MAX, `${table}: ${recordBytesMax(table)} does not fit`);
  }
});

test('timestamps agree with the platform', () => {
  const day = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(fc.property(day, (date) => assert.equal(timestampMs(date.toISOString()), date.getTime())));
  for (const text of ['2023-02-29', '2100-02-29', '2026-00-01', '2026-13-01', '2026-04-31', '2026-01-00'])
    assert.equal(timestampMs(`${text}T00:00:00.000Z`), undefined, text);
  assert.notEqual(timestampMs('2024-02-29T00:00:00.000Z'), undefined);
  for (const text of [
    'T24:00:00.000Z',
    'T23:60:00.000Z',
    'T23:59:60.000Z',
    'T00:00:00.000z',
    ' 00:00:00.000Z',
  ])
    assert.equal(timestampMs(`2026-01-01${text}`), undefined, text);
});

test('parseRecord never throws on hostile bytes', () => {
  const text = canonical(decision);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bytes = Buffer.from(text);
      bytes[at] = byte;
      const result = parseRecord(bytes);
      if (result.ok) assert.equal(canonical(result.value), bytes.toString());
    }),
    { numRuns: 500 },
  );
  assert.equal(parseRecord(Buffer.from(hexOf('x'), 'hex')).ok, false);
});
