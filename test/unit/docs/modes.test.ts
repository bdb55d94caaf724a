import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import type { InterceptMode } from '../../../src/core/request/egress_request.ts';
import { ASKS, STREAM_CELLS, STREAM_WAYS } from '../../e2e/matrix/streams_table.ts';
import { CELLS, keysOf, MODES, PROGRAM_CELLS, PROGRAMS, VERDICTS } from '../../e2e/matrix/table.ts';
import { TABLES } from './modes_tables.ts';

const page = readFileSync(new URL('../../../docs/modes.md', import.meta.url), 'utf8');

/** Does not compile when the product has a mode more. */
const WAYS = {
  explicit: true,
  connect: true,
  base_url: true,
  intercepted: true,
  transparent: true,
} satisfies Readonly<Record<InterceptMode, true>>;

for (const name of keysOf(TABLES))
  it(`docs/modes.md prints the ${name} of the matrix`, () => {
    const [, printed = ''] = page.split(`<!-- ${name} -->`);
    assert.equal(printed.split('<!-- end -->')[0]?.trim(), TABLES[name]());
  });

it('the matrix has a cell for each mode and verdict, and for each mode and program a reason if it has none', () => {
  const ways = new Set(Object.values(MODES).map(({ way }) => way));
  assert.deepEqual([...ways].toSorted(), keysOf(WAYS).toSorted());
  assert.deepEqual(keysOf(CELLS), keysOf(MODES));
  assert.deepEqual(keysOf(PROGRAM_CELLS), keysOf(MODES));
  for (const mode of keysOf(MODES)) {
    assert.deepEqual(keysOf(CELLS[mode]), keysOf(VERDICTS), mode);
    assert.deepEqual(keysOf(PROGRAM_CELLS[mode]).toSorted(), keysOf(PROGRAMS).toSorted(), mode);
    for (const cell of [...Object.values(PROGRAM_CELLS[mode]), ...Object.values(CELLS[mode])])
      if (cell !== true && 'because' in cell) assert.ok(cell.because.length > 10, `${mode} says why`);
  }
});

it('the matrix has a cell for each way of each kind of stream, and for what is asked of it, or a reason', () => {
  assert.deepEqual(keysOf(STREAM_WAYS), keysOf(MODES));
  for (const kind of keysOf(STREAM_CELLS)) {
    assert.deepEqual(keysOf(STREAM_CELLS[kind]), keysOf(ASKS), kind);
    const cells = [
      ...Object.values(STREAM_CELLS[kind]),
      ...keysOf(MODES).map((mode) => STREAM_WAYS[mode][kind]),
    ];
    for (const cell of cells)
      if (cell !== true && 'because' in cell) assert.ok(cell.because.length > 10, `${kind} says why`);
  }
});
