import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from './fault.ts';

const HOOK = new URL('../../support/reader_hook.mjs', import.meta.url).href;
const CONTROL = join(tmpdir(), `cg-readers-${process.pid}`);
const SLOW_BODY = 11_000;

/** The threads in which bodies and answers are read. */
export const READER_FAULTS: readonly Fault[] = [
  broken({
    name: 'a reader of bodies hangs',
    how: 'one of the two threads that read bodies stands still; after 10 s it is given up',
    order: 'hang one',
    holdMs: SLOW_BODY,
  }),
  broken({
    name: 'all readers of bodies hang',
    how: 'both threads that read bodies stand still at the same moment',
    order: 'hang all',
    holdMs: SLOW_BODY,
  }),
  broken({
    name: 'all readers of bodies die',
    how: 'both threads that read bodies end at the same moment',
    order: 'die all',
    holdMs: 1_000,
  }),
];

interface Broken extends Pick<Fault, 'name' | 'how' | 'holdMs'> {
  readonly order: string;
}

function broken({ order, ...fault }: Broken): Fault {
  return {
    ...fault,
    world: { env: { NODE_OPTIONS: `--import=${HOOK}`, CG_FAULT_READERS: CONTROL } },
    inflict: () => writeFileSync(CONTROL, order),
    heal() {
      for (const path of [CONTROL, `${CONTROL}.taken`]) if (existsSync(path)) rmSync(path);
    },
    // Who came upon the fault was told so in the log; a fault that nobody came upon proves nothing.
    inspect: ({ running }) =>
      /a thread that inspects bodies ended/.test(running.output()) ? [] : ['no thread was lost'],
  };
}
