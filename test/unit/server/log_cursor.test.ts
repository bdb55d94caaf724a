import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { LOG_LINE_BYTES_MAX } from '../../../src/server/codec/access_log_entry.ts';
import { LogCursor } from '../../../src/server/log_cursor.ts';

describe('LogCursor', () => {
  let dir = '';
  let file = '';
  let handle: FileHandle;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-cursor-'));
    file = join(dir, 'log');
  });
  beforeEach(async () => {
    await handle?.close();
    writeFileSync(file, '');
    handle = await open(file, 'r');
  });
  after(async () => {
    await handle.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function readAll(
    cursor: LogCursor,
  ): Promise<{ texts: string[]; offsets: number[]; oversized: number; rest: number }> {
    const all = { texts: [] as string[], offsets: [] as number[], oversized: 0, rest: 0 };
    for (;;) {
      const { lines, oversized, rest, more } = await cursor.read(handle);
      for (const line of lines) {
        all.texts.push(Buffer.from(line.bytes).toString());
        all.offsets.push(line.offset);
      }
      all.oversized += oversized;
      all.rest = rest;
      if (!more) return all;
    }
  }

  it('waits for the end of a line and gives its offset', async () => {
    const cursor = new LogCursor(0);
    appendFileSync(file, 'one\ntwo\nthr');
    assert.deepEqual(await readAll(cursor), {
      texts: ['one', 'two'],
      offsets: [4, 8],
      oversized: 0,
      rest: 3,
    });
    appendFileSync(file, 'ee\n');
    assert.deepEqual(await readAll(cursor), { texts: ['three'], offsets: [14], oversized: 0, rest: 0 });
  });

  it('starts behind what is known', async () => {
    appendFileSync(file, 'one\ntwo\n');
    assert.deepEqual((await readAll(new LogCursor(4))).texts, ['two']);
    assert.deepEqual((await readAll(new LogCursor(400))).texts, []);
  });

  it('gives up on a line without an end and finds the next one', async () => {
    const cursor = new LogCursor(0, LOG_LINE_BYTES_MAX);
    appendFileSync(file, `${'x'.repeat(3 * LOG_LINE_BYTES_MAX + 5)}\nnext\n`);
    const { texts, oversized } = await readAll(cursor);
    assert.deepEqual(texts, ['next']);
    assert.equal(oversized, 1);
  });

  it('reads the same lines however they are written and cut into chunks', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', ' '), maxLength: 3_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.nat(50), async (lines, at) => {
        writeFileSync(file, '');
        const whole = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const cursor = new LogCursor(0, LOG_LINE_BYTES_MAX);
        const cut = Math.floor((whole.length * at) / 50);
        appendFileSync(file, whole.subarray(0, cut));
        const first = await readAll(cursor);
        appendFileSync(file, whole.subarray(cut));
        const second = await readAll(cursor);
        assert.deepEqual([...first.texts, ...second.texts], lines);
        assert.equal(second.offsets.at(-1) ?? first.offsets.at(-1) ?? 0, whole.length);
      }),
      { numRuns: 40 },
    );
  });
});
