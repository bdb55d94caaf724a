import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ProxyAgent, WebSocket } from 'undici';
import { acceptOf, frame, frameReader, TEXT } from '../../support/websocket.ts';
import { nonce, sendRaw } from './client.ts';
import { type Gateway, waitFor } from './gateway.ts';
import { handshake } from './in_tunnel.ts';
import { startOpeningGateway } from './opening_gateway.ts';
import { startUpgradeUpstream, TAIL_BYTES, type UpgradeUpstream } from './upgrade_upstream.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const PATIENCE_MS = 30_000;

describe('WebSockets through the real Envoy', () => {
  let gateway: Gateway;
  let upstream: UpgradeUpstream;
  let interceptCa = '';
  const ends: (() => unknown)[] = [];
  before(async () => {
    const opening = await startOpeningGateway();
    ({ gateway, interceptCa } = opening);
    upstream = await startUpgradeUpstream(opening.destination);
    ends.push(
      () => opening.close(),
      () => upstream.close(),
    );
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const checkOf = (id: string) => gateway.authz.checks(id)[0];

  type Mode = 'explicit' | 'base_url' | 'intercepted';
  const MODES: readonly Mode[] = ['explicit', 'base_url', 'intercepted'];
  const portOf = (mode: Mode): number => (mode === 'explicit' ? upstream.http : upstream.https);
  const authorityOf = (mode: Mode): string => `api.example:${portOf(mode)}`;

  async function open(mode: Mode): Promise<Socket> {
    if (mode !== 'intercepted')
      return connect(mode === 'explicit' ? gateway.explicit : gateway.baseUrl, '127.0.0.1');
    return handshake({
      ...{ port: gateway.explicit, authority: authorityOf(mode), wish: 'intercept', ca: interceptCa },
    });
  }

  interface Said {
    readonly wish?: string;
    readonly headers?: readonly string[];
    readonly method?: string;
  }
  function upgradeRequest(
    mode: Mode,
    path: string,
    { wish = 'websocket', headers, method = 'GET' }: Said = {},
  ): string {
    const authority = authorityOf(mode);
    return [
      `${method} ${mode === 'explicit' ? `http://${authority}` : ''}${path} HTTP/1.1`,
      `Host: ${authority}`,
      `x-clawgress-test: ${wish}`,
      ...(headers ?? [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${KEY}`,
      ]),
      '\r\n',
    ].join('\r\n');
  }

  /** Everything that came until the other side closed. */
  async function talk(
    mode: Mode,
    text: string,
    then: (socket: Socket, got: string) => unknown = () => undefined,
  ) {
    const socket = await open(mode);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.write(text);
    let got = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      got = Buffer.concat([got, part]);
      // Envoy lingers for a second on a connection that it closes.
      if (isWholeRefusal(got.toString('latin1'))) socket.end();
      else then(socket, got.toString('latin1'));
    });
    await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    return got;
  }
  /** An answer that ends the connection, complete to its last byte. */
  function isWholeRefusal(got: string): boolean {
    const [head = '', ...rest] = got.split('\r\n\r\n');
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    return /^connection: close$/im.test(head) && rest.join('\r\n\r\n').length >= Number(length);
  }
  const bodyOf = (got: Buffer): Buffer => got.subarray(got.indexOf('\r\n\r\n') + 4);
  const mask = Buffer.from([1, 2, 3, 4]);

  for (const mode of MODES) {
    describe(mode, () => {
      it('opens what the gateway chose a way for, and hides both sides from each other', async () => {
        const id = nonce();
        const got = await talk(mode, upgradeRequest(mode, `/echo-${id}`), (socket, so_far) => {
          if (so_far.endsWith('\r\n\r\n'))
            socket.write(Buffer.concat([frame(TEXT, 'hi', mask), frame(8, '', mask)]));
        });
        const text = got.toString('latin1');
        const accept = /sec-websocket-accept: (\S+)/i.exec(text)?.[1];
        assert.match(text, /^HTTP\/1\.1 101 /);
        assert.equal(accept, acceptOf(KEY));
        assert.match(text, new RegExp(`x-clawgress-receipt: ${checkOf(id)?.receiptId}\r\n`));
        assert.doesNotMatch(text, /forged/);
        assert.deepEqual(
          frameReader()(bodyOf(got)).map(({ payload }) => payload.toString()),
          ['hi', ''],
        );
        const [seen] = upstream.handshakes(id);
        assert.deepEqual(Object.keys(seen?.headers ?? {}).sort(), [
          'connection',
          'host',
          'sec-websocket-key',
          'sec-websocket-version',
          'upgrade',
          'x-request-id',
        ]);
        assert.equal(gateway.authz.checks(id).length, 1);
        assert.equal(checkOf(id)?.mode, mode);
        const entry = await gateway.logged(checkOf(id)?.receiptId ?? '');
        assert.deepEqual([entry['route'], entry['code'], entry['listener']], ['websocket', 101, mode]);
      });

      it('asks for a handshake, and refuses it when no way was chosen', async () => {
        const id = nonce();
        const got = (await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish: 'ok' }))).toString();
        assert.match(got, /^HTTP\/1\.1 403 /);
        assert.match(got, /UPGRADE_REFUSED/);
        assert.match(got, new RegExp(`"receipt_id":"${checkOf(id)?.receiptId}"`));
        assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
      });

      it('leaves a denial of the gateway as it is', async () => {
        const id = nonce();
        const got = (await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish: 'deny' }))).toString();
        assert.match(got, /^HTTP\/1\.1 403 [\s\S]*POLICY_NO_MATCH/);
        assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
      });

      it('needs the stamp', async () => {
        const id = nonce();
        const got = (await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish: 'unstamped' }))).toString();
        assert.match(got, /DECISION_UNPROVEN/);
        assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
      });

      it('lets no client choose the way', async () => {
        const id = nonce();
        const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'x-cg-route: websocket'];
        const got = (
          await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish: 'ok', headers }))
        ).toString();
        assert.match(got, /^HTTP\/1\.1 403 [\s\S]*UPGRADE_REFUSED/);
        assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
      });

      it('sends nothing by a way that it does not know', async () => {
        for (const headers of [undefined, []]) {
          const id = nonce();
          const said = { wish: 'no-such-way', ...(headers === undefined ? {} : { headers }) };
          const leave = (socket: Socket, so_far: string) =>
            so_far.trimEnd().endsWith('}') && socket.destroy();
          const got = (await talk(mode, upgradeRequest(mode, `/echo-${id}`, said), leave)).toString();
          assert.match(got, headers === undefined ? /UPGRADE_REFUSED/ : /DECISION_UNPROVEN/);
          assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
        }
      });

      it('keeps the tail of a server that sends and closes', async () => {
        for (let tries = 0; tries < 5; tries++) {
          const id = nonce();
          const got = await talk(mode, upgradeRequest(mode, `/tail-${id}`));
          const frames = frameReader()(bodyOf(got));
          assert.deepEqual(
            frames.map(({ opcode, payload }) => [opcode, payload.length]),
            [
              [1, TAIL_BYTES],
              [8, 2],
            ],
          );
        }
      });

      it('keeps the tail of a client that sends and ends', async () => {
        const id = nonce();
        const got = await talk(mode, upgradeRequest(mode, `/count-${id}`), (socket, so_far) => {
          if (so_far.includes('\r\n\r\n') && !socket.writableEnded) socket.end(Buffer.alloc(TAIL_BYTES));
        });
        assert.match(got.toString(), /^HTTP\/1\.1 101 /);
        await waitFor(() => upstream.counted(id), 'the end of the upstream connection');
        assert.equal(upstream.counted(id), TAIL_BYTES);
      });

      it('holds early bytes back until the 101', async () => {
        const id = nonce();
        const early = Buffer.concat([frame(TEXT, 'early', mask), frame(8, '', mask)]).toString('latin1');
        const socket = await open(mode);
        socket.setTimeout(PATIENCE_MS, () => socket.destroy());
        socket.write(Buffer.from(upgradeRequest(mode, `/late-${id}`) + early, 'latin1'));
        const parts: Buffer[] = [];
        socket.on('data', (part: Buffer) => parts.push(part));
        await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
        assert.equal(upstream.handshakes(id)[0]?.early, 0);
        assert.equal(frameReader()(bodyOf(Buffer.concat(parts)))[0]?.payload.toString(), 'early');
      });

      it('passes a refusal of the destination on, and nothing after it', async () => {
        for (const status of [401, 404, 503]) {
          const id = nonce();
          const more = upgradeRequest(mode, `/echo-behind-${id}`);
          const got = (await talk(mode, upgradeRequest(mode, `/no${status}-${id}`) + more)).toString();
          assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\r\\n\\r\\nno`));
          assert.equal(upstream.handshakes(id).length, 1);
          assert.equal(upstream.requests(id).length, 0);
        }
      });

      it('names a destination that answers the handshake as if it were a plain request', async () => {
        for (const status of [200, 302]) {
          const id = nonce();
          const got = (await talk(mode, upgradeRequest(mode, `/no${status}-${id}`))).toString();
          assert.match(got, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_NO_UPGRADE/);
          assert.doesNotMatch(got, /\r\n\r\nno/);
        }
      });

      it('says that the destination closed', async () => {
        const id = nonce();
        const got = (await talk(mode, upgradeRequest(mode, `/drop-${id}`))).toString();
        assert.match(got, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_RESET/);
      });

      it('sends nothing that is pipelined behind a refused upgrade', async () => {
        for (const wish of ['ok', 'deny', 'unstamped']) {
          const id = nonce();
          const plain = upgradeRequest(mode, `/plain-${id}`, { wish: 'ok', headers: [] });
          await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish }) + plain);
          assert.equal(upstream.handshakes(id).length, 0, wish);
          // Where the connection goes on, the request behind is one of its own, asked for and answered.
          assert.equal(upstream.requests(id).length, gateway.authz.checks(`plain-${id}`).length, wish);
        }
      });

      const OTHERS: Readonly<Record<string, readonly string[]>> = {
        foo: ['Connection: Upgrade', 'Upgrade: foo'],
        CONNECT: ['Connection: Upgrade', 'Upgrade: CONNECT'],
        'a list': ['Connection: Upgrade', 'Upgrade: websocket, foo'],
        'two headers': ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: foo'],
      };
      for (const [name, headers] of Object.entries(OTHERS)) {
        it(`refuses ${name} before anything is judged`, async () => {
          for (const wish of ['websocket', 'ok']) {
            const id = nonce();
            const got = (await talk(mode, upgradeRequest(mode, `/echo-${id}`, { wish, headers }))).toString();
            assert.match(got, /^HTTP\/1\.1 403 [\s\S]*UPGRADE_REFUSED/);
            assert.deepEqual(
              [upstream.handshakes(id), upstream.requests(id), gateway.authz.checks(id)],
              [[], [], []],
            );
          }
        });
      }

      it('refuses CONNECT with an upgrade before anything is judged', async () => {
        for (const type of ['websocket', 'CONNECT', 'foo']) {
          const id = nonce();
          const lines = [
            `CONNECT ${authorityOf(mode)} HTTP/1.1`,
            `Host: ${authorityOf(mode)}`,
            `x-nonce: ${id}`,
          ];
          const before = gateway.authz.checks('').filter(({ method }) => method === 'CONNECT').length;
          // The tunnel around an intercepted one is asked for, too.
          const around = mode === 'intercepted' ? 1 : 0;
          const got = await talk(
            mode,
            [...lines, 'Connection: Upgrade', `Upgrade: ${type}`, '\r\n'].join('\r\n'),
          );
          assert.match(got.toString(), /^HTTP\/1\.1 403 /);
          const after = gateway.authz.checks('').filter(({ method }) => method === 'CONNECT').length;
          assert.equal(after, before + around, type);
        }
      });

      it('takes h2c for what it is without it', async () => {
        const id = nonce();
        const headers = [
          'Connection: Upgrade, HTTP2-Settings',
          'Upgrade: h2c',
          'HTTP2-Settings: AAMAAABkAAQAAP__',
        ];
        const got = await talk(
          mode,
          upgradeRequest(mode, `/plain-${id}`, { wish: 'ok', headers }),
          (socket, so_far) => {
            if (so_far.includes('plain')) socket.destroy();
          },
        );
        assert.match(got.toString(), /^HTTP\/1\.1 200 /);
        assert.deepEqual(upstream.handshakes(id), []);
      });
    });
  }

  it('passes no body on before the destination agreed', async () => {
    for (const body of [
      'Content-Length: 5\r\n\r\nhello',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ]) {
      const id = nonce();
      const text = upgradeRequest('explicit', `/late-${id}`, { method: 'POST' }).replace(
        /\r\n\r\n$/,
        `\r\n${body}`,
      );
      await talk('explicit', text, (socket) => socket.destroy());
      assert.ok(
        upstream.handshakes(id).every(({ early }) => early === 0),
        'a body was sent before the 101',
      );
    }
  });

  it('offers no WebSocket over HTTP/2', async () => {
    const id = nonce();
    const session = connectHttp2(`http://127.0.0.1:${gateway.explicit}`);
    session.on('error', () => undefined);
    const settings = await new Promise<{ enableConnectProtocol?: boolean }>((resolve) =>
      session.on('remoteSettings', resolve),
    );
    assert.notEqual(settings.enableConnectProtocol, true);
    session.destroy();
    const got = await sendRaw(gateway.explicit, upgradeRequest('explicit', `/${id}`, { wish: 'ok' }));
    assert.match(got, / 403 /);
  });

  /** What a real client was told, or that it was refused. */
  function chat(socket: WebSocket): Promise<string> {
    return new Promise((resolve) => {
      socket.addEventListener('open', () => socket.send('hello'));
      socket.addEventListener('message', ({ data }) => {
        socket.close(1000);
        socket.addEventListener('close', ({ code }) => resolve(`${data} ${code}`));
      });
      socket.addEventListener('error', () => resolve('refused'));
    });
  }

  it('serves a real client inside an intercepted tunnel and by base URL', async () => {
    const dispatcher = new ProxyAgent({
      uri: `http://127.0.0.1:${gateway.explicit}`,
      headers: { 'x-clawgress-test': 'intercept' },
      requestTls: { ca: interceptCa },
    });
    const ask = (url: string, wish: string) =>
      chat(
        new WebSocket(url, {
          headers: { 'x-clawgress-test': wish },
          ...(url.startsWith('wss') ? { dispatcher } : {}),
        }),
      );
    const authority = authorityOf('intercepted');
    const direct = `ws://127.0.0.1:${gateway.baseUrl}/_to/${authority}/echo`;
    assert.equal(await ask(`wss://${authority}/echo`, 'websocket'), 'hello 1000');
    assert.equal(await ask(direct, 'websocket'), 'hello 1000');
    assert.equal(await ask(`wss://${authority}/echo`, 'deny'), 'refused');
    assert.equal(await ask(direct, 'ok'), 'refused');
    await dispatcher.close();
  });

  it('ends the other side when one side goes', async () => {
    const id = nonce();
    const socket = await open('explicit');
    socket.write(upgradeRequest('explicit', `/echo-${id}`));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await waitFor(() => (upstream.closed(id) === 1 ? true : undefined), 'the end of the upstream connection');
  });
});
