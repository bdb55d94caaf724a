/** The judge of the fault suite must be able to say no: one lie at a time, told to evidence that holds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sent } from '../../support/fault_client.ts';
import type { Placed } from '../../support/fault_journal.ts';
import { type Code, type Evidence, judge } from '../../support/fault_judge.ts';
import type { NaiveRecord } from '../../support/naive_journal.ts';

const SEGMENT = '000000000000-aaaa.jsonl';
const LINE_BYTES = 1_000;

function journalOf(...records: NaiveRecord[]): Placed[] {
  return records.map((record, index) => ({
    record,
    segment: SEGMENT,
    end: (index + 1) * LINE_BYTES,
    body: new Uint8Array(),
  }));
}

const decision = (nonce: string, verdict: string, more: NaiveRecord = {}): NaiveRecord => ({
  type: 'decision',
  receipt_id: `r-${nonce}`,
  request_id: `q-${nonce}`,
  verdict,
  source: '127.0.0.1:1',
  request: { protocol: 'http', path: `/hello/${nonce}` },
  ...more,
});
const outcome = (nonce: string, state = 'completed'): NaiveRecord => ({
  type: 'outcome',
  decision_ref: `r-${nonce}`,
  state,
});
const sent = (nonce: string, status: number, more: Partial<Sent> = {}): Sent => ({
  nonce,
  kind: 'allow',
  started: 0,
  ended: 1,
  status,
  ...(status === 503 || status === 0 ? {} : { receipt: `r-${nonce}` }),
  ...more,
});
const line = (nonce: string) => ({
  epoch: 'e',
  request_id: `q-${nonce}`,
  receipt_id: `r-${nonce}`,
  code: 200,
});
const gap = (count: number): NaiveRecord => ({
  type: 'lifecycle',
  lifecycle: 'gap',
  counts: [{ cause: 'gateway_unavailable', count }],
});

const aggregate = (count: number): NaiveRecord => ({ ...gap(count), lifecycle: 'aggregate' });
/** A denial that was answered without a receipt and is counted `count` times. */
function folding(count: number, more: NaiveRecord[] = []): Evidence {
  const { sent: others, journal, envoy, ...rest } = honest();
  const { receipt: _, ...unnamed } = sent('f', 403);
  return {
    ...rest,
    sent: [...others, unnamed],
    journal: [...journal, ...journalOf(aggregate(count), ...more)],
    envoy: { ...envoy, lines: [...envoy.lines, { ...line('f'), receipt_id: 'folded' }] },
  };
}

/** A tunnel that the gateway opened, an allowed and a denied request inside; changed as told. */
function intercepted({
  inner = {},
  parent = {},
  hits = ['i.0'],
}: {
  inner?: NaiveRecord;
  parent?: NaiveRecord;
  hits?: string[];
} = {}): Evidence {
  const evidence = honest();
  const source = '127.29.0.2:7';
  const identity = { agent_id: 'one' };
  const outer = { source, identity, request: { protocol: 'connect', tls: 'intercept' }, ...parent };
  const inside = (nonce: string, verdict: string) =>
    decision(nonce, verdict, {
      ...{ identity, parent_decision: 'r-i', source: '127.29.0.2:0' },
      request: { protocol: 'http', mode: 'intercepted', path: `/hello/${nonce}` },
      ...inner,
    });
  return {
    ...evidence,
    sent: [
      ...evidence.sent,
      sent('i', 200, { source }),
      sent('i.0', 200, { tunnel: 'i' }),
      sent('i.1', 403, { tunnel: 'i' }),
    ],
    hits: [...evidence.hits, ...hits.map((nonce) => ({ ...hit(nonce), secure: true as const }))],
    journal: [
      ...evidence.journal,
      ...journalOf(
        decision('i', 'allow', outer),
        inside('i.0', 'allow'),
        inside('i.1', 'deny'),
        outcome('i'),
        outcome('i.0'),
      ),
    ],
    envoy: { ...evidence.envoy, lines: [...evidence.envoy.lines, line('i'), line('i.0'), line('i.1')] },
  };
}

/** An allowed, a denied, an unanswered and a tunnelled request, and nobody lies. */
function honest(): Evidence & { journal: Placed[] } {
  const tunnel = { source: '127.29.0.1:7', request: { protocol: 'connect' } };
  return {
    sent: [sent('a', 200), sent('d', 403), sent('u', 503), sent('t', 200, { source: '127.29.0.1:7' })],
    hits: [
      { nonce: 'a', journal: { segment: SEGMENT, bytes: LINE_BYTES } },
      { nonce: 't', journal: { segment: SEGMENT, bytes: 3 * LINE_BYTES } },
    ],
    journal: journalOf(
      decision('a', 'allow'),
      decision('d', 'deny'),
      decision('t', 'allow', tunnel),
      outcome('a'),
      outcome('t'),
      gap(1),
    ),
    envoy: { lines: [line('a'), line('d'), line('u'), line('t')], beside: new Set(), damaged: 0 },
    logLost: false,
  };
}

const codes = (evidence: Evidence): Code[] => judge(evidence).findings.map(({ code }) => code);
const without = (gone: (record: NaiveRecord) => boolean): Evidence => ({
  ...honest(),
  journal: honest().journal.filter(({ record }) => !gone(record)),
});
const isDecision = (nonce: string) => (record: NaiveRecord) =>
  record['type'] === 'decision' && record['receipt_id'] === `r-${nonce}`;
const hit = (nonce: string, bytes = 9 * LINE_BYTES) => ({ nonce, journal: { segment: SEGMENT, bytes } });

describe('the judge', () => {
  it('finds nothing where nobody lies', () => {
    assert.deepEqual(judge(honest()), {
      findings: [],
      requests: 4,
      hits: 2,
      inside: 0,
      decisions: 3,
      allows: 2,
      redirected: 0,
      sockets: 0,
      undecided: 1,
      gaps: 1,
      folded: 0,
      aggregated: 0,
      unknown: 0,
      read: 0,
      unread: 0,
    });
  });

  it('finds nothing where nobody lies inside', () => {
    const { findings, inside } = judge(intercepted());
    assert.deepEqual({ findings, inside }, { findings: [], inside: 1 });
  });

  const lies: readonly [string, Code, () => Evidence][] = [
    ['a request went out and its record is gone', 'HIT_WITHOUT_ALLOW', () => without(isDecision('a'))],
    ['a tunnel went out and its record is gone', 'HIT_WITHOUT_ALLOW', () => without(isDecision('t'))],
    [
      'a denied request went out',
      'HIT_WITHOUT_ALLOW',
      () => ({ ...honest(), hits: [...honest().hits, hit('d')] }),
    ],
    ['one went out twice', 'HIT_TWICE', () => ({ ...honest(), hits: [...honest().hits, hit('a')] })],
    [
      'one went out before its line was there',
      'HIT_BEFORE_RECORD',
      () => ({ ...honest(), hits: [hit('a', LINE_BYTES - 1)] }),
    ],
    [
      'its line came in a later segment',
      'HIT_BEFORE_RECORD',
      () => ({ ...honest(), hits: [{ nonce: 'a', journal: { segment: '-', bytes: 10 * LINE_BYTES } }] }),
    ],
    [
      'one was decided twice',
      'DECIDED_TWICE',
      () => ({ ...honest(), journal: [...honest().journal, ...journalOf(decision('a', 'allow'))] }),
    ],
    ['a denial was answered and not recorded', 'ANSWER_WITHOUT_DECISION', () => without(isDecision('d'))],
    [
      'an answer names a receipt that nobody wrote',
      'RECEIPT_UNKNOWN',
      () => ({ ...honest(), sent: [sent('a', 200, { receipt: 'r-x' })] }),
    ],
    [
      'a denied request got a good answer',
      'ANSWER_CONTRADICTS',
      () => ({ ...honest(), sent: [sent('d', 200)] }),
    ],
    ['an allowed one was refused', 'ANSWER_CONTRADICTS', () => ({ ...honest(), sent: [sent('a', 403)] })],
    [
      'an allow was closed twice',
      'OUTCOME_TWICE',
      () => ({ ...honest(), journal: [...honest().journal, ...journalOf(outcome('a'))] }),
    ],
    [
      'an allow was never closed',
      'OUTCOME_MISSING',
      () => without(({ decision_ref }) => decision_ref === 'r-a'),
    ],
    [
      'closed as not sent, and the upstream saw it',
      'OUTCOME_CONTRADICTS',
      () => ({
        ...honest(),
        journal: [
          ...honest().journal.slice(0, 3),
          ...journalOf(outcome('a', 'not_sent'), outcome('t'), gap(1)),
        ],
      }),
    ],
    ['closed as completed, and nobody saw it', 'OUTCOME_CONTRADICTS', () => ({ ...honest(), hits: [] })],
    [
      'a decision that Envoy never asked for',
      'LOG_LINE_MISSING',
      () => ({
        ...honest(),
        envoy: { lines: [line('a'), line('u'), line('t')], beside: new Set(), damaged: 0 },
      }),
    ],
    [
      'an unanswered request was counted twice',
      'GAP_MISCOUNTED',
      () => ({ ...honest(), journal: [...honest().journal, ...journalOf(gap(1))] }),
    ],
    [
      'a request came out of a tunnel, and only the tunnel was allowed',
      'HIT_WITHOUT_ALLOW',
      () => intercepted({ hits: ['i.0', 'i.2'] }),
    ],
    [
      'a request that was denied inside came out',
      'HIT_WITHOUT_ALLOW',
      () => intercepted({ hits: ['i.0', 'i.1'] }),
    ],
    [
      'one came out of a tunnel on the word of a decision that knows of none',
      'HIT_WITHOUT_ALLOW',
      () => intercepted({ inner: { request: { protocol: 'http', path: '/hello/i.0' } } }),
    ],
    [
      'a decision inside names no tunnel',
      'PARENT_WRONG',
      () => intercepted({ inner: { parent_decision: undefined } }),
    ],
    [
      'it names the tunnel of another client',
      'PARENT_WRONG',
      () => intercepted({ inner: { parent_decision: 'r-t' } }),
    ],
    [
      'the tunnel that it names was denied',
      'PARENT_WRONG',
      () => intercepted({ parent: { verdict: 'deny' } }),
    ],
    [
      'the tunnel that it names was not to be opened',
      'PARENT_WRONG',
      () => intercepted({ parent: { request: { protocol: 'connect', tls: 'raw' } } }),
    ],
    [
      'the tunnel that it names is of another agent',
      'PARENT_WRONG',
      () => intercepted({ parent: { identity: { agent_id: 'other' } } }),
    ],
    ['a folded denial was not counted', 'AGGREGATE_WRONG', () => folding(0)],
    ['one was counted twice', 'AGGREGATE_WRONG', () => folding(2)],
    [
      'a denial without a receipt that Envoy does not call folded',
      'ANSWER_WITHOUT_DECISION',
      () => ({ ...folding(1), envoy: honest().envoy }),
    ],
    [
      'an unanswered request was not counted',
      'GAP_MISCOUNTED',
      () => without(({ lifecycle }) => lifecycle === 'gap'),
    ],
  ];
  for (const [name, code, evidence] of lies) {
    it(name, () => assert.ok(codes(evidence()).includes(code), `${codes(evidence())}`));
  }

  it('takes folded denials for answered, and lost counts for lost after a crash', () => {
    assert.deepEqual(codes(folding(1)), []);
    assert.deepEqual(codes(folding(0, [{ lifecycle: 'recovery', aggregate_window_ms: 2_000 }])), []);
  });

  it('takes lost log lines for what they are when a log was lost', () => {
    const evidence = honest();
    const journal = [
      ...evidence.journal.slice(0, 3),
      ...journalOf(outcome('a', 'unknown'), outcome('t'), gap(1)),
    ];
    const lost = {
      ...evidence,
      journal,
      envoy: { lines: [line('u'), line('t')], beside: new Set<string>(), damaged: 0 },
    };
    assert.deepEqual(codes({ ...lost, logLost: true }), []);
    assert.deepEqual(codes(lost), ['LOG_LINE_MISSING', 'LOG_LINE_MISSING']);
  });

  it('takes a decision for closed by what is left of its lines, when a log was lost', () => {
    const { envoy, ...rest } = honest();
    const lines = envoy.lines.filter(({ request_id }) => request_id !== 'q-t');
    const told = { ...rest, envoy: { lines, beside: new Set(['r-t']), damaged: 0 } };
    assert.deepEqual(codes({ ...told, logLost: true }), []);
    assert.deepEqual(codes(told), ['LOG_LINE_MISSING']);
  });

  it('takes one folded denial more for each that nobody heard of', () => {
    const unheard = sent('n', 503, { kind: 'denied' });
    const evidence = folding(2, [gap(1)]);
    const envoy = { ...evidence.envoy, lines: [...evidence.envoy.lines, line('n')] };
    const told = { ...evidence, envoy, sent: [...evidence.sent, unheard] };
    assert.deepEqual(codes(told), []);
    assert.deepEqual(codes({ ...told, journal: folding(3, [gap(1)]).journal }), ['AGGREGATE_WRONG']);
  });
});
