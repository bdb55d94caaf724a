import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COUNT_KEYS_MAX, DenialFolding, RATE_KEYS_MAX } from '../../../../src/core/ledger/denial_folding.ts';

const SECOND = 1_000_000;
const TS = '2030-01-01T00:00:00.000Z';
const agent = (agent_id: string) => ({ tenant_id: 't', agent_id });

test('agrees with a count by hand: so many a second each are written, the rest is counted, and each once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(
        fc.record({
          gap: fc.constantFrom(0, 0, 0, 300_000, SECOND),
          reason: fc.constantFrom('POLICY_DENY' as const, 'LIMIT_RPS' as const),
          who: fc.constantFrom('a', 'b'),
          flush: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        }),
        { maxLength: 100 },
      ),
      (perSecond, denials) => {
        const folding = new DenialFolding(perSecond, 2 * SECOND);
        const seen: string[] = [];
        let now_us = 1_900_000_000_000_000;
        let written = 0;
        let counted = 0;
        const flush = () => {
          for (const { counts } of folding.take()) for (const { count } of counts) counted += count;
        };
        for (const [i, { gap, reason, who, flush: now }] of denials.entries()) {
          now_us += gap;
          const kind = `${Math.floor(now_us / SECOND)} ${reason} ${who}`;
          const before = seen.filter((one) => one === kind).length;
          seen.push(kind);
          const tooMany = folding.isTooMany(reason, agent(who), now_us);
          assert.equal(tooMany, before >= perSecond);
          if (!tooMany) written++;
          else
            folding.count({ folded: true, reason }, agent(who), { key: `${i}`, digest: '', now_us, ts: TS });
          if (now) flush();
        }
        flush();
        assert.equal(written + counted, denials.length);
      },
    ),
    { numRuns: 200 },
  );
});

test('both memories are bounded, and nothing goes uncounted', () => {
  const folding = new DenialFolding(1, SECOND);
  const many = RATE_KEYS_MAX + 500;
  let tooMany = 0;
  for (let i = 0; i < many; i++) if (folding.isTooMany('POLICY_DENY', agent(`a${i}`), 0)) tooMany++;
  assert.equal(tooMany, 499, 'the first of the others passes');
  for (let i = 0; i < many; i++) {
    const request = { key: `${i}`, digest: '', now_us: 0, ts: TS };
    folding.count({ folded: true, reason: 'POLICY_DENY' }, agent(`a${i}`), request);
  }
  const counts = folding.take().flatMap((record) => record.counts);
  assert.equal(counts.length, COUNT_KEYS_MAX + 1);
  assert.deepEqual(counts.at(-1), { reason: 'POLICY_DENY', count: many - COUNT_KEYS_MAX });
  assert.equal(folding.pending, false);
});

test('sources are addresses without their port', () => {
  const folding = new DenialFolding(1, SECOND);
  for (const source of ['[::1]:4000', '[::1]:4001'])
    folding.count(
      { folded: true, reason: 'IDENTITY_MISSING' },
      { source },
      { key: source, digest: '', now_us: 0, ts: TS },
    );
  assert.deepEqual(folding.take()[0]?.counts, [{ reason: 'IDENTITY_MISSING', count: 2, source: '[::1]' }]);
});
