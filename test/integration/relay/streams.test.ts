import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { frame, frameReader, TEXT } from '../../support/websocket.ts';
import { waitFor } from '../intercept/gateway.ts';
import { grpcClient } from '../intercept/grpc_calls.ts';
import { CALLS, startGrpcUpstream } from '../intercept/grpc_upstream.ts';
import { TAIL_BYTES } from '../intercept/upgrade_upstream.ts';
import { handshake, startWorld, type World } from './relay_world.ts';

const MASK = Buffer.from([9, 8, 7, 6]);
/** The client's own deadline is far: whatever ends a call is on the way. */
const RELAYED = { wish: 'relay_http', deadlineMs: 60_000 };
const MODES = [undefined, 'observe', 'block'] as const;
/** A whole text frame of the tail and a close. */
const TAIL_WIRE_BYTES = TAIL_BYTES + 4 + 4;

/** Node ends a connection over a thousand resets that come faster than 33 a second. */
const RESETS = 2_400;
const AT_ONCE = 100;

describe('streams through Envoy and the relay', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.stop());
  beforeEach(() => {
    world.wish = {};
  });
  let count = 0;
  const nonce = (): string => `n${process.pid}x${++count}x`;
  const receiptOf = (id: string): string =>
    world.gateway.authz.checks(id)[0]?.receiptId ?? assert.fail('no Check');

  for (const frames of MODES) {
    const how = `frames ${frames ?? 'not inspected'}`;
    it(`carries messages both ways, and the outcome counts them, ${how}`, async () => {
      world.wish = frames === undefined ? {} : { frames };
      const id = nonce();
      const talk = await handshake(world, `/echo-${id}`);
      assert.match(talk.head(), /^HTTP\/1\.1 101 /);
      const sent = Buffer.concat([frame(TEXT, 'hello', MASK), frame(2, Buffer.alloc(70_000), MASK)]);
      talk.socket.write(sent);
      await waitFor(() => (talk.payload().length >= 70_000 + 17 ? true : undefined), 'the echo');
      talk.socket.write(frame(8, Buffer.from([3, 232]), MASK));
      await talk.ended;
      const got = frameReader()(talk.payload()).map(({ payload }) => payload.length);
      assert.deepEqual(got, [5, 70_000, 2]);
      const offered = world.upstream.handshakes(id)[0]?.headers['sec-websocket-extensions'];
      assert.equal(offered, frames === undefined ? 'permessage-deflate' : undefined);
      const facts = await world.outcome(receiptOf(id));
      assert.deepEqual([facts.state, facts.status, facts.cause], ['completed', 101, undefined]);
      assert.equal(facts.upstream_address?.endsWith(`:${world.upstream.http}`), true);
      assert.deepEqual([facts.bytes_in, facts.bytes_out], [sent.length + 8, talk.payload().length]);
      const seen = { in: 3, out: 3, messages_in: 2, messages_out: 2, largest: 70_000, violations: 0 };
      assert.deepEqual(facts.frames, frames === undefined ? undefined : seen);
    });

    it(`loses nothing of what a destination sends and closes, 40 times, ${how}`, async () => {
      world.wish = frames === undefined ? {} : { frames };
      const tail = async (): Promise<boolean> => {
        const talk = await handshake(world, `/tail-${nonce()}`);
        await talk.ended;
        assert.match(talk.head(), /^HTTP\/1\.1 101 /);
        const got = frameReader()(talk.payload()).map(({ payload }) => payload.length);
        return got[0] === TAIL_BYTES && got[1] === 2;
      };
      for (let round = 0; round < 5; round++) {
        const complete = await Promise.all(Array.from({ length: 8 }, tail));
        assert.equal(complete.filter(Boolean).length, 8);
      }
    });
  }

  it('cuts at exactly the byte, and says so', async () => {
    world.wish = { max_bytes: 5_000 };
    const id = nonce();
    const talk = await handshake(world, `/tail-${id}`);
    await talk.ended;
    assert.equal(talk.payload().length, 5_000);
    const facts = await world.outcome(receiptOf(id));
    assert.deepEqual([facts.state, facts.cause], ['completed', 'stream_bytes']);
    assert.deepEqual([facts.bytes_in, facts.bytes_out], [0, 5_000]);
    world.wish = { max_bytes: TAIL_WIRE_BYTES };
    const whole = nonce();
    await (await handshake(world, `/tail-${whole}`)).ended;
    assert.equal((await world.outcome(receiptOf(whole))).cause, undefined, 'the cap itself is allowed');
  });

  it('cuts when the time is up', async () => {
    world.wish = { max_seconds: 1 };
    const id = nonce();
    await (await handshake(world, `/echo-${id}`)).ended;
    const facts = await world.outcome(receiptOf(id));
    assert.deepEqual([facts.state, facts.cause], ['completed', 'stream_time']);
    await waitFor(() => (world.upstream.closed(id) === 1 ? true : undefined), 'the destination');
  });

  it('keeps a frame that breaks the rules from the destination', async () => {
    world.wish = { frames: 'block', max_message_bytes: 100 };
    const id = nonce();
    const talk = await handshake(world, `/echo-${id}`);
    talk.socket.write(
      Buffer.concat([frame(TEXT, 'good', MASK), frame(TEXT, 'no mask'), frame(TEXT, 'x', MASK)]),
    );
    await talk.ended;
    const got = frameReader()(talk.payload());
    const close = got.at(-1);
    assert.deepEqual([close?.opcode, close?.payload.readUInt16BE(0)], [8, 1002]);
    assert.equal(
      got.some(({ payload }) => payload.includes('no mask')),
      false,
    );
    const facts = await world.outcome(receiptOf(id));
    assert.deepEqual(
      [facts.cause, facts.frames?.violations, facts.frames?.messages_in],
      ['frame_blocked', 1, 1],
    );
  });

  it('hands on an answer that is no upgrade', async () => {
    const id = nonce();
    const talk = await handshake(world, `/no403-${id}`);
    await waitFor(() => (talk.payload().length >= 2 ? true : undefined), 'the body');
    talk.socket.destroy();
    assert.match(talk.head(), /^HTTP\/1\.1 403 /);
    assert.match(talk.head(), /x-why: because/);
    assert.equal(talk.payload().toString(), 'no');
    const facts = await world.outcome(receiptOf(id));
    assert.deepEqual([facts.state, facts.status], ['completed', 403]);
  });

  const client = (port = world.grpc.plain) =>
    grpcClient(`127.0.0.1:${world.gateway.explicit}`, credentials.createInsecure(), {
      'grpc.default_authority': `api.example:${port}`,
      // A channel of its own each time.
      'grpc.use_local_subchannel_pool': 1,
    });
  const lastReceipt = (): string =>
    world.gateway.authz.checks('test.Echo').at(-1)?.receiptId ?? assert.fail('no Check');

  it('carries gRPC calls with their trailers', async () => {
    const calls = client();
    const many = Array.from({ length: 200 }, (_, i) => `message ${i}`);
    const got = await calls.call(CALLS.chat, many, RELAYED);
    assert.deepEqual([got.code, got.messages, got.trailers['x-late']], [status.OK, many, 'yes']);
    const facts = await world.outcome(lastReceipt());
    assert.deepEqual([facts.state, facts.cause], ['completed', undefined]);
    assert.equal(facts.bytes_in, facts.bytes_out);
    assert.equal(facts.upstream_address?.endsWith(`:${world.grpc.plain}`), true);
    const failed = await calls.call(CALLS.fail, ['x'], RELAYED);
    calls.close();
    assert.deepEqual([failed.code, failed.details], [status.NOT_FOUND, 'nothing like it']);
  });

  it('keeps a call alive while others are given up by the thousand', { timeout: 300_000 }, async () => {
    const honest = client();
    let goOn = (_rest: readonly string[]): void => undefined;
    const more = new Promise<readonly string[]>((resolve) => (goOn = resolve));
    const reached = world.grpc.calls.length;
    const stands = honest.call(CALLS.chat, ['before'], { wish: RELAYED.wish, deadlineMs: 280_000, more });
    await waitFor(() => (world.grpc.calls.length > reached ? true : undefined), 'the call that stands');
    for (let sent = 0; sent < RESETS; sent += AT_ONCE) {
      // Destinations of their own: one that ends a connection for its resets does so for whoever shares it.
      const [stormy, other] = await stormyClient();
      const allCame = () => waitFor(() => (other.calls.length >= AT_ONCE ? true : undefined), 'the calls');
      const call = () => stormy.call(CALLS.hang, ['x'], { ...RELAYED, cancelWhen: allCame });
      await Promise.all(Array.from({ length: AT_ONCE }, call));
      stormy.close();
      other.close();
    }
    goOn(['behind']);
    const { code, messages } = await stands;
    assert.deepEqual([code, messages], [status.OK, ['before', 'behind']]);
    honest.close();
  });

  const stormyClient = async () => {
    const other = await startGrpcUpstream(world.leaf);
    return [client(other.plain), other] as const;
  };

  it('ends gRPC calls with RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED', async () => {
    const calls = client();
    world.wish = { max_bytes: 300 };
    const long = await calls.call(CALLS.spread, ['x'], RELAYED);
    assert.equal(long.code, status.RESOURCE_EXHAUSTED);
    const cut = await world.outcome(lastReceipt());
    assert.deepEqual(
      [cut.state, cut.cause, cut.bytes_in + cut.bytes_out],
      ['completed', 'stream_bytes', 300],
    );
    world.wish = { max_seconds: 1 };
    const late = await calls.call(CALLS.hang, ['x'], RELAYED);
    calls.close();
    assert.equal(late.code, status.DEADLINE_EXCEEDED);
    assert.equal((await world.outcome(lastReceipt())).cause, 'stream_time');
  });

  it('ends what a dying relay carried, says so, and serves again', async () => {
    const id = nonce();
    const talk = await handshake(world, `/echo-${id}`);
    const thread = world.threads.at(-1);
    const before = world.threads.length;
    await thread?.terminate();
    const refused = nonce();
    assert.match((await handshake(world, `/echo-${refused}`)).head(), /^HTTP\/1\.1 503 /);
    assert.deepEqual(world.upstream.handshakes(refused), []);
    await talk.ended;
    await waitFor(() => (world.upstream.closed(id) === 1 ? true : undefined), 'the destination');
    world.letRestart();
    await waitFor(() => (world.threads.length > before ? true : undefined), 'another thread');
    let head = '';
    for (let tries = 0; tries < 300 && !head.startsWith('HTTP/1.1 101'); tries++) {
      head = (await handshake(world, `/echo-${nonce()}`)).head();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match(head, /^HTTP\/1\.1 101 /);
    const facts = await world.outcome(receiptOf(id));
    assert.deepEqual([facts.state, facts.cause], ['unknown', 'relay_stopped']);
    assert.equal((await world.outcome(receiptOf(refused))).state, 'not_sent');
  });
});
