import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';
import { FakeSink } from './tail_fakes.ts';

const EPOCH = '000001-0a0b0c0d';
/** Tests drain by themselves. */
const NEVER_MS = 3_600_000;

/** An empty log of one run of Envoy; each `start` is a tail of its own, as after a restart. Gone with the test. */
export function tailWorld(t: TestContext) {
  // What waits for another line waits a second: no time passes, however busy the machine is.
  t.mock.method(performance, 'now', () => 0);
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-tail-'));
  mkdirSync(join(dir, EPOCH));
  const sink = new FakeSink();
  const tails: AccessLogTail[] = [];
  t.after(async () => {
    for (const tail of tails) await tail.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const log = join(dir, EPOCH, 'access.log');
  writeFileSync(log, '');
  const start = (): AccessLogTail => {
    const onError = (error: Error) => assert.fail(error);
    const tail = tailAccessLogs({ envoyDir: dir, sink, onError, pollMs: NEVER_MS, gapMs: NEVER_MS });
    tails.push(tail);
    return tail;
  };
  return { sink, log, start };
}
