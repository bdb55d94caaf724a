import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, test } from 'node:test';
import { parseNote } from '../../../src/core/chain/checkpoint.ts';
import { replaceFile } from '../../../src/recorder/durable_file.ts';
import { appended, openWithPolicy, proposal, SETTINGS, StateDirs } from './workbench.ts';

const states = new StateDirs();
afterEach(() => states.clean());

/**
 * A start trusts a snapshot only when the last checkpoint lies beyond it, and retention removes what lies before it. One
 * taken between a checkpoint and its publication would not be trusted after a power cut, with the segments gone.
 * Sabotage that turns this red: src/recorder/upkeep.ts, take the snapshot's text after `await this.#publish()`.
 */
test('a ledger snapshot is never on disk without a checkpoint beyond it, however busy the journal is', async () => {
  const dir = states.create();
  const taken: { readonly head_seq: number; readonly size: number }[] = [];
  const recorder = await openWithPolicy(dir, {
    settings: { ...SETTINGS, segment_max_bytes: 12_000, checkpoint_every: 5 },
    replaceFile(path, content) {
      if (basename(path) === 'snapshot.json') {
        const note = parseNote(readFileSync(join(dir, 'checkpoints', 'latest'), 'utf8'));
        assert.ok(note.ok);
        const { state } = JSON.parse(content.toString().split('\n')[1] ?? '');
        taken.push({ head_seq: state.head_seq, size: note.value.size });
      }
      replaceFile(path, content);
    },
  });
  for (let i = 0; i < 200; i++) await appended(recorder, proposal());
  await recorder.stop();
  assert.ok(taken.length >= 10, `only ${taken.length} snapshots`);
  assert.deepEqual(
    taken.filter(({ head_seq, size }) => size <= head_seq),
    [],
  );
});
