/** What a gateway hears when the recorder behind its client goes away, hangs, lies or comes back. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RecorderClient } from '../../../../src/recorder/remote/client.ts';
import { dialUnix } from '../../../../src/recorder/remote/dial.ts';
import { encodeFrame, type Frame, FrameReader } from '../../../../src/recorder/remote/frame.ts';
import { ANSWER, ASK, FAULT_KIND } from '../../../../src/recorder/remote/protocol.ts';
import { serveUnix } from '../../../../src/recorder/remote/server.ts';
import type { KnownHead } from '../../../../src/recorder/remote/tables.ts';
import { openWithPolicy, proposal } from '../workbench.ts';
import { cleaned, clientOf, SILENT, serviceOf } from './reach.ts';

const { states, cleanups } = cleaned();

/** Waited for once; what is answered comes much earlier, also on a busy machine. */
const SHORT_DEADLINE_MS = 2_000;

const UNAVAILABLE = { ok: false, problem: 'RECORDER_UNAVAILABLE' };
const STATUS = {
  phase: 'running',
  log_id: '0'.repeat(32),
  head_seq: 3,
  head_hash: '0'.repeat(64),
  tree_size: 4,
  queue_depth: 0,
  open_decisions: 0,
};
const RECORDED = {
  ok: true,
  value: {
    receipt_id: '0190a000-0000-7000-8000-000000000000',
    seq: 4,
    line_hash: '1'.repeat(64),
    leaf_hash: '2'.repeat(64),
    verdict: 'allow',
    reason: 'POLICY_ALLOW',
  },
};

function folder(): string {
  const dir = join(states.create(), 'sockets');
  mkdirSync(dir, { mode: 0o700 });
  return dir;
}

const frameOf = (kind: number, id: number, body: unknown) =>
  encodeFrame(kind, id, typeof body === 'string' ? body : JSON.stringify(body)) ?? Buffer.alloc(0);

/** A recorder that answers as it is told. */
async function fakeRecorder(
  path: string,
  on: (frame: Frame, reply: (kind: number, id: number, body: unknown) => void, socket: Socket) => void,
): Promise<Server> {
  const server = createServer((socket) => {
    const reader = new FrameReader();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (;;) {
        const next = reader.next();
        if (!next.ok || next.value === undefined) return;
        const reply = (kind: number, id: number, body: unknown) => void socket.write(frameOf(kind, id, body));
        if (next.value.kind === ASK.hello) reply(ANSWER, next.value.id, STATUS);
        else on(next.value, reply, socket);
      }
    });
    cleanups.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o600);
  cleanups.push(() => void server.close());
  return server;
}

async function clientAt(path: string, deadline_ms?: number): Promise<RecorderClient> {
  const client = clientOf(dialUnix(path), 'gateway-1', deadline_ms);
  cleanups.push(() => client.stop());
  await client.whenReachable();
  return client;
}

test('every append that waits fails when the connection is lost, and none after it is tried', async () => {
  const path = join(folder(), 'r.sock');
  let seen = 0;
  const server = await fakeRecorder(path, (frame, _reply, socket) => {
    if (frame.kind !== ASK.append) return;
    seen += 1;
    if (seen < 3) return;
    server.close();
    socket.destroy();
  });
  const client = await clientAt(path);
  const pending = Array.from({ length: 3 }, () => client.append(proposal()));
  assert.deepEqual(await Promise.all(pending), [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
  assert.equal(client.reachable, false);
  assert.deepEqual(await client.append(proposal()), UNAVAILABLE);
});

test('what is asked while a connection ends waits for the next one, and leaves the others their turn', async () => {
  const path = join(folder(), 'r.sock');
  await fakeRecorder(path, (frame, reply) => reply(ANSWER, frame.id, { decided: true }));
  const dial = dialUnix(path);
  const dialled: Socket[] = [];
  const client = clientOf(() => {
    const one = dial();
    dialled.push(one.socket);
    return one;
  }, 'gateway-1');
  cleanups.push(() => client.stop());
  await client.whenReachable();
  const [ending] = dialled;
  assert.ok(ending !== undefined, 'a connection');
  ending.destroy();
  // Between its end and its last word there is a turn of the event loop, which a client that asks on never gives away.
  let looks = 0;
  Object.defineProperty(ending, 'destroyed', {
    get() {
      looks += 1;
      if (looks > 100) throw new Error('a connection that is over is asked again and again');
      return true;
    },
  });
  assert.equal(await client.decided('one'), true);
  assert.equal(dialled.length, 2);
});

test('an append that is never answered fails at its deadline; its late answer is dropped', async () => {
  const path = join(folder(), 'r.sock');
  const held: (() => void)[] = [];
  await fakeRecorder(path, (frame, reply) => {
    if (frame.kind !== ASK.append) return;
    if (held.length === 0) held.push(() => reply(ANSWER, frame.id, RECORDED));
    else reply(ANSWER, frame.id, RECORDED);
  });
  const client = await clientAt(path, SHORT_DEADLINE_MS);
  assert.deepEqual(await client.append(proposal()), UNAVAILABLE);
  held[0]?.();
  assert.deepEqual(await client.append(proposal()), RECORDED);
  assert.equal(client.reachable, true);
});

test('an answer that is none is no answer, and ends the connection', async () => {
  const { value } = RECORDED;
  const lies: [number, unknown][] = [
    [ANSWER, '{"ok":true}'],
    [ANSWER, '{"ok":tru'],
    [ANSWER, {}],
    [ANSWER, { ok: true, value: { ...value, verdict: 'yes' } }],
    [ANSWER, { ok: true, value: { ...value, seq: -1 } }],
    [ANSWER, { ok: true, value: { ...value, extra: 1 } }],
    [ANSWER, { ok: true, value, problem: 'RECORDER_BUSY' }],
    [ANSWER, { ok: false, problem: 'NO_SUCH_PROBLEM' }],
    [FAULT_KIND, { code: 'ODD', message: 'x' }],
    [FAULT_KIND, { code: 'REFUSED', message: 'no' }],
    [0x33, RECORDED],
  ];
  for (const [kind, body] of lies) {
    const path = join(folder(), 'r.sock');
    await fakeRecorder(path, (frame, reply) => {
      if (frame.kind === ASK.append) reply(kind, frame.id, body);
    });
    const client = await clientAt(path);
    assert.deepEqual(await client.append(proposal()), UNAVAILABLE, JSON.stringify(body));
    client.stop();
  }
});

test('answers to requests that nobody made end the connection', async () => {
  for (const id of [0, 4_000_000]) {
    const path = join(folder(), 'r.sock');
    await fakeRecorder(path, (frame, reply) => {
      if (frame.kind === ASK.append) reply(ANSWER, id, RECORDED);
    });
    const client = await clientAt(path, 60_000);
    assert.deepEqual(await client.append(proposal()), UNAVAILABLE);
    client.stop();
  }
});

test('after a reconnection a repeated Check finds its record, and the last head is stated', async () => {
  const dir = states.create();
  const path = join(folder(), 'r.sock');
  const recorder = await openWithPolicy(dir);
  cleanups.push(() => recorder.stop());
  const heads: KnownHead[] = [];
  const service = {
    ...serviceOf(recorder),
    knows: (head: KnownHead) => {
      heads.push(head);
      return true;
    },
  };
  const first = await serveUnix(path, service, SILENT);
  const client = await clientAt(path);
  const one = proposal();
  const recorded = await client.append(one);
  assert.ok(recorded.ok);
  await first.close();
  assert.deepEqual(await client.append(one), UNAVAILABLE);
  const second = await serveUnix(path, service, SILENT);
  cleanups.push(() => second.close());
  await client.whenReachable();
  assert.deepEqual(await client.append(one), recorded);
  assert.equal(recorder.status().decisions, 1);
  const { seq, line_hash } = recorded.value;
  assert.deepEqual(heads, [{ log_id: recorder.status().log_id, seq, line_hash }]);
});

test('outcomes, sweeps and log positions survive a reconnection', async () => {
  const dir = states.create();
  const path = join(folder(), 'r.sock');
  const recorder = await openWithPolicy(dir);
  cleanups.push(() => recorder.stop());
  let deaf = true;
  const first = await serveUnix(
    path,
    { ...serviceOf(recorder), close: () => new Promise(() => {}), sweep: () => new Promise(() => {}) },
    SILENT,
  );
  const client = await clientAt(path);
  const one = proposal();
  const recorded = await client.append(one);
  assert.ok(recorded.ok);
  const closing = client.close({
    receipt_id: recorded.value.receipt_id,
    request_id: one.draft.request_id,
    facts: { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 },
    source: { kind: 'live', log_file_id: 'log-1', offset: 10 },
  });
  const sweeping = client.sweep('epoch-9').then((count) => {
    assert.equal(deaf, false);
    return count;
  });
  await client.sync();
  await first.close();
  deaf = false;
  const second = await serveUnix(path, serviceOf(recorder), SILENT);
  cleanups.push(() => second.close());
  await closing;
  assert.equal(await sweeping, 0);
  assert.equal(recorder.status().open_decisions, 0);
  assert.equal(await client.logPosition('log-1'), 10);
});

test('a socket that others could serve is not dialled', async () => {
  const path = join(folder(), 'r.sock');
  await fakeRecorder(path, () => undefined);
  chmodSync(path, 0o666);
  assert.throws(() => dialUnix(path)(), /not a socket of this user/);
});

test('a client that is stopped while it greets lets go of its connection', async () => {
  const path = join(folder(), 'r.sock');
  let greeted = () => {};
  const hello = new Promise<void>((resolve) => {
    greeted = resolve;
  });
  const closed = new Promise<void>((resolve) => {
    const server = createServer((socket) => {
      socket.on('data', () => greeted());
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      cleanups.push(() => socket.destroy());
    });
    server.listen(path, () => chmodSync(path, 0o600));
    cleanups.push(() => void server.close());
  });
  const client = clientOf(dialUnix(path), 'gateway-1');
  cleanups.push(() => client.stop());
  await hello;
  client.stop();
  await closed;
});

test('an outcome that a stopping recorder could not take reaches the one after it', async () => {
  const path = join(folder(), 'r.sock');
  const recorder = await openWithPolicy(states.create());
  cleanups.push(() => recorder.stop());
  const service = serviceOf(recorder);
  const stopping = {
    ...service,
    status: () => ({ ...service.status(), phase: 'stopped' as const }),
    close: () => Promise.reject(new Error('the recorder is stopped')),
  };
  let phase: 'stopped' | 'running' = 'running';
  const first = await serveUnix(
    path,
    { ...stopping, status: () => ({ ...service.status(), phase }) },
    SILENT,
  );
  const client = await clientAt(path);
  const one = proposal();
  assert.ok((await client.append(one)).ok);
  phase = 'stopped';
  const { receipt_id, request_id } = one.draft;
  const closing = client.close({
    ...{ receipt_id, request_id },
    facts: { state: 'completed', status: 200, bytes_in: 1, bytes_out: 2, latency_ms: 3 },
    source: { kind: 'live' },
  });
  closing.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await first.close();
  const second = await serveUnix(path, service, SILENT);
  cleanups.push(() => second.close());
  await closing;
  assert.equal(recorder.status().open_decisions, 0);
});
