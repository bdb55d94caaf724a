import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InspectionFinding } from '../../../src/core/receipt/inspection_facts.ts';
import type { JournalRecord } from '../../../src/core/receipt/records.ts';
import {
  AwaitedInspections,
  END_AFTER_OUTCOME_MS,
  ENDS_AWAITED_MAX,
} from '../../../src/recorder/awaited_inspections.ts';
import { draft } from './workbench.ts';

const ASKED = { inspect: 'auto', max_bytes: 9, on_violation: 'alert' } as const;
type Event =
  | { readonly is: 'decided'; readonly id: string; readonly parts: readonly ('request' | 'response')[] }
  | { readonly is: 'outcome'; readonly id: string }
  | { readonly is: 'inspected'; readonly id: string; readonly facts: InspectionFinding };

const finding = (
  part: 'request' | 'response',
  state: 'mark' | 'complete',
  index: number,
): InspectionFinding => ({
  ...{ part, state, index, format: 'json', bytes_in: 0, bytes_out: 0, digest_in: 'a', digest_out: 'b' },
});

/** Only the members that are folded. */
function recordOf(event: Event, ledger_ms: number): JournalRecord {
  if (event.is === 'outcome') return { type: 'outcome', decision_ref: event.id, ledger_ms } as JournalRecord;
  if (event.is === 'inspected')
    return { type: 'inspection', decision_ref: event.id, ledger_ms, ...event.facts } as JournalRecord;
  const { request } = draft();
  return {
    ...draft({
      receipt_id: event.id,
      request: { ...request, body_state: event.parts.includes('request') ? 'streamed' : 'none' },
      ...(event.parts.includes('response') ? { response: ASKED } : {}),
    }),
    ...{ type: 'decision', ledger_ms },
  } as JournalRecord;
}

const ids = ['a', 'b', 'c'];
const part = fc.constantFrom('request' as const, 'response' as const);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    is: fc.constant('decided' as const),
    id: fc.constantFrom(...ids),
    parts: fc.subarray(['request', 'response'] as const),
  }),
  fc.record({ is: fc.constant('outcome' as const), id: fc.constantFrom(...ids) }),
  fc.record({
    is: fc.constant('inspected' as const),
    id: fc.constantFrom(...ids),
    facts: fc
      .tuple(part, fc.constantFrom('mark' as const, 'complete' as const), fc.nat(4))
      .map((all) => finding(...all)),
  }),
);
const steps = fc.array(fc.tuple(event, fc.constantFrom(0, 1_000, END_AFTER_OUTCOME_MS / 2, END_AFTER_OUTCOME_MS + 1)), { maxLength: 40 }); // biome-ignore format: one line

/** Keeps the whole history and answers from it. */
class Naive {
  readonly #all: { event: Event; at: number }[] = [];

  place(id: string, facts: InspectionFinding, now: number): string {
    const of = this.#all.filter(({ event: one }) => one.id === id);
    const decided = of.find(({ event: one }) => one.is === 'decided')?.event;
    if (decided?.is !== 'decided' || decided.parts.length === 0) return 'unknown';
    const closed = of.find(({ event: one }) => one.is === 'outcome')?.at;
    const found = of.flatMap(({ event: one }) => (one.is === 'inspected' ? [one.facts] : []));
    const ended = (name: string) => found.some((one) => one.part === name && one.state !== 'mark');
    if (closed !== undefined && (decided.parts.every(ended) || now - closed > END_AFTER_OUTCOME_MS))
      return 'unknown';
    if (!decided.parts.includes(facts.part)) return 'refused';
    const mine = found.filter((one) => one.part === facts.part);
    const last = mine.at(-1);
    if (last === undefined) return 'fits';
    const isEnd = facts.state !== 'mark';
    if (last.state === 'mark' && facts.index > last.index) return 'fits';
    if (last.state === 'mark') return isEnd ? 'refused' : 'repeated';
    if (isEnd) return facts.index === last.index ? 'repeated' : 'refused';
    return facts.index <= last.index ? 'repeated' : 'refused';
  }

  add(one: Event, at: number): void {
    this.#all.push({ event: one, at });
  }
}

test('agrees with a reader of the whole history, also over a snapshot at any moment', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (all, cut) => {
      let awaited = new AwaitedInspections();
      const naive = new Naive();
      const decided = new Set<string>();
      const closed = new Set<string>();
      let now = 0;
      for (const [i, [one, pause]] of all.entries()) {
        now += pause;
        if (i === cut) awaited = new AwaitedInspections(structuredClone(awaited.all()));
        // The recorder decides each receipt once and closes what is open, once; nothing but what fits is written.
        if (one.is === 'decided' && decided.has(one.id)) continue;
        if (one.is === 'outcome' && (!decided.has(one.id) || closed.has(one.id))) continue;
        // Time passes for it with each record.
        awaited.fold({ type: 'lifecycle', ledger_ms: now } as JournalRecord);
        if (one.is === 'inspected') {
          const expected = naive.place(one.id, one.facts, now);
          assert.equal(awaited.placeOf(one.id, one.facts).kind, expected, JSON.stringify([all, i]));
          if (expected !== 'fits') continue;
        }
        if (one.is === 'decided') decided.add(one.id);
        if (one.is === 'outcome') closed.add(one.id);
        awaited.fold(recordOf(one, now));
        naive.add(one, now);
      }
    }),
    { numRuns: 500 },
  );
});

test('decisions whose end never comes are given up beyond a bound, oldest outcome first', () => {
  const awaited = new AwaitedInspections();
  for (let i = 0; i <= ENDS_AWAITED_MAX; i++) {
    awaited.fold(recordOf({ is: 'decided', id: `r${i}`, parts: ['response'] }, 1));
    awaited.fold(recordOf({ is: 'outcome', id: `r${i}` }, 1));
  }
  assert.equal(awaited.size, ENDS_AWAITED_MAX);
  assert.equal(awaited.epochOf('r0'), undefined);
  assert.equal(awaited.epochOf('r1'), 'epoch-1');
});
