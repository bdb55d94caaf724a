import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { RelayEvent } from '../../../src/relay/ports.ts';
import { startRelay } from '../../../src/relay/relay.ts';
import { SingleUse } from '../../../src/relay/single_use.ts';
import { relayThread } from '../../support/relay_thread.ts';
import { handshake, places, SWITCHING, until } from './relay_world.ts';

/** A relay in its thread; tickets are receipt ids, each good for a minute. */
async function world(t: TestContext) {
  const at = places(t);
  const threads: Worker[] = [];
  const serving: Promise<unknown>[] = [];
  const events: RelayEvent[] = [];
  const downs: string[] = [];
  const destinations: Socket[] = [];
  const out = createServer((_, response) => response.writeHead(204).end());
  out.on('upgrade', (_, socket: Socket) => {
    destinations.push(socket);
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.resume();
    socket.write(SWITCHING);
  });
  await new Promise<void>((resolve) => out.listen(at.outSocket, resolve));
  const relay = startRelay({
    ...at,
    openTicket: (text) =>
      text === 'bad'
        ? undefined
        : {
            receipt_id: text,
            owner: 'default/bot',
            scheme: 'http',
            exp_ms: Date.now() + 60_000,
          },
    onEvent: (event) => void events.push(event),
    onDown: (why) => void downs.push(why),
    startThread: (to) => {
      const thread = relayThread(to);
      threads.push(thread);
      // Its first word; whoever listens later may miss it.
      serving.push(new Promise((resolve) => thread.once('message', resolve)));
      return thread;
    },
  });
  t.after(async () => {
    await relay.close(0);
    for (const socket of destinations) socket.destroy();
    out.close();
  });
  await relay.ready;
  return { ...at, relay, threads, serving, events, downs, destinations };
}

async function first(t: TestContext, path: string, ticket: string) {
  const socket = connect(path);
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(handshake(ticket));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const line = await new Promise<string>((resolve) =>
    socket.once('data', (piece: Buffer) => resolve(piece.toString().split('\r\n')[0] ?? '')),
  );
  return { line, closed };
}

test('a ticket opens one stream, in whatever life of the thread', async (t) => {
  const { socket, threads, serving, downs } = await world(t);
  assert.match((await first(t, socket, 'one')).line, / 101 /);
  assert.match((await first(t, socket, 'one')).line, / 403 /);
  assert.match((await first(t, socket, 'bad')).line, / 403 /);
  await threads[0]?.terminate();
  await until(() => serving.length === 2);
  await serving[1];
  assert.equal(downs.length, 1);
  assert.match((await first(t, socket, 'one')).line, / 403 /);
});

test('when the thread dies every stream ends on both sides, and a new one serves', async (t) => {
  const { socket, threads, serving, destinations, downs } = await world(t);
  const client = await first(t, socket, 'one');
  const [destination] = destinations;
  const ended = new Promise<void>((resolve) => destination?.once('close', () => resolve()));
  await threads[0]?.terminate();
  await client.closed;
  await ended;
  await until(() => serving.length === 2);
  await serving[1];
  assert.match((await first(t, socket, 'two')).line, / 101 /);
  assert.equal(downs.length, 1);
});

test('nobody else may enter the sockets, and they go with the relay', async (t) => {
  const { socket, h2Socket, relay } = await world(t);
  for (const path of [socket, h2Socket]) assert.equal(statSync(path).mode & 0o777, 0o600);
  await relay.close(0);
  assert.deepEqual([existsSync(socket), existsSync(h2Socket)], [false, false]);
});

test('says what it carried', async (t) => {
  const { socket, relay, events } = await world(t);
  const { closed } = await first(t, socket, 'one');
  await relay.close(10);
  await closed;
  assert.deepEqual(events, [
    { kind: 'opened', protocol: 'websocket' },
    { kind: 'ended', protocol: 'websocket', cause: 'stopped', bytes_in: 0, bytes_out: 0 },
  ]);
});

test('tickets are remembered until they are over, up to a number', () => {
  const used = new SingleUse();
  assert.equal(used.take({ receipt_id: 'a', exp_ms: 10 }, 0), true);
  assert.equal(used.take({ receipt_id: 'a', exp_ms: 10 }, 9), false);
  for (let i = 0; i < 65_535; i += 1) used.take({ receipt_id: `r${i}`, exp_ms: 20 }, 9);
  assert.equal(used.take({ receipt_id: 'late', exp_ms: 20 }, 9), false, 'full');
  assert.equal(used.take({ receipt_id: 'late', exp_ms: 20 }, 10), true, 'one is over');
});
