import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  createEpoch,
  hasEnded,
  listEpochs,
  livingOwner,
  markEnded,
  writeOwner,
} from '../../../src/intercept/epochs.ts';
import { lastLines } from '../../../src/intercept/last_lines.ts';
import { endOldRuns, pruneOldRuns } from '../../../src/intercept/old_runs.ts';

describe('epochs', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-epochs-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('count up, sort by age, and stay apart', async () => {
    const made = [await createEpoch(dir), await createEpoch(dir), await createEpoch(dir)];
    assert.deepEqual(
      made.map((epoch) => epoch.id.slice(0, 6)),
      ['000001', '000002', '000003'],
    );
    for (const epoch of made) assert.match(epoch.id, /^\d{6}-[0-9a-f]{8}$/);
    mkdirSync(join(dir, 'something-else'));
    assert.deepEqual(await listEpochs(dir), made);
    assert.equal(statSync(made[0]?.dir ?? '').mode & 0o777, 0o700);
    rmSync(made[2]?.dir ?? '', { recursive: true });
    assert.equal((await createEpoch(dir)).id.slice(0, 6), '000003');
  });

  it('of a folder that is not there are none', async () => {
    assert.deepEqual(await listEpochs(join(dir, 'none')), []);
  });

  it('know their process by number, start time and boot', async () => {
    const epoch = await createEpoch(dir);
    assert.equal(await livingOwner(epoch), undefined);
    await writeOwner(epoch, process.pid);
    assert.equal(await livingOwner(epoch), process.pid);
    const file = join(epoch.dir, 'process.json');
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const other = [
      { ...owner, start_ticks: '1' },
      { ...owner, boot_id: 'x' },
      { ...owner, pid: 1 },
      { ...owner, pid: -1 },
      { ...owner, pid: '7' },
      {},
      [],
    ];
    for (const written of other) {
      writeFileSync(file, JSON.stringify(written));
      assert.equal(await livingOwner(epoch), undefined, JSON.stringify(written));
    }
    writeFileSync(file, '{"pid":');
    assert.equal(await livingOwner(epoch), undefined);
  });

  it('of dead processes are marked ended, once', async () => {
    const [old, older] = [await createEpoch(dir), await createEpoch(dir)];
    await markEnded(older);
    await endOldRuns(dir, 100);
    assert.ok((await hasEnded(old)) && (await hasEnded(older)));
  });

  it('that are settled are removed, oldest first, and no others', async () => {
    const made = [];
    for (let i = 0; i < 5; i++) {
      const epoch = await createEpoch(dir);
      made.push(epoch);
      if (i !== 1) await markEnded(epoch);
      if (i !== 2) writeFileSync(join(epoch.dir, 'swept'), '');
    }
    await pruneOldRuns(dir, 1);
    assert.deepEqual(
      made.map((epoch) => existsSync(epoch.dir)),
      [false, true, true, false, true],
    );
  });
});

describe('lastLines', () => {
  it('keeps the end, whole lines over chunks, bounded', () => {
    const said = lastLines();
    said.push('one\ntw');
    said.push('o\n\nthr');
    assert.deepEqual(said.lines(), ['one', 'two', 'thr']);
    for (let i = 0; i < 100; i++) said.push(`line ${i} ${'x'.repeat(1_000)}\n`);
    assert.equal(said.lines().length, 20);
    assert.ok(said.lines().every((line) => line.length <= 500));
    assert.match(said.lines().at(-1) ?? '', /^line 99/);
  });
});
