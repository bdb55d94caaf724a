import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RECORD_CAPS } from '../../../../src/core/receipt/common_fields.ts';
import type { InspectionFacts } from '../../../../src/core/receipt/inspection_facts.ts';
import { checkRecord, parseRecord } from '../../../../src/core/receipt/parse_record.ts';
import { bodyTextOf } from '../../../support/evidence_bundle.ts';
import { canonical, smallLog } from '../../../support/evidence_log.ts';

type Body = Record<string, unknown>;
const log = smallLog();
const record: Body = JSON.parse(bodyTextOf(log.inspection()));

const count = fc.nat();
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const code = fc.constantFrom('DUPLICATE_KEY', 'A', 'SSE_2');
const visible = fc.string({ unit: fc.constantFrom(...'!aZ0_.:/~?'), minLength: 1, maxLength: 64 });
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((one) => !/[\p{Cc}\p{Cs}]/u.test(one));
const usage = fc.record({
  ...{ input: count, cached: count, cache_write: count, cache_write_1h: count },
  ...{ output: count, reasoning: count, audio: count },
});
const settlement = fc.record({
  limit_id: fc.constantFrom('spend/usd', 'base/spend/usd'),
  key_commitment: hex,
  unit: fc.constantFrom('tokens' as const, 'micro_usd' as const),
  ...{ until: count, reserved: count, settled: count },
});

const facts: fc.Arbitrary<InspectionFacts> = fc.record(
  {
    part: fc.constantFrom('request', 'response'),
    state: fc.constantFrom(
      ...(['mark', 'complete', 'client_abort', 'upstream_abort', 'policy_cut'] as const),
      ...(['blocked', 'stripped', 'bypassed'] as const),
    ),
    format: fc.constantFrom('json', 'json_lines', 'sse', 'other'),
    ...{ index: count, bytes_in: count, bytes_out: count, digest_in: hex, digest_out: hex, events: count },
    problem: fc.record(
      { code, pointer: fc.constantFrom('', '/a/0'), offset: count },
      { requiredKeys: ['code'] },
    ),
    model: text,
    usage,
    cost_micro_usd: count,
    tool_calls: fc.array(visible, { maxLength: 128 }),
    settled: fc.array(settlement, { maxLength: RECORD_CAPS.budgets }),
  },
  {
    requiredKeys: ['part', 'state', 'index', 'format', 'bytes_in', 'bytes_out', 'digest_in', 'digest_out'],
  },
);

test('every finding that its type allows is read back as it was written', () => {
  fc.assert(
    fc.property(facts, (found) => {
      const body = { ...record, ...found };
      const read = parseRecord(Buffer.from(canonical(body)));
      assert.ok(read.ok, JSON.stringify(read));
      assert.deepEqual(read.value, JSON.parse(canonical(body)));
    }),
  );
});

test('a finding with one member wrong, strange or missing is refused at that member', () => {
  const known = [...Object.keys(record), 'events', 'problem', 'model', 'usage', 'tool_calls', 'settled'];
  fc.assert(
    fc.property(
      fc.constantFrom(...known),
      fc.constantFrom(null, -1, 1.5, [[]], {}, '\ud800', ['']),
      (name, bad) => {
        const read = checkRecord({ ...record, [name]: bad });
        assert.ok(!read.ok, `${name} as ${JSON.stringify(bad)}`);
        const at = name === 'type' ? '/type' : `/${name}`;
        assert.ok(read.problem.at.startsWith(at), `${read.problem.at} for ${name}`);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), (name) => {
      fc.pre(!Object.hasOwn(record, name) && ![...known, 'cost_micro_usd', 'ext'].includes(name));
      assert.deepEqual(checkRecord({ ...record, [name]: 1 }), {
        ok: false,
        problem: { code: 'VERSION_UNKNOWN', at: `/${name}` },
      });
    }),
  );
});

test('texts that a client or a provider chose are bounded and hold no lone surrogates', () => {
  for (const bad of ['', 'x'.repeat(129), 'a\n', '\ud800', 'a\udc00b', '\udbff'])
    assert.equal(checkRecord({ ...record, model: bad }).ok, false, JSON.stringify(bad));
  for (const good of ['x'.repeat(128), '模型', '\u{1f600}'])
    assert.equal(checkRecord({ ...record, model: good }).ok, true, good);
  for (const bad of [['a b'], ['\u00e9'], ['x'.repeat(65)], Array(129).fill('a')])
    assert.equal(checkRecord({ ...record, tool_calls: bad }).ok, false, JSON.stringify(bad));
  const pointer = (at: string) => ({ ...record, problem: { code: 'X', pointer: at } });
  for (const bad of ['\ud800', '/\u0000', `/${'x'.repeat(256)}`])
    assert.equal(checkRecord(pointer(bad)).ok, false, JSON.stringify(bad));
});
