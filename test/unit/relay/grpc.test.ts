import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { formatRelayEnd } from '../../../src/core/relay/relay_end.ts';
import type { RelayTicket } from '../../../src/core/relay/relay_ticket.ts';
import type { RelayEvent } from '../../../src/relay/ports.ts';
import { serveRelay } from '../../../src/relay/service.ts';
import { rawCall } from './raw_http2.ts';
import { places, STAMP, until } from './relay_world.ts';

const GRPC = { 'content-type': 'application/grpc' };

interface Called {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rstCode: number;
}

/** The destination takes reports over HTTP/1.1 and calls over HTTP/2 on one socket, as Envoy does. */
async function world(
  t: TestContext,
  onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  order: Partial<RelayTicket> = {},
) {
  const at = places(t);
  const [reports, events, asked]: [string[], RelayEvent[], IncomingHttpHeaders[]] = [[], [], []];
  const out = await startOut(t, at.outSocket, reports, (stream, headers) => {
    asked.push(headers);
    onCall(stream, headers);
  });
  const whole = {
    receipt_id: '01890a5d-ac96-774b-bcce-b302099a8057',
    owner: 'default/bot',
    scheme: 'https',
  } as const;
  const service = await serveRelay(at, {
    open: async (ticket) =>
      ticket === 'good' ? { ...whole, exp_ms: Date.now() + 1_000, ...order } : undefined,
    tell: (event) => void events.push(event),
  });
  const session = connect('http://gateway', { createConnection: () => connectSocket(at.h2Socket) });
  t.after(async () => {
    session.destroy();
    await service.close(0);
  });
  return { session, reports, events, asked, service, out, h2Socket: at.h2Socket };
}

async function startOut(
  t: TestContext,
  path: string,
  reports: string[],
  onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
) {
  const http1 = (await import('node:http')).createServer((request, response) => {
    reports.push(String(request.headers['cg-relay-end']));
    response.writeHead(request.headers['cg-relay-stamp'] === STAMP ? 204 : 403).end();
  });
  const http2 = createServer();
  http2.on('sessionError', () => undefined);
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    onCall(stream, headers);
  });
  const sockets = new Set<import('node:net').Socket>();
  const front = (await import('node:net')).createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      (first.subarray(0, 3).toString() === 'PRI' ? http2 : http1).emit('connection', socket);
    });
  });
  await new Promise<void>((resolve) => front.listen(path, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  return front;
}

async function call(session: ClientHttp2Session, body: Buffer | 'open', ticket = 'good'): Promise<Called> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/echo.Echo/Say',
    ':authority': 'api.example',
    te: 'trailers',
    'cg-relay-ticket': ticket,
    'x-cg-mode': 'no',
    'grpc-timeout': '5S',
    ...GRPC,
  });
  const pieces: Buffer[] = [];
  let [headers, trailers]: IncomingHttpHeaders[] = [{}, {}];
  stream.on('error', () => undefined);
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  stream.on('response', (came) => {
    headers = came;
  });
  stream.on('trailers', (came: IncomingHttpHeaders) => {
    trailers = came;
  });
  if (body === 'open') stream.write('x');
  else stream.end(body);
  await once(stream, 'close').catch(() => undefined);
  return {
    headers: headers ?? {},
    trailers: trailers ?? {},
    body: Buffer.concat(pieces),
    rstCode: stream.rstCode,
  };
}

/** Answers with what it got, and trailers. */
function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, ...GRPC, 'x-answer': 'yes' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-tail': 'seen' }));
  stream.pipe(stream);
}

test('carries a call with its trailers, and tells the second hop who and where', async (t) => {
  const { session, asked, reports, events } = await world(t, echo);
  const body = Buffer.alloc(300_000, 'message');
  const { headers, trailers, body: got } = await call(session, body);
  assert.equal(headers[':status'], 200);
  assert.equal(headers['x-answer'], 'yes');
  assert.deepEqual([trailers['grpc-status'], trailers['x-tail']], ['0', 'seen']);
  assert.equal(got.equals(body), true);
  const [sent = {}] = asked;
  assert.equal(sent[':path'], '/echo.Echo/Say');
  assert.equal(sent[':authority'], 'api.example');
  assert.equal(sent['te'], 'trailers');
  assert.equal(sent['grpc-timeout'], '5S');
  assert.equal(sent['cg-relay-stamp'], STAMP);
  assert.equal(sent['cg-relay-scheme'], 'https');
  assert.equal(sent['cg-relay-ticket'], undefined);
  assert.equal(sent['x-cg-mode'], undefined);
  assert.deepEqual(reports, [formatRelayEnd({ cause: 'done', bytes_in: 300_000, bytes_out: 300_000 })]);
  await until(() => events.some(({ kind }) => kind === 'ended'));
});

test('a header that HTTP/2 does not have ends no other call', async (t) => {
  const { session, asked, h2Socket } = await world(t, echo);
  await rawCall(h2Socket, {
    ...{ ':method': 'POST', ':scheme': 'http', ':authority': 'api.example', ':path': '/echo.Echo/Raw' },
    ...{ ...GRPC, te: 'trailers', 'http2-settings': 'AAMAAABk', 'cg-relay-ticket': 'good' },
  });
  const { body } = await call(session, Buffer.from('x'));
  assert.equal(body.toString(), 'x');
  assert.deepEqual(
    asked.map((headers) => [headers[':path'], headers['te'], headers['http2-settings']]),
    [
      ['/echo.Echo/Raw', 'trailers', undefined],
      ['/echo.Echo/Say', 'trailers', undefined],
    ],
  );
});

test('without a good ticket nothing leaves', async (t) => {
  const { session, asked, events } = await world(t, echo);
  const { headers } = await call(session, Buffer.from('x'), 'bad');
  assert.equal(headers[':status'], 403);
  assert.deepEqual([asked.length, events], [0, [{ kind: 'refused', why: 'no_ticket' }]]);
});

test('an answer of headers alone stays one', async (t) => {
  const { session, reports } = await world(t, (stream) =>
    stream.respond({ ':status': 200, ...GRPC, 'grpc-status': '5' }, { endStream: true }),
  );
  const { headers, body } = await call(session, Buffer.from('x'));
  assert.deepEqual([headers['grpc-status'], body.length], ['5', 0]);
  assert.equal(reports.length, 1);
});

test('a call beyond its bytes ends with RESOURCE_EXHAUSTED, and exactly so many went on', async (t) => {
  let got = 0;
  const { session, reports } = await world(
    t,
    (stream) => {
      stream.on('data', (piece: Buffer) => {
        got += piece.length;
      });
    },
    { max_bytes: 1_000 },
  );
  const { headers } = await call(session, Buffer.alloc(1_001));
  assert.deepEqual([headers[':status'], headers['grpc-status']], [200, '8']);
  assert.equal(got <= 1_000, true);
  assert.deepEqual(reports, ['cause=stream_bytes;in=1000;out=0']);
});

test('an answer beyond its bytes ends with RESOURCE_EXHAUSTED in its trailers', async (t) => {
  const { session, reports } = await world(
    t,
    (stream) => {
      stream.respond({ ':status': 200, ...GRPC });
      stream.write(Buffer.alloc(2_000));
    },
    { max_bytes: 1_500 },
  );
  const { body, trailers } = await call(session, 'open');
  assert.deepEqual([body.length, trailers['grpc-status']], [1_499, '8']);
  assert.deepEqual(reports, ['cause=stream_bytes;in=1;out=1499']);
});

test('exactly the cap is not beyond it', async (t) => {
  const { session, reports } = await world(t, echo, { max_bytes: 2_000 });
  const { trailers } = await call(session, Buffer.alloc(1_000));
  assert.equal(trailers['grpc-status'], '0');
  assert.deepEqual(reports, ['cause=done;in=1000;out=1000']);
});

test('a call whose time is up ends with DEADLINE_EXCEEDED, and the destination is told', async (t) => {
  let closed = false;
  const { session, reports } = await world(
    t,
    (stream) =>
      stream.once('close', () => {
        closed = true;
      }),
    { max_seconds: 1 },
  );
  const { headers } = await call(session, 'open');
  assert.equal(headers['grpc-status'], '4');
  assert.deepEqual(reports, ['cause=stream_time;in=1;out=0']);
  await until(() => closed);
});

test('a reset of the destination reaches the client, and one of the client the destination', async (t) => {
  const codes: number[] = [];
  const { session, reports, asked } = await world(t, (stream) => {
    stream.once('close', () => codes.push(stream.rstCode));
    stream.once('data', () => stream.close(11));
  });
  const { rstCode } = await call(session, 'open');
  assert.equal(rstCode, 11);
  const leaving = session.request({ ':method': 'POST', ':path': '/', 'cg-relay-ticket': 'good' });
  leaving.on('error', () => undefined);
  await until(() => codes.length === 1 && asked.length === 2);
  leaving.close(8);
  await until(() => codes.length === 2);
  assert.deepEqual(codes, [11, 8]);
  await until(() => reports.length === 2);
});

test('a slow reader holds the destination back', async (t) => {
  let written = 0;
  const { session } = await world(t, (stream) => {
    stream.respond({ ':status': 200, ...GRPC });
    const piece = Buffer.alloc(65_536);
    const more = (): void => {
      while (written < 64 * 1_048_576) {
        written += piece.length;
        if (!stream.write(piece)) return void stream.once('drain', more);
      }
    };
    more();
  });
  const stream = session.request({ ':method': 'POST', ':path': '/', 'cg-relay-ticket': 'good' });
  stream.on('error', () => undefined);
  stream.end();
  await once(stream, 'response');
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.ok(written < 8 * 1_048_576, `${written} bytes were taken of a sender whose reader stands still`);
  stream.close();
});

test('a way that is closed is UNAVAILABLE at once', async (t) => {
  const { session, out } = await world(t, echo);
  out.close();
  const { headers } = await call(session, Buffer.from('x'));
  assert.deepEqual([headers[':status'], headers['grpc-status']], [200, '14']);
});

test('a relay that stops ends its calls with UNAVAILABLE', async (t) => {
  const { session, service, events } = await world(t, () => undefined);
  const called = call(session, 'open');
  await until(() => events.length === 1);
  await service.close(10);
  const { headers } = await called;
  assert.equal(headers['grpc-status'], '14');
});
