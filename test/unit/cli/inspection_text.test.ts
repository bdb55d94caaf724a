import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionNote } from '../../../src/cli/inspection_text.ts';
import type { Receipt } from '../../../src/cli/journal_reader.ts';
import { explanation } from '../../../src/cli/receipt_text.ts';
import { parseRecord } from '../../../src/core/receipt/parse_record.ts';
import type { DecisionRecord, InspectionRecord, OutcomeRecord } from '../../../src/core/receipt/records.ts';
import { bodyTextOf } from '../../support/evidence_bundle.ts';
import { DEMANDS, EvidenceLog } from '../../support/evidence_log.ts';

type Members = Record<string, unknown>;

function recordOf<T>(line: Uint8Array): T {
  const parsed = parseRecord(Buffer.from(bodyTextOf(line)));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value as T;
}

/** A decision with what became of it; `outcome: undefined` leaves it open. */
function receipt(decided: Members, inspections: readonly Members[] = [], outcome?: Members): Receipt {
  const log = new EvidenceLog();
  log.genesis();
  log.delegate();
  const line = log.decision(decided);
  const found = inspections.map((one) => recordOf<InspectionRecord>(log.inspection(one)));
  return {
    decision: { record: recordOf<DecisionRecord>(line), segment: 's', line },
    ...(found.length === 0 ? {} : { inspections: found }),
    ...(outcome === undefined ? {} : { outcome: recordOf<OutcomeRecord>(log.outcome(outcome)) }),
  };
}

const REQUEST = {
  ...{ mode: 'explicit', visibility: 'full', protocol: 'http', method: 'POST', scheme: 'http' },
  ...{ authority: 'api.example', host_kind: 'name', port: 80, path: '/', body_state: 'complete' },
};
const HASH = `sha256:${'ab'.repeat(32)}`;

test('why says what was found in a body', () => {
  const body = {
    ...{ state: 'complete', bytes: 41, format: 'json' },
    schemas: [
      { schema_hash: HASH, is_valid: false, pointer: '/amount', keyword: 'maximum' },
      { schema_hash: HASH, is_valid: true },
    ],
    repair: {
      edits: [
        { offset: 3, kind: 'trailing_comma', removed: 1, inserted: 0 },
        { offset: 9, kind: 'trailing_comma', removed: 1, inserted: 0 },
      ],
      bytes: 39,
    },
    ai: { kind: 'llm', provider: 'openai', endpoint: 'chat', model: 'gpt-4o', tools: ['search'], input_tokens: 12, max_output_tokens: 64, cost_at_most_micro_usd: 1_500 }, // biome-ignore format: one line
  };
  const text = explanation(receipt({ request: { ...REQUEST, body } }));
  assert.match(text, /^body {8}json, 41 bytes, all read before anything went on$/m);
  assert.match(text, /^schema {6}sha256:(ab)+: broken at \/amount \(maximum\)$/m);
  assert.match(text, /^schema {6}sha256:(ab)+: honoured$/m);
  assert.match(text, /^repaired {4}2 edits \(trailing_comma\); 39 bytes were judged and forwarded$/m);
  assert.match(
    text,
    /^AI {10}llm openai chat gpt-4o; tools search; about 12 tokens in, at most 64 out; at most \$0\.001500$/m,
  );
  const broken = { ...body, problem: { code: 'DUPLICATE_KEY', pointer: '', offset: 7 } };
  assert.match(
    explanation(receipt({ request: { ...REQUEST, body: broken } })),
    /^body {8}DUPLICATE_KEY at the top \(byte 7\)$/m,
  );
});

test('why says what was found in an answer, by its last record', () => {
  const usage = {
    input: 10,
    cached: 4,
    cache_write: 0,
    cache_write_1h: 0,
    output: 20,
    reasoning: 0,
    audio: 0,
  };
  const settled = [
    {
      limit_id: 'spend/usd',
      key_commitment: 'ab'.repeat(32),
      unit: 'micro_usd',
      until: 9,
      reserved: 600,
      settled: 50,
    },
    {
      limit_id: 'talk/tokens',
      key_commitment: 'ab'.repeat(32),
      unit: 'tokens',
      until: 9,
      reserved: 700,
      settled: 30,
    },
  ];
  const last = {
    ...{ index: 1, state: 'policy_cut', events: 5, model: 'gpt-4o-2024', usage, cost_micro_usd: 50, settled },
    ...{ tool_calls: ['search', 'pay'], problem: { code: 'TOOL_REFUSED', pointer: '/choices/0' } },
  };
  const told = receipt({ response: DEMANDS }, [{ state: 'mark', bytes_in: 1 }, last], {});
  const text = explanation(told);
  assert.match(text, /^answer {6}CUT by policy; sse, 5 events, 12 bytes came, 10 went on, 2 records$/m);
  assert.match(text, /^problem {5}TOOL_REFUSED at \/choices\/0$/m);
  assert.match(text, /^model {7}gpt-4o-2024$/m);
  assert.match(text, /^usage {7}10 tokens in \(4 cached\), 20 out, \$0\.000050$/m);
  assert.match(text, /^calls {7}search, pay$/m);
  assert.match(text, /^settled {5}spend\/usd: \$0\.000050 of \$0\.000600 reserved$/m);
  assert.match(text, /^settled {5}talk\/tokens: 30 tokens of 700 tokens reserved$/m);
  assert.doesNotMatch(text, /NO END/);
  assert.equal(inspectionNote(told), '  (answer policy_cut)');
});

test('what policy ended says so', () => {
  const cut = receipt({ response: DEMANDS }, [{ state: 'policy_cut' }], { cause: 'answer_cut' });
  assert.match(explanation(cut), /^cause {7}policy ended the answer in the middle$/m);
});

test('a call that no rule allows is told that rules ask for more than its path', () => {
  const denied = { verdict: 'deny', reason: 'POLICY_NO_MATCH', rule_id: undefined };
  const body = { state: 'complete', bytes: 2, format: 'json' };
  const call = { ...body, ai: { kind: 'mcp', method: 'tools/call', target: 'drop' } };
  assert.match(explanation(receipt({ ...denied, request: { ...REQUEST, body: call } })), /in the row AI/);
  assert.doesNotMatch(explanation(receipt({ ...denied, request: { ...REQUEST, body } })), /in the row AI/);
});

test('a denial for a body says to the operator what would let it pass', () => {
  const body = { state: 'complete', bytes: 2, format: 'json', problem: { code: 'BODY_TOO_LARGE' } };
  const denied = { verdict: 'deny', reason: 'BODY_TOO_LARGE', rule_id: 'refunds' };
  const text = explanation(receipt({ ...denied, request: { ...REQUEST, body } }));
  assert.match(text, /^next {8}To take it: raise request\.max_bytes of the rule refunds/m);
});

test('an answer whose end was never recorded is told, once its outcome is known', () => {
  const mark = { state: 'mark' };
  for (const found of [[], [mark]]) {
    const lost = receipt({ response: DEMANDS }, found, { state: 'unknown' });
    assert.match(explanation(lost), /^answer {6}NO END OF ITS INSPECTION IS RECORDED: /m);
    assert.equal(inspectionNote(lost), '  (no end of the answer)');
    const open = receipt({ response: DEMANDS }, found);
    assert.match(explanation(open), /^answer {6}inspected while it passes; its end is not recorded yet$/m);
    assert.equal(inspectionNote(open), '');
  }
  const streamed = receipt({ request: { ...REQUEST, body_state: 'streamed' } }, [], {});
  assert.match(explanation(streamed), /^streamed {4}NO END/m);
});

test('nothing is missing of an answer that ended, was never sent, was denied, or that nobody asked about', () => {
  const cases = [
    receipt({ response: DEMANDS }, [{}], {}),
    receipt({ response: DEMANDS }, [], { state: 'not_sent' }),
    receipt({ response: DEMANDS, verdict: 'deny', reason: 'POLICY_DENY' }),
    receipt({}, [], {}),
  ];
  for (const one of cases) {
    assert.doesNotMatch(explanation(one), /NO END|not recorded yet/);
    assert.equal(inspectionNote(one), '');
  }
});
