/**
 * Promise: an answer leaves only after its line was written and synced, and a batch costs one write and one sync.
 * Seen from outside, in the system calls of a real process.
 * Sabotage that turns this red (no sync): src/recorder/journal.ts, settle without `disk.syncSoon`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newStateDir } from '../../unit/recorder/workbench.ts';

const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url));
const CLIENTS = 3;
const APPENDS = 15;

type Call = { readonly kind: 'write' | 'sync' | 'ack'; readonly fd: number; readonly returned: string };

/** Calls of the main thread in order of completion; strace splits a call in two lines when threads interleave. */
function callsOf(trace: string): Call[] {
  const started = new Map<string, string>();
  return trace.split('\n').flatMap((line): Call[] => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, head] = /^(.*) <unfinished \.\.\.>$/.exec(rest) ?? [];
    if (head !== undefined) {
      started.set(pid, head);
      return [];
    }
    const [, tail] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const call = tail === undefined ? rest : `${started.get(pid) ?? ''}${tail}`;
    const [, name = '', fd = '', args = '', returned = ''] =
      /^(\w+)\((\d+)(.*)\) += (-?\w+)/.exec(call) ?? [];
    if (name === 'fdatasync' || name === 'fsync') return [{ kind: 'sync', fd: Number(fd), returned }];
    if (args.startsWith(', "ACK ')) return [{ kind: 'ack', fd: Number(fd), returned }];
    return args.startsWith(', "{\\"payloadType') ? [{ kind: 'write', fd: Number(fd), returned }] : [];
  });
}

test('write, then sync, then answer, for each batch', (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    assert.notEqual(process.env['CI'], 'true', 'strace is missing: install it, CI must see the system calls');
    process.stderr.write('SKIPPED: strace is missing, the order of system calls is not checked\n');
    return t.skip('strace is missing');
  }
  const { dir, remove } = newStateDir();
  const file = join(dir, 'trace');
  try {
    const run = spawnSync(
      'strace',
      ['-f', '-s', '32', '-e', 'trace=write,pwrite64,writev,pwritev,fsync,fdatasync', '-o', file].concat([
        process.execPath,
        '--import',
        'tsx',
        APPENDER,
        join(dir, 'state'),
        'trace',
        String(CLIENTS),
        String(APPENDS),
      ]),
      { encoding: 'utf8' },
    );
    assert.equal(run.status, 0, run.stderr);
    const calls = callsOf(readFileSync(file, 'utf8'));
    const journalFd = calls.find(({ kind }) => kind === 'write')?.fd;
    let unsynced = 0;
    let writes = 0;
    let acks = 0;
    for (const { kind, fd, returned } of calls) {
      if (kind === 'ack') {
        acks++;
        assert.equal(unsynced, 0, `acknowledgement ${acks} left before its sync`);
        assert.ok(writes > 0);
      } else if (fd === journalFd && kind === 'write') {
        writes++;
        unsynced++;
        assert.equal(unsynced, 1, 'two writes without a sync between them');
      } else if (fd === journalFd) {
        assert.equal(returned, '0');
        unsynced = 0;
      }
    }
    assert.equal(acks, CLIENTS * APPENDS);
    // Opening, policy, stop, and batches of up to three.
    assert.ok(writes >= 3 + APPENDS && writes <= 3 + CLIENTS * APPENDS, `${writes} writes`);
  } finally {
    remove();
  }
});
