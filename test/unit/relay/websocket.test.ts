import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { frameBytes } from '../core/frames/arbitrary_frames.ts';
import { handshake, SWITCHING, until, world } from './relay_world.ts';

const TAIL = Buffer.alloc(20_000, 'tail');
const serverFrame = (payload: Uint8Array, first = 0x82) =>
  frameBytes({ first, masked: false, width: 0, payload });
const clientFrame = (payload: Uint8Array, first = 0x82) =>
  frameBytes({ first, masked: true, width: 0, payload });

/** A destination that keeps what it gets. */
function listening() {
  const got: Buffer[] = [];
  let socket: Socket | undefined;
  let ended = false;
  return {
    got: () => Buffer.concat(got),
    hasEnded: () => ended,
    socket: () => socket,
    onUpgrade(_: unknown, opened: Socket, head: Buffer) {
      socket = opened;
      got.push(head);
      opened.on('data', (piece: Buffer) => got.push(piece));
      opened.once('end', () => {
        ended = true;
        opened.end();
      });
      opened.write(SWITCHING);
    },
  };
}

test('carries both ways, asks for the same, and tells the second hop who and where', async (t) => {
  const { asked, upgrade, reports, events } = await world(t, {
    onUpgrade: (_, socket, head) => {
      socket.write(SWITCHING);
      socket.write(head);
      socket.pipe(socket);
    },
  });
  const client = await upgrade(
    handshake('good', 'Sec-WebSocket-Extensions: permessage-deflate\r\nX-Two: a\r\nX-Two: b\r\n'),
  );
  client.socket.write('ping');
  await until(() => client.payload().toString() === 'ping');
  const [request] = asked;
  assert.equal(request?.url, '/chat?room=1');
  const { headers } = request ?? { headers: {} };
  assert.equal(headers['cg-relay-stamp'], 'stamp-of-the-test');
  assert.equal(headers['cg-relay-scheme'], 'http');
  assert.equal(headers['cg-relay-receipt'], '01890a5d-ac96-774b-bcce-b302099a8057');
  assert.equal(headers['cg-relay-ticket'], undefined);
  assert.equal(headers['host'], 'api.example');
  assert.equal(headers['x-two'], 'a, b');
  assert.equal(headers['sec-websocket-extensions'], 'permessage-deflate');
  client.socket.end();
  await client.ended;
  await until(() => events.some(({ kind }) => kind === 'ended'));
  assert.deepEqual(reports, ['cause=done;in=4;out=4']);
});

test('a header that cannot be sent on ends no other stream', async (t) => {
  const { asked, upgrade } = await world(t, {
    onUpgrade: (_, socket) => socket.write(SWITCHING),
  });
  const client = await upgrade(handshake('good', 'Trailer: x-late\r\nTE: trailers\r\n'));
  assert.match(client.received().toString(), /^HTTP\/1\.1 101 /);
  assert.equal(asked[0]?.headers['trailer'], undefined);
});

test('an answer whose header cannot be sent on ends no other stream', async (t) => {
  const { upgrade } = await world(t, {
    onUpgrade: (_, socket) =>
      socket.end('HTTP/1.1 403 No\r\ncontent-length: 2\r\ntrailer: x-late\r\nx-kept: yes\r\n\r\nno'),
  });
  const client = await upgrade();
  await client.ended;
  assert.match(
    client.received().toString(),
    /^HTTP\/1\.1 403 No\r\n(?:.+\r\n)*x-kept: yes\r\n(?:.+\r\n)*\r\nno$/,
  );
});

for (const answer of ['', 'HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n'])
  test(`a client that leaves is followed at once, ${answer === '' ? 'before' : 'during'} an answer`, async (t) => {
    let hasLeft = false;
    const { asked, socket, events } = await world(t, {
      onUpgrade: (_, opened) => {
        opened.once('end', () => {
          hasLeft = true;
        });
        opened.resume().write(answer);
      },
    });
    const client = connect({ path: socket });
    t.after(() => client.destroy());
    const answered = answer === '' ? undefined : once(client, 'data');
    client.write(handshake('good'));
    await answered;
    await until(() => asked.length === 1);
    client.end();
    await until(() => hasLeft && events.some(({ kind }) => kind === 'ended'));
  });

test('without a good ticket nothing leaves', async (t) => {
  const { asked, upgrade, events, reports } = await world(t);
  for (const ticket of [undefined, 'bad']) {
    const client = await upgrade(handshake(ticket));
    await client.ended;
    assert.match(client.received().toString(), /^HTTP\/1\.1 403 /);
  }
  assert.deepEqual({ asked, reports }, { asked: [], reports: [] });
  assert.deepEqual(events, Array(2).fill({ kind: 'refused', why: 'no_ticket' }));
});

test('a request that is no upgrade is refused', async (t) => {
  const { upgrade, asked } = await world(t);
  const client = await upgrade(
    'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncg-relay-ticket: good\r\n\r\n',
  );
  await client.ended;
  assert.match(client.received().toString(), /^HTTP\/1\.1 403 /);
  assert.deepEqual(asked, []);
});

for (const frames of [undefined, 'observe', 'block'] as const) {
  test(`loses nothing of the tail, 40 times, frames ${frames ?? 'not inspected'}`, async (t) => {
    const sent = serverFrame(TAIL);
    const destination = await world(t, {
      order: frames === undefined ? {} : { frames },
      onUpgrade: (_, socket) => {
        // Some of it comes in one piece with the answer.
        socket.write(Buffer.concat([Buffer.from(SWITCHING), sent.subarray(0, 100)]));
        socket.end(sent.subarray(100));
      },
    });
    for (let i = 0; i < 40; i += 1) {
      const client = await destination.upgrade();
      await client.ended;
      assert.equal(client.payload().equals(sent), true, `${client.payload().length} bytes in run ${i}`);
      client.socket.end();
    }
    await until(() => destination.reports.length === 40);
    assert.ok(
      destination.reports.every((one) => one.startsWith('cause=done;in=0;out=20004')),
      'every report is exact',
    );
  });

  test(`loses nothing of what a client sent last, frames ${frames ?? 'not inspected'}`, async (t) => {
    const far = listening();
    const { upgrade } = await world(t, { order: frames === undefined ? {} : { frames }, ...far });
    const client = await upgrade();
    const sent = clientFrame(TAIL);
    client.socket.end(sent);
    await until(far.hasEnded);
    assert.equal(far.got().equals(sent), true);
  });
}

test('what one end sends after the other has ended still arrives', async (t) => {
  const { upgrade } = await world(t, {
    onUpgrade: (_, socket) => {
      socket.write(SWITCHING);
      socket.resume();
      socket.once('end', () => socket.end('last words'));
    },
  });
  const client = await upgrade();
  client.socket.end('over');
  await client.ended;
  assert.equal(client.payload().toString(), 'last words');
});

test('a slow reader gets everything, and holds the sender back', async (t) => {
  const big = Buffer.alloc(24 * 1_048_576, 7);
  let written = 0;
  const { upgrade } = await world(t, {
    onUpgrade: (_, socket) => {
      socket.write(SWITCHING);
      const more = (): void => {
        while (written < big.length) {
          const piece = big.subarray(written, written + 65_536);
          written += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', more);
        }
        socket.end();
      };
      more();
    },
  });
  const client = await upgrade();
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(written < 8 * 1_048_576, `${written} bytes were taken of a sender whose reader stands still`);
  client.socket.resume();
  await client.ended;
  assert.equal(client.payload().equals(big), true);
});

test('the end is reported before either side sees it', async (t) => {
  const seen: string[] = [];
  const { upgrade } = await world(t, {
    onUpgrade: (_, socket) => {
      socket.write(SWITCHING);
      socket.end('bye');
    },
    onReport: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push('report');
    },
  });
  const client = await upgrade();
  await client.ended;
  seen.push('closed');
  assert.deepEqual(seen, ['report', 'closed']);
});

for (const [bytes, cause] of [
  [9, 'stream_bytes'],
  [10, 'done'],
] as const) {
  test(`of ten bytes under a cap of ${bytes} exactly ${bytes} go on`, async (t) => {
    const far = listening();
    const { upgrade, reports } = await world(t, { order: { max_bytes: bytes }, ...far });
    const client = await upgrade();
    far.socket()?.write('out45');
    await until(() => client.payload().length === 5);
    client.socket.write('in345');
    await until(() => far.got().length === bytes - 5);
    if (cause === 'done') client.socket.end();
    await client.ended;
    assert.equal(far.got().toString(), 'in345'.slice(0, bytes - 5));
    assert.deepEqual(reports, [`cause=${cause};in=${bytes - 5};out=5`]);
  });
}

test('a stream ends when its time is up, though nothing moves', async (t) => {
  const far = listening();
  const { upgrade, reports } = await world(t, { order: { max_seconds: 1 }, ...far });
  const client = await upgrade();
  await client.ended;
  await until(far.hasEnded);
  assert.deepEqual(reports, ['cause=stream_time;in=0;out=0']);
});

test('with frames inspected no extension is agreed', async (t) => {
  const far = listening();
  const { upgrade, asked } = await world(t, { order: { frames: 'observe' }, ...far });
  await upgrade(handshake('good', 'Sec-WebSocket-Extensions: permessage-deflate\r\n'));
  assert.equal(asked[0]?.headers['sec-websocket-extensions'], undefined);
});

test('a watched session goes on after what it would have to block, and says so', async (t) => {
  const far = listening();
  const { upgrade, reports } = await world(t, { order: { frames: 'observe', max_message_bytes: 4 }, ...far });
  const client = await upgrade();
  const sent = Buffer.concat([clientFrame(Buffer.from('12345')), clientFrame(Buffer.from('ok'), 0x81)]);
  client.socket.write(sent);
  await until(() => far.got().length === sent.length);
  far.socket()?.write(serverFrame(Buffer.from('hi'), 0x81));
  await until(() => client.payload().length === 4);
  client.socket.end();
  await client.ended;
  assert.deepEqual(reports, [
    `cause=done;in=${sent.length};out=4;frames_in=2;frames_out=1;messages_in=2;messages_out=1;largest=5;violations=1`,
  ]);
});

for (const [what, bad, code] of [
  ['a frame without a mask', serverFrame(Buffer.from('bad')), 1002],
  ['text that is no UTF-8', clientFrame(Buffer.from([0x61, 0xff]), 0x81), 1007],
  ['a message over the bound', clientFrame(Buffer.alloc(17)), 1009],
] as const) {
  test(`${what} does not reach the destination, and both sides are told`, { timeout: 90_000 }, async (t) => {
    const far = listening();
    const { upgrade, reports } = await world(t, {
      order: { frames: 'block', max_message_bytes: 16 },
      ...far,
    });
    const client = await upgrade();
    const good = clientFrame(Buffer.from('good'), 0x81);
    client.socket.write(Buffer.concat([good, bad, good]));
    await until(() => far.got().length > good.length);
    assert.equal(far.got().includes(Buffer.from(bad)), false);
    await client.ended;
    await until(far.hasEnded);
    const forwarded = far.got();
    assert.equal(forwarded.subarray(0, good.length).equals(good), true);
    const close = forwarded.subarray(good.length);
    assert.deepEqual([...close.subarray(0, 2)], [0x88, 0x82], 'a masked close and nothing else');
    assert.equal(close.length, 8);
    const mask = close.subarray(2, 6);
    assert.equal((((close[6] ?? 0) ^ (mask[0] ?? 0)) << 8) | ((close[7] ?? 0) ^ (mask[1] ?? 0)), code);
    assert.deepEqual([...client.payload()], [0x88, 2, code >> 8, code & 255]);
    assert.match(reports.join(), /^cause=frame_blocked;in=10;out=0;.*violations=1$/);
  });
}

test('no close is put into the middle of a frame', async (t) => {
  const far = listening();
  const { upgrade } = await world(t, { order: { frames: 'block' }, ...far });
  const client = await upgrade();
  const half = serverFrame(Buffer.alloc(100)).subarray(0, 50);
  far.socket()?.write(half);
  await until(() => client.payload().length === half.length);
  client.socket.write(Buffer.from([0xff, 0xff]));
  await client.ended;
  assert.equal(client.payload().length, half.length);
});

test('an answer that is no upgrade goes through unchanged', async (t) => {
  const { upgrade, reports } = await world(t, {
    onUpgrade: (_, socket) => {
      socket.write('HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nX-Two: a\r\nX-Two: b\r\n');
      socket.end('Transfer-Encoding: chunked\r\n\r\n6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n');
    },
  });
  const client = await upgrade();
  await client.ended;
  const text = client.received().toString();
  assert.match(text, /^HTTP\/1\.1 429 Slow Down\r\nRetry-After: 7\r\nX-Two: a\r\nX-Two: b\r\n/);
  assert.match(text, /first [\s\S]*second[\s\S]*0\r\n\r\n$/);
  assert.deepEqual(reports, ['cause=done;in=0;out=12']);
});

test('an answer that breaks off is not passed as whole', async (t) => {
  const { upgrade } = await world(t, {
    onUpgrade: (_, socket) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    },
  });
  const client = await upgrade();
  await client.ended;
  assert.match(client.received().toString(), /half/);
  assert.doesNotMatch(client.received().toString(), /0\r\n\r\n$/);
});

test('more streams than there is room for are refused', async (t) => {
  const far = listening();
  const { upgrade, events } = await world(t, { max: { all: 1, owner: 1 }, ...far });
  await upgrade();
  const second = await upgrade();
  await second.ended;
  assert.match(second.received().toString(), /^HTTP\/1\.1 503 /);
  assert.deepEqual(events.at(-1), { kind: 'refused', why: 'full' });
});

test('one agent leaves places to the others, and gets its own back', async (t) => {
  const far = listening();
  const order = (owner: string) => ({
    ...({ receipt_id: owner, owner, scheme: 'http' } as const),
    exp_ms: Date.now() + 60_000,
  });
  const { upgrade, events } = await world(t, {
    ...far,
    max: { all: 9, owner: 1 },
    host: { open: async (ticket) => order(ticket) },
  });
  const first = await upgrade(handshake('default/one'));
  const second = await upgrade(handshake('default/one'));
  assert.match(second.received().toString(), /^HTTP\/1\.1 503 /);
  const other = await upgrade(handshake('default/two'));
  await until(() => other.received().toString().includes('101 Switching'));
  first.socket.destroy();
  await until(() => events.some(({ kind }) => kind === 'ended'));
  let answer = '';
  for (let tries = 0; tries < 100 && !answer.includes(' 101 '); tries += 1) {
    const again = await upgrade(handshake('default/one'));
    answer = again.received().toString();
  }
  assert.match(answer, /^HTTP\/1\.1 101 /);
});

test('a relay that stops gives streams their time, then ends and reports them', async (t) => {
  const far = listening();
  const { upgrade, service, reports } = await world(t, far);
  const client = await upgrade();
  await service.close(30);
  await client.ended;
  assert.deepEqual(reports, ['cause=stopped;in=0;out=0']);
});

test('a closed second hop is told at once', async (t) => {
  const { upgrade } = await world(t, { onUpgrade: (_, socket) => socket.destroy() });
  const client = await upgrade();
  await client.ended;
  assert.match(client.received().toString(), /^HTTP\/1\.1 503 /);
});
