import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Act,
  type Happening,
  next,
  START,
  type Standing,
} from '../../../../src/server/inspect/conversation.ts';

/** Everything that can be said at any time, sensible or not. */
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'request_headers',
      'request_body',
      'request_trailers',
      'response_body',
      'response_trailers',
    ),
    isLast: fc.boolean(),
  }) as fc.Arbitrary<Happening>,
  fc.record({
    kind: fc.constant('response_headers'),
    isLast: fc.boolean(),
    origin: fc.constantFrom('destination', 'too_large', 'envoy'),
  }) as fc.Arbitrary<Happening>,
  fc.record({
    kind: fc.constant('opened'),
    way: fc.constantFrom('whole', 'streamed', 'at_once'),
  }) as fc.Arbitrary<Happening>,
  fc.record({ kind: fc.constant('decided'), isAllowed: fc.boolean() }) as fc.Arbitrary<Happening>,
  fc.record({
    kind: fc.constant('answered'),
    way: fc.constantFrom('whole', 'stream', 'pass', 'refused'),
  }) as fc.Arbitrary<Happening>,
  fc.constantFrom<Happening>({ kind: 'cut' }, { kind: 'slow' }, { kind: 'gone' }),
);
/** Envoy alone: what the work comes to follows from a number. */
const said = happening.filter(({ kind }) => !['opened', 'decided', 'answered', 'cut'].includes(kind));

const DECISIONS: readonly Act[] = ['decide', 'decide_trailers', 'decide_too_large', 'time_out', 'abandon'];
const SENDS: readonly Act[] = ['read_request', 'begin_answer', 'read_answer'];

/** Does what is asked for, as the number says it comes out. */
function played(events: readonly Happening[], luck: readonly number[]) {
  const acts: Act[] = [];
  const decisions: boolean[] = [];
  let standing: Standing = START;
  let at = 0;
  const roll = (n: number) => (luck[at++ % luck.length] ?? 0) % n;
  for (const event of events) {
    let now: Happening | undefined = event;
    while (now !== undefined) {
      const step = next(standing, now);
      standing = step.standing;
      acts.push(step.act);
      if (SENDS.includes(step.act))
        assert.equal(decisions.at(-1), true, `${step.act} without a recorded allow`);
      now = outcome(step.act);
    }
  }
  return { acts, decisions, standing };

  function outcome(act: Act): Happening | undefined {
    if (act === 'open') {
      const way = (['whole', 'streamed', 'at_once'] as const)[roll(4)];
      if (way !== undefined) return { kind: 'opened', way };
      decisions.push(false);
      return { kind: 'decided', isAllowed: false };
    }
    if (act === 'abandon') decisions.push(false);
    if (act === 'fail') return { kind: 'gone' };
    if (act === 'time_out' || act === 'decide_too_large') {
      decisions.push(false);
      return { kind: 'decided', isAllowed: false };
    }
    if (DECISIONS.includes(act) && act !== 'abandon') {
      const isAllowed = roll(2) === 0;
      decisions.push(isAllowed);
      return { kind: 'decided', isAllowed };
    }
    if (act === 'begin_answer')
      return { kind: 'answered', way: (['whole', 'stream', 'pass', 'refused'] as const)[roll(4)] ?? 'pass' };
    if ((act === 'read_request' || act === 'read_answer') && roll(5) === 0) return { kind: 'cut' };
    return undefined;
  }
}

test('whatever is said in whatever order, a request is decided once and goes on by an allow alone', () => {
  fc.assert(
    fc.property(
      fc.array(said, { maxLength: 14 }),
      fc.array(fc.nat(100), { minLength: 1, maxLength: 12 }),
      (events, luck) => {
        const { decisions, acts } = played([...events, { kind: 'gone' }, { kind: 'gone' }], luck);
        assert.ok(decisions.length <= 1, `decided ${decisions.length} times`);
        const opened = acts.includes('open');
        if (opened) assert.equal(decisions.length, 1, 'a request that was opened is decided in the end');
      },
    ),
    { numRuns: 2_000 },
  );
});

test('it is total: nonsense from within forwards nothing, too', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 20 }), (events) => {
      let standing = START;
      let decided = 0;
      let isAllowed = false;
      for (const event of events) {
        const step = next(standing, event);
        // Only what was asked for can be done: a decision that nobody asked for stands for nothing.
        if (event.kind === 'decided' && step.act !== 'fail' && standing.request === 'deciding')
          isAllowed = event.isAllowed;
        if (DECISIONS.includes(step.act)) decided++;
        if (['read_request', 'read_answer'].includes(step.act))
          assert.ok(isAllowed, 'nothing is read on without an allow');
        standing = step.standing;
      }
      assert.ok(decided <= 2, 'a decision, and perhaps its work was cut short');
    }),
    { numRuns: 2_000 },
  );
});

test('the ways of Envoy', () => {
  const acts = (...events: Happening[]) => played(events, [0]).acts.filter((act) => act !== 'nothing');
  const headers = { kind: 'request_headers', isLast: false } as const;
  const body = { kind: 'request_body', isLast: true } as const;
  const answer = { kind: 'response_headers', isLast: false, origin: 'destination' } as const;
  const gone = { kind: 'gone' } as const;
  assert.deepEqual(acts(headers, body, answer, gone), ['open', 'decide', 'begin_answer', 'close']);
  assert.deepEqual(acts(headers, gone), ['open', 'abandon']);
  assert.deepEqual(acts(headers, { kind: 'slow' }, gone), ['open', 'time_out', 'close']);
  assert.deepEqual(acts(headers, { ...body, isLast: false }), ['open', 'decide_trailers']);
  assert.deepEqual(acts(headers, { ...answer, origin: 'too_large' }), ['open', 'decide_too_large']);
  assert.deepEqual(acts({ ...answer, origin: 'envoy' }, gone), ['pass', 'abandon']);
  assert.deepEqual(acts(body), ['fail', 'close']);
  assert.deepEqual(acts(headers, headers, gone), ['open', 'fail', 'abandon']);
  assert.deepEqual(acts(headers, body, body), ['open', 'decide', 'fail', 'close']);
});
