/** One connection of the client, driven frame by frame: every request ends, and with its own answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { encodeFrame, REQUEST_ID_MAX } from '../../../../src/recorder/remote/frame.ts';
import { Link } from '../../../../src/recorder/remote/link.ts';
import { ANSWER, ASK } from '../../../../src/recorder/remote/protocol.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Both ends of a connection. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-link-'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(dir, 's'), resolve));
  const far = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect(join(dir, 's'));
  const ends = { near, far: await far };
  cleanups.push(() => {
    for (const one of [near, ends.far]) one.destroy();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return ends;
}

const answer = (id: number, body: object) => encodeFrame(ANSWER, id, JSON.stringify(body)) ?? Buffer.alloc(0);
const words = (bodies: PromiseSettledResult<Uint8Array>[]) =>
  bodies.map((one) => (one.status === 'fulfilled' ? Buffer.from(one.value).toString() : one.reason.problem));

test('no request id is used twice, and whatever waits when they run out is told', {
  timeout: 90_000,
}, async () => {
  const { near } = await pair();
  const link = new Link(near, () => undefined, REQUEST_ID_MAX - 1);
  const last = link.ask(ASK.status, {}, 60_000);
  const beyond = [link.ask(ASK.status, {}, 60_000), link.ask(ASK.status, {}, 60_000)];
  const never = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('a request never ends')), 15_000).unref();
  });
  const settled = await Promise.race([Promise.allSettled([last, ...beyond]), never]);
  assert.deepEqual(words(settled), ['lost', 'lost', 'lost']);
});

test('answers out of order find their requests', async () => {
  const { near, far } = await pair();
  const link = new Link(near, () => undefined);
  const asked = [1, 2, 3].map(() => link.ask(ASK.status, {}, 60_000));
  far.write(Buffer.concat([3, 1, 2].map((id) => answer(id, { id }))));
  assert.deepEqual(words(await Promise.allSettled(asked)), ['{"id":1}', '{"id":2}', '{"id":3}']);
  link.destroy('done');
});

test('nothing that follows an odd frame is an answer', async () => {
  const { near, far } = await pair();
  const link = new Link(near, () => undefined);
  const asked = link.ask(ASK.append, {}, 60_000);
  far.write(Buffer.concat([answer(9, {}), answer(1, { ok: true })]));
  assert.deepEqual(words(await Promise.allSettled([asked])), ['lost']);
});
