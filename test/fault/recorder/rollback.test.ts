/** A state folder restored from an older copy is refused by whoever outside of it has seen more. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openRecorder } from '../../../src/recorder/opening.ts';
import { receiptId, recorderOptions, StateDirs } from '../../unit/recorder/workbench.ts';
import { EPOCH, killChildren, logLine, newest, place, runRecorder } from './rolled_back.ts';

const dirs = new StateDirs();
after(() => {
  killChildren();
  dirs.clean();
});

for (const end of ['stop', 'kill'] as const) {
  test(`the heads file knows more than a folder restored from a copy made after a ${end}: refused, nothing written`, async () => {
    const { dir, heads_file, save, restore } = place(dirs.create());
    await runRecorder({ dir, heads_file, appends: 5 }, end);
    save();
    await runRecorder({ dir, heads_file, appends: 7 }, end);
    restore();
    const before = journalText(dir);
    const refused = await runRecorder({ dir, heads_file, appends: 1 });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /was rolled back: the heads file .* knows \d+ records of log [0-9a-f]{32}/);
    assert.match(refused.stderr, /restore-accept/);
    assert.equal(journalText(dir), before);
  });
}

function journalText(dir: string): string {
  const { layout } = recorderOptions(dir);
  return readFileSync(join(layout.journal_dir, segment(dir)), 'latin1');
}

function segment(dir: string): string {
  return `000000000000-${String(readFileSync(join(dir, 'checkpoints', 'latest'), 'utf8').split('\n')[0])
    .split('/')
    .at(-1)
    ?.slice(0, 8)}.jsonl`;
}

test('a copy that went its own way after the roll-back is refused, however long it has grown', async () => {
  const { dir, heads_file, save, restore } = place(dirs.create());
  await runRecorder({ dir, heads_file, appends: 3 });
  save();
  const elsewhere = readFileSync(heads_file, 'utf8');
  await runRecorder({ dir, heads_file, appends: 4 });
  const seen = readFileSync(heads_file, 'utf8');
  assert.notEqual(seen, elsewhere);
  restore();
  await runRecorder({ dir, appends: 20 });
  const refused = await runRecorder({ dir, heads_file, appends: 1 });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /knows other records before \d+/);
});

test('a folder that goes on where it stopped is let in, killed or stopped', async () => {
  const { dir, heads_file } = place(dirs.create());
  for (const end of ['stop', 'kill', 'kill', 'stop'] as const) {
    const ran = await runRecorder({ dir, heads_file, appends: 4 }, end);
    assert.equal(ran.heads.length, 4, ran.stderr);
  }
});

test('a missing heads file is created with a loud word; one that nobody can believe is refused', async () => {
  const { dir, heads_file } = place(dirs.create());
  await runRecorder({ dir, heads_file, appends: 2 });
  const good = readFileSync(heads_file, 'utf8');
  rmSync(heads_file);
  const warned = await runRecorder({ dir, heads_file, appends: 1 });
  assert.equal(warned.code, 0, warned.stderr);
  assert.ok(warned.warnings.some((line) => line.includes('no heads file yet')));
  assert.ok(existsSync(heads_file));
  const [origin = '', size = '', ...rest] = good.split('\n');
  const forgeries = [
    '',
    'x',
    '\0'.repeat(100),
    'a'.repeat(100_000),
    [origin, String(Number(size) - 1), ...rest].join('\n'),
  ];
  for (const forged of forgeries) {
    writeFileSync(heads_file, forged);
    const refused = await runRecorder({ dir, heads_file, appends: 1 });
    assert.equal(refused.code, 3, forged.slice(0, 80));
    assert.match(refused.stderr, /does not count/);
  }
  rmSync(heads_file);
  mkdirSync(heads_file);
  assert.match((await runRecorder({ dir, heads_file, appends: 1 })).stderr, /cannot be read/);
  const unmounted = join(dir, '..', 'nowhere', 'heads');
  assert.match((await runRecorder({ dir, heads_file: unmounted, appends: 1 })).stderr, /mounted\?/);
});

test('an empty folder, or another log, under a heads file is refused', async () => {
  const { dir, heads_file } = place(dirs.create());
  await runRecorder({ dir, heads_file, appends: 2 });
  for (const name of ['journal', 'checkpoints', 'ledger']) rmSync(join(dir, name), { recursive: true });
  const empty = await runRecorder({ dir, heads_file, appends: 1 });
  assert.equal(empty.code, 3);
  assert.match(empty.stderr, /this journal is empty/);
  await runRecorder({ dir, appends: 2 });
  assert.match((await runRecorder({ dir, heads_file, appends: 1 })).stderr, /but this journal holds log/);
});

test("Envoy's log names a receipt of a sent request that the journal does not hold: refused", async () => {
  const { dir, log, save, restore } = place(dirs.create());
  const first = await runRecorder({ dir, appends: 3 }, 'kill');
  for (const { receipt_id } of first.heads) appendFileSync(log, logLine(receipt_id));
  save();
  const lost = await runRecorder({ dir, appends: 3 }, 'kill');
  for (const { receipt_id } of lost.heads) appendFileSync(log, logLine(receipt_id));
  assert.equal((await runRecorder({ dir, appends: 1 }, 'kill')).code, null, 'all receipts are known');
  restore('envoy');
  const refused = await runRecorder({ dir, appends: 1 });
  assert.equal(refused.code, 3);
  assert.ok(refused.stderr.includes(lost.heads[0]?.receipt_id ?? '?'));
});

test('what was never sent, or belongs to a settled run, proves nothing', async () => {
  const { dir, log } = place(dirs.create());
  await runRecorder({ dir, appends: 1 });
  const stranger = logLine(receiptId(), 0).replace('127.0.0.1:80', '-');
  appendFileSync(log, `${stranger}not json\n{"receipt_id":"${receiptId()}"}\n`);
  assert.equal((await runRecorder({ dir, appends: 1 })).code, 0);
  appendFileSync(log, logLine(receiptId()));
  writeFileSync(join(dir, 'envoy', EPOCH, 'swept'), '');
  assert.equal((await runRecorder({ dir, appends: 1 })).code, 0);
});

test('a gateway that lived on knows a line that the restored journal lacks: this recorder and every later one refuse', async () => {
  const { dir, save, restore } = place(dirs.create());
  const early = newest((await runRecorder({ dir, appends: 3 })).heads);
  save();
  const late = newest((await runRecorder({ dir, appends: 3 })).heads);
  restore();
  let fatal: Error | undefined;
  const recorder = await openRecorder(
    recorderOptions(dir, {
      onFatal: (error) => {
        fatal = error;
      },
    }),
  );
  assert.equal(await recorder.knows(early), true);
  assert.equal(await recorder.knows({ ...early, line_hash: late.line_hash }), false);
  assert.equal(await recorder.knows({ ...early, log_id: '0'.repeat(32) }), false);
  assert.equal(await recorder.knows(late), false);
  assert.equal(fatal, undefined, 'asking alone changes nothing');
  await recorder.rolledBack(early);
  assert.equal(fatal, undefined, 'a head that the journal holds is no reason');
  await recorder.rolledBack(late);
  assert.match(String(fatal), /was rolled back: a gateway that was answered before knows \d+ records/);
  await recorder.stop().catch(() => undefined);
  const refused = await runRecorder({ dir, appends: 1 });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /a gateway that was answered before/);
});
