import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerWay } from '../../../../src/core/answer/answer_way.ts';
import type { ResponseDemands } from '../../../../src/core/contract/demands.ts';
import { MODELS } from './models.ts';
import { jobOf, run, sha } from './scripts.ts';

const SSE = 'text/event-stream';
const JSON_TYPE = 'application/json';
const TOOLS = { tool_calls: { deny: ['x'] } };
const ai = MODELS['chat']?.ai ?? { kind: 'unknown' as const };

type Row = readonly [
  about: string,
  job: {
    readonly type?: string;
    readonly status?: number;
    readonly ai?: typeof ai;
    readonly headers?: readonly { name: string; value: string }[];
  },
  demands: Partial<ResponseDemands>,
  way: string,
];
const two = (name: string, ...values: readonly string[]) => values.map((value) => ({ name, value }));

const ROWS: readonly Row[] = [
  ['JSON is held', { type: JSON_TYPE }, {}, 'whole json'],
  ['with parameters and capitals', { type: 'Application/Problem+JSON; charset="UTF-8"' }, {}, 'whole json'],
  ['text/json is JSON', { type: 'text/json' }, {}, 'whole json'],
  ['events are a stream', { type: 'text/event-stream;charset=utf-8' }, {}, 'stream sse read'],
  ['lines are a stream', { type: 'application/x-ndjson' }, { inspect: 'sse' }, 'stream json_lines read'],
  ['anything else is counted', { type: 'image/png' }, {}, 'stream other unread'],
  ['no type is counted', {}, {}, 'stream other unread'],
  ['JSON was asked, events come', { type: SSE }, { inspect: 'json' }, 'refuse ANSWER_TYPE_MISMATCH'],
  ['JSON was asked, HTML comes', { type: 'text/html' }, { inspect: 'json' }, 'refuse ANSWER_TYPE_MISMATCH'],
  ['JSON was asked, nothing is said', {}, { inspect: 'json' }, 'refuse ANSWER_TYPE_MISMATCH'],
  ['events were asked, JSON comes', { type: JSON_TYPE }, { inspect: 'sse' }, 'refuse ANSWER_TYPE_MISMATCH'],
  [
    'two types',
    { headers: two('content-type', JSON_TYPE, SSE) },
    { inspect: 'json' },
    'refuse ANSWER_TYPE_MISMATCH',
  ],
  ['two types in one', { type: `${JSON_TYPE}, ${SSE}` }, { inspect: 'json' }, 'refuse ANSWER_TYPE_MISMATCH'],
  [
    'a schema, and nothing to read',
    { type: 'text/html' },
    { schemas: ['sha256:flat'] },
    'refuse ANSWER_TYPE_MISMATCH',
  ],
  ['events cannot be stripped', { type: SSE }, { strip: ['/a'] }, 'refuse ANSWER_TYPE_MISMATCH'],
  ['a range of JSON', { type: JSON_TYPE, status: 206 }, { strip: ['/card'] }, 'refuse ANSWER_PARTIAL'],
  ['a range, JSON asked', { type: JSON_TYPE, status: 206 }, { inspect: 'json' }, 'refuse ANSWER_PARTIAL'],
  ['a difference', { type: JSON_TYPE, status: 226 }, { schemas: ['sha256:flat'] }, 'refuse ANSWER_PARTIAL'],
  ['a range of events', { type: SSE, status: 206, ai }, TOOLS, 'refuse ANSWER_PARTIAL'],
  ['a range that is counted alone', { type: 'image/png', status: 206 }, {}, 'stream other unread'],
  ['another charset', { type: `${JSON_TYPE}; charset=utf-7` }, {}, 'refuse ANSWER_CHARSET'],
  ['two charsets', { type: `${SSE}; charset=utf-8; charset=utf-8` }, {}, 'refuse ANSWER_CHARSET'],
  ['a charset spelled with a space', { type: `${JSON_TYPE}; charset =utf-16` }, {}, 'refuse ANSWER_CHARSET'],
  ['compressed', { headers: two('Content-Encoding', 'gzip') }, {}, 'refuse ANSWER_ENCODED'],
  [
    'compressed behind identity',
    { headers: two('content-encoding', 'identity', 'br') },
    {},
    'refuse ANSWER_ENCODED',
  ],
  [
    'compressed, and an alert',
    { headers: two('content-encoding', 'gzip') },
    { on_violation: 'alert' },
    'refuse ANSWER_ENCODED',
  ],
  [
    'bypassed by the rule',
    { headers: two('content-encoding', 'gzip') },
    { on_encoded: 'bypass', ...TOOLS },
    'stream other bypassed',
  ],
  ['identity is no encoding', { headers: two('content-encoding', 'Identity') }, {}, 'stream other unread'],
  [
    'longer than allowed',
    { headers: [...two('content-type', JSON_TYPE), ...two('content-length', '1000001')] },
    {},
    'refuse ANSWER_TOO_LARGE',
  ],
  [
    'as long as allowed',
    { headers: [...two('content-type', JSON_TYPE), ...two('content-length', '1000000')] },
    {},
    'whole json',
  ],
  ['tools of no model', { type: SSE }, TOOLS, 'refuse TOOL_CALL_UNREADABLE'],
  ['tools of a model', { type: SSE, ai }, TOOLS, 'stream sse read'],
  [
    'tools of a model whose format is not known',
    { type: SSE, ai: { kind: 'llm', endpoint: 'chat' } },
    TOOLS,
    'refuse TOOL_CALL_UNREADABLE',
  ],
  ['tools in a page', { type: 'text/html', ai }, TOOLS, 'refuse ANSWER_TYPE_MISMATCH'],
  ['an alert holds nothing', { type: JSON_TYPE }, { on_violation: 'alert' }, 'stream json read'],
  [
    'an alert refuses no type',
    { type: SSE },
    { inspect: 'json', on_violation: 'alert' },
    'stream sse read ANSWER_TYPE_MISMATCH',
  ],
  ['no body', { type: JSON_TYPE, status: 204 }, { inspect: 'json' }, 'pass'],
  ['not modified', { status: 304 }, { inspect: 'json', notarize: true }, 'pass'],
  ['an error reaches the client', { type: 'text/html', status: 502 }, { inspect: 'json' }, 'pass'],
  [
    'an error that is notarised',
    { type: JSON_TYPE, status: 429 },
    { inspect: 'json', notarize: true },
    'stream other unread',
  ],
  [
    'an error, compressed',
    { status: 400, headers: two('content-encoding', 'gzip') },
    { inspect: 'json' },
    'pass',
  ],
];

for (const [about, job, demands, expected] of ROWS)
  test(`way: ${about}`, () => {
    const way = answerWay(jobOf({ ...job, demands }));
    const told = [
      way.way,
      ...(way.way === 'whole' || way.way === 'stream' ? [way.format] : []),
      ...(way.way === 'stream' ? [way.reading] : []),
      ...('problem' in way && way.problem !== undefined ? [way.problem.code] : []),
    ];
    assert.equal(told.join(' '), expected);
  });

test('what is refused is recorded, once', () => {
  const got = run(jobOf({ type: SSE, demands: { inspect: 'json' } }), ['', 'more']);
  const empty = sha('');
  assert.deepEqual(got.facts, [
    {
      part: 'response',
      state: 'blocked',
      index: 0,
      format: 'sse',
      bytes_in: 0,
      bytes_out: 0,
      digest_in: empty,
      digest_out: empty,
      problem: { code: 'ANSWER_TYPE_MISMATCH' },
    },
  ]);
  assert.equal(got.forward.length, 0);
});

test('what is bypassed is counted and hashed, whatever it is', () => {
  const headers = two('content-encoding', 'gzip');
  const text = 'x'.repeat(2_000_000);
  const got = run(jobOf({ headers, demands: { on_encoded: 'bypass' } }), [text, 'y']);
  const digest = sha(`${text}y`);
  assert.deepEqual(got.facts, [
    {
      part: 'response',
      state: 'bypassed',
      index: 0,
      format: 'other',
      bytes_in: 2_000_001,
      bytes_out: 2_000_001,
      digest_in: digest,
      digest_out: digest,
    },
  ]);
  assert.equal(got.forward.length, 2_000_001);
});

test('a call that the provider refuses has used nothing; one that broke there may have', () => {
  const usageOf = (status: number) => run(jobOf({ status, ai, demands: { usage: true } }), ['{}']).facts[0];
  assert.deepEqual([usageOf(429)?.usage?.input, usageOf(429)?.cost_micro_usd], [0, 0]);
  for (const status of [408, 499, 500, 529]) assert.equal(usageOf(status)?.usage, undefined, String(status));
  const broken = run(jobOf({ status: 429, ai, demands: { usage: true } }), ['{'], { abort: 'upstream' });
  assert.equal(broken.facts[0]?.usage, undefined);
});

test('bytes that nobody reads are bounded all the same, unless they are an error', () => {
  const demands = { max_bytes: 10, notarize: true } as const;
  const cut = run(jobOf({ type: 'image/png', demands }), ['12345', '6789012']);
  assert.deepEqual(
    [cut.end, cut.forward.length, cut.facts[0]?.state, cut.facts[0]?.bytes_in],
    ['cut', 10, 'policy_cut', 11],
  );
  assert.equal(run(jobOf({ status: 500, demands }), ['123456789012']).end, 'complete');
});
