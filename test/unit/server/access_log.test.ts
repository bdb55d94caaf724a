import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';

import { FakeSink, line } from './tail_fakes.ts';

const EPOCH = '000001-0a0b0c0d';
const NEXT = '000002-0a0b0c0d';

describe('tailAccessLogs', () => {
  let dir = '';
  let sink: FakeSink;
  let errors: Error[];
  let tails: AccessLogTail[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-tail-'));
    mkdirSync(join(dir, EPOCH));
    [sink, errors, tails] = [new FakeSink(), [], []];
  });
  afterEach(async () => {
    for (const tail of tails) await tail.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const log = (name = 'access.log', epoch = EPOCH): string => join(dir, epoch, name);
  /** Polls only when asked. */
  const start = (): AccessLogTail => {
    const tail = tailAccessLogs({
      envoyDir: dir,
      sink,
      onError: (error) => errors.push(error),
      pollMs: 3_600_000,
      gapMs: 3_600_000,
      chunkBytes: 32_768,
    });
    tails.push(tail);
    return tail;
  };
  const receipts = (): (string | undefined)[] => sink.closures.map((closure) => closure.receipt_id);

  it('closes each receipt once, with its place in the log', async () => {
    const first = line({ receipt: 'a' });
    writeFileSync(log(), first);
    const tail = start();
    await tail.drain();
    appendFileSync(log(), line({ receipt: 'b' }).slice(0, 20));
    await tail.drain();
    appendFileSync(log(), line({ receipt: 'b' }).slice(20));
    await tail.drain();
    await tail.drain();
    assert.deepEqual(receipts(), ['a', 'b']);
    assert.deepEqual(
      sink.closures.map((closure) => closure.source),
      [
        { kind: 'reconciled', log_file_id: `${EPOCH}.1`, offset: first.length },
        { kind: 'live', log_file_id: `${EPOCH}.1`, offset: 2 * first.length },
      ],
    );
    assert.equal(sink.closures[0]?.facts.state, 'completed');
    assert.equal(sink.closures[0]?.request_id, 'req-a');
  });

  it('goes on after a restart where the journal stands', async () => {
    writeFileSync(log(), line({ receipt: 'a' }) + line({ receipt: 'b' }));
    const tail = start();
    await tail.drain();
    await tail.stop();
    appendFileSync(log(), line({ receipt: 'c' }));
    await start().drain();
    assert.deepEqual(receipts(), ['a', 'b', 'c']);
    assert.equal(sink.closures[2]?.source.kind, 'reconciled');
  });

  it('writes marks one after another when several wait for the same outcome', async () => {
    let release = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      release = resolve;
    });
    sink.held = written;
    writeFileSync(log(), line({ receipt: 'a' }));
    const tail = start();
    await tail.drain();
    const ends = Array.from({ length: 8 }, () => tail.stop());
    // So that each has come to its mark.
    for (let turns = 0; turns < 20; turns++) await tail.drain();
    release();
    await Promise.all(ends);
    assert.deepEqual(errors, []);
    assert.ok(existsSync(log('gaps.json')), 'no mark was written');
  });

  it('joins an aborted Check by request id, and counts what never had a decision', async () => {
    sink.known = new Set(['r1']);
    const lines = [
      line({ request: 'r1', details: 'ext_authz_error' }),
      line({ request: 'r2', details: 'ext_authz_error' }),
      line({ request: 'r3', details: 'downstream_remote_disconnect', flags: 'DC' }),
      line({ request: null, details: 'http1.codec_error', flags: 'DPE' }),
      'garbage\n',
      line({ receipt: 'a' }),
    ];
    writeFileSync(log(), lines.join(''));
    const tail = start();
    await tail.drain();
    assert.deepEqual(
      sink.closures.map(({ receipt_id, request_id }) => [receipt_id, request_id]),
      [
        [undefined, 'r1'],
        [undefined, 'r2'],
        [undefined, 'r3'],
        ['a', 'req-a'],
      ],
    );
    await tail.stop();
    const [report] = sink.gaps;
    assert.equal(report?.log_file_id, `${EPOCH}.1`);
    assert.deepEqual(report?.counts, [
      { cause: 'client_left', count: 1 },
      { cause: 'codec_error', count: 1 },
      { cause: 'gateway_unavailable', count: 1 },
      { cause: 'log_damaged', count: 1 },
    ]);
    assert.equal(report?.from_ms, 1_700_000_000_000);
  });

  it('reports a gap once, also after a restart', async () => {
    writeFileSync(log(), line({ request: null, details: 'http1.codec_error' }));
    await start().stop();
    await sleep(20);
    appendFileSync(log(), line({ request: null, details: 'overload' }));
    const again = start();
    await again.drain();
    await again.stop();
    assert.deepEqual(
      sink.gaps.map((report) => report.counts),
      [[{ cause: 'codec_error', count: 1 }], [{ cause: 'overload', count: 1 }]],
    );
  });

  it('counts nothing twice when the mark beside the log is lost, and nothing that an aggregate counts', async () => {
    const gap = line({ request: 'r1', details: 'ext_authz_error' });
    // No outcome says how far it was read.
    writeFileSync(log(), gap + line({ receipt: 'folded' }));
    await start().stop();
    rmSync(log('gaps.json'));
    await start().stop();
    assert.deepEqual(
      sink.gaps.map(({ counts, offset }) => [counts, offset]),
      [[[{ cause: 'gateway_unavailable', count: 1 }], gap.length]],
    );
    assert.ok(!receipts().includes('folded'));
  });

  it('asks again before it counts: a decision may be recorded after Envoy gave up', async () => {
    writeFileSync(log(), line({ request: 'r1', details: 'ext_authz_error' }));
    const tail = start();
    await tail.drain();
    sink.known = new Set(['r1']);
    await tail.stop();
    assert.deepEqual(sink.gaps, []);
    assert.deepEqual(
      sink.closures.map(({ request_id }) => request_id),
      ['r1', 'r1'],
    );
  });

  it('lets others have their turn while it reads', async () => {
    writeFileSync(log(), Array.from({ length: 100 }, (_, i) => line({ receipt: `r${i}` })).join(''));
    let turns = 0;
    let reading = true;
    const count = () => {
      turns++;
      if (reading) setImmediate(count);
    };
    setImmediate(count);
    await start().drain();
    reading = false;
    assert.equal(sink.closures.length, 100);
    assert.ok(turns > 10, `${turns} turns`);
  });

  it('settles an epoch when Envoy is gone and everything is read, once', async () => {
    writeFileSync(log(), `${line({ receipt: 'a' })}{"cut`);
    const tail = start();
    await tail.drain();
    assert.deepEqual(sink.swept, []);
    writeFileSync(log('ended'), '');
    mkdirSync(join(dir, NEXT));
    writeFileSync(log('access.log', NEXT), line({ receipt: 'b' }));
    await tail.drain();
    assert.deepEqual(receipts(), ['a', 'b']);
    assert.deepEqual(sink.swept, [EPOCH]);
    assert.deepEqual(
      sink.gaps.map((report) => report.counts),
      [[{ cause: 'log_damaged', count: 1 }]],
    );
    while (!existsSync(log('swept'))) await sleep(5);
    await tail.drain();
    await start().drain();
    assert.deepEqual(sink.swept, [EPOCH]);
  });

  it('follows a rotation without losing or doubling a line', async () => {
    writeFileSync(log(), line({ receipt: 'a' }));
    const tail = start();
    await tail.drain();
    appendFileSync(log(), line({ receipt: 'b' }));
    renameSync(log(), log('access.1.log'));
    await tail.drain();
    // Envoy writes to the renamed file until it reopens.
    appendFileSync(log('access.1.log'), line({ receipt: 'c' }));
    await tail.drain();
    appendFileSync(log('access.1.log'), line({ receipt: 'd' }));
    writeFileSync(log(), line({ receipt: 'e' }));
    await tail.drain();
    await tail.drain();
    assert.deepEqual(receipts(), ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(
      sink.closures.map((closure) => closure.source.log_file_id?.at(-1)),
      ['1', '1', '1', '1', '2'],
    );
    while (statSync(log('access.1.log')).size > 0) await sleep(5);
    await start().drain();
    assert.equal(sink.closures.length, 5);
  });

  it('keeps a rotated file until its outcomes are durable', async () => {
    let release: () => void = () => undefined;
    sink.held = new Promise((resolve) => {
      release = resolve;
    });
    writeFileSync(log('access.1.log'), line({ receipt: 'a' }));
    writeFileSync(log(), line({ receipt: 'b' }));
    const tail = start();
    await tail.drain();
    assert.deepEqual(receipts(), ['a', 'b']);
    assert.ok(statSync(log('access.1.log')).size > 0);
    release();
    while (statSync(log('access.1.log')).size > 0) await sleep(5);
  });

  it('keeps log and epoch when the recorder fails', async () => {
    sink.failing = true;
    writeFileSync(log('access.1.log'), line({ receipt: 'a' }));
    writeFileSync(log(), line({ receipt: 'b' }));
    writeFileSync(log('ended'), '');
    const tail = start();
    await tail.drain();
    await tail.stop();
    await sleep(20);
    assert.ok(errors.length > 0);
    assert.ok(statSync(log('access.1.log')).size > 0);
    assert.ok(!existsSync(log('swept')));
  });

  it('needs no folder to start with', async () => {
    rmSync(dir, { recursive: true });
    await start().drain();
    assert.deepEqual(errors, []);
  });
});
