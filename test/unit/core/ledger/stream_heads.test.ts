import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUNS_PER_AGENT_MAX, StreamHeads } from '../../../../src/core/ledger/stream_heads.ts';

const owner = { tenant_id: 't', agent_id: 'a', run_label: 'r' };
const ZEROS = '0'.repeat(64);

test('chains tenant, agent and run by themselves', () => {
  const heads = new StreamHeads();
  const first = heads.links(owner);
  assert.deepEqual(
    first.map(({ kind, id, seq, prev }) => [kind, id, seq, prev]),
    [
      ['tenant', 't', 0, ZEROS],
      ['agent', 'a', 0, ZEROS],
      ['run', 'a/r', 0, ZEROS],
    ],
  );
  heads.fold(first, 'hash-1', 'allow');
  heads.fold(heads.links({ tenant_id: 't', agent_id: 'b' }), 'hash-2', 'deny');
  assert.deepEqual(
    heads.links(owner).map(({ seq, prev }) => [seq, prev]),
    [
      [2, 'hash-2'],
      [1, 'hash-1'],
      [1, 'hash-1'],
    ],
  );
});

test('counts per stream survive a snapshot', () => {
  const heads = new StreamHeads();
  for (const event of ['allow', 'allow', 'deny', 'outcome'] as const)
    heads.fold(heads.links(owner), 'h', event);
  const again = new StreamHeads(JSON.parse(JSON.stringify(heads.sorted())));
  assert.deepEqual(again.sorted(), heads.sorted());
  assert.deepEqual(again.sorted()[0]?.counts, { allow: 2, deny: 1, outcome: 1 });
});

test('run labels that a client keeps inventing find an end', () => {
  const heads = new StreamHeads();
  for (let i = 0; i < RUNS_PER_AGENT_MAX; i++) {
    heads.fold(heads.links({ ...owner, run_label: `run-${i}` }), 'h', 'allow');
  }
  assert.equal(heads.hasRoomForRun({ ...owner, run_label: 'one-more' }), false);
  assert.equal(heads.hasRoomForRun({ ...owner, run_label: 'run-7' }), true);
  assert.equal(heads.hasRoomForRun({ ...owner, agent_id: 'other', run_label: 'one-more' }), true);
});
