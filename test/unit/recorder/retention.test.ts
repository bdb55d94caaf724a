/**
 * Promise: retention takes what is over a bound and only what the floor allows, oldest first and without a gap. Judged by
 * a naive account over random journals.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { dueForRetirement, hasBounds } from '../../../src/recorder/retention.ts';
import type { SegmentFile } from '../../../src/recorder/segments.ts';

const folder = mkdtempSync(join(tmpdir(), 'clawgress-retention-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Piece {
  readonly records: number;
  readonly bytes: number;
  readonly packed: boolean;
}

function journalOf(pieces: readonly Piece[]): SegmentFile[] {
  let first_seq = 0;
  return pieces.map(({ records, bytes, packed }, i) => {
    const name = `${String(first_seq).padStart(12, '0')}-00000000.jsonl`;
    const path = join(folder, `${i}`);
    writeFileSync(path, Buffer.alloc(bytes));
    const segment = { name, path, first_seq, log_prefix: '00000000', packed };
    first_seq += records;
    return segment;
  });
}

const PIECES = fc.array(
  fc.record({
    records: fc.integer({ min: 1, max: 9 }),
    bytes: fc.nat(50),
    packed: fc.boolean(),
  }),
  { maxLength: 7 },
);

test('by size: only what the floor allows goes, oldest first, until the rest fits', () => {
  fc.assert(
    fc.property(
      PIECES,
      fc.integer({ min: 1, max: 250 }),
      fc.nat(60),
      fc.nat(60),
      fc.boolean(),
      (pieces, max, checkpoint_size, base_first_seq, compress_segments) => {
        const segments = journalOf(pieces);
        const rules = { retention_days: 0, journal_max_bytes: max, compress_segments };
        const due = dueForRetirement(segments, rules, { checkpoint_size, base_first_seq }, 0);
        const left = pieces.slice(due.length).reduce((sum, one) => sum + one.bytes, 0);
        for (const [i, one] of due.entries()) {
          const before = pieces.slice(i).reduce((sum, piece) => sum + piece.bytes, 0);
          const end = pieces.slice(0, i + 1).reduce((sum, piece) => sum + piece.records, 0);
          assert.equal(one.segment, segments[i]);
          assert.equal(one.last_seq, end - 1);
          assert.ok(before > max, 'nothing goes that fits');
          assert.ok(end <= checkpoint_size, 'nothing goes that no checkpoint covers');
          assert.ok(end <= base_first_seq, 'nothing goes that a start needs');
          assert.ok(pieces[i]?.packed === true || !compress_segments);
          assert.ok(i < pieces.length - 1, 'the open segment stays');
        }
        const next = pieces[due.length];
        const end = pieces.slice(0, due.length + 1).reduce((sum, piece) => sum + piece.records, 0);
        const isStopped =
          next === undefined ||
          due.length === pieces.length - 1 ||
          left <= max ||
          (compress_segments && !next.packed) ||
          end > checkpoint_size ||
          end > base_first_seq;
        assert.ok(isStopped, 'what may go goes');
      },
    ),
    { numRuns: 300 },
  );
});

test('without a bound nothing is looked for', () => {
  assert.equal(hasBounds({ retention_days: 0, journal_max_bytes: 0, compress_segments: true }), false);
  assert.equal(hasBounds({ retention_days: 1, journal_max_bytes: 0, compress_segments: true }), true);
  assert.equal(hasBounds({ retention_days: 0, journal_max_bytes: 1, compress_segments: true }), true);
});
