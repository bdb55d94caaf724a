import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { type Gateway, waitFor } from './gateway.ts';
import { grpcClient } from './grpc_calls.ts';
import { CALLS, type GrpcUpstream, startGrpcUpstream } from './grpc_upstream.ts';
import { enter } from './in_tunnel.ts';
import { startOpeningGateway } from './opening_gateway.ts';

describe('gRPC through the real Envoy', () => {
  let gateway: Gateway;
  let upstream: GrpcUpstream;
  let interceptCa = '';
  let tunnelPort = 0;
  const ends: (() => unknown)[] = [];
  before(async () => {
    const opening = await startOpeningGateway();
    ({ gateway, interceptCa } = opening);
    upstream = await startGrpcUpstream(opening.destination);
    const tunnels = await startTunnels();
    ends.push(
      () => tunnels(),
      () => opening.close(),
      () => upstream.close(),
    );
  });
  after(async () => {
    for (const end of ends) await end();
  });

  /** A port whose connections go through an intercepted tunnel. */
  async function startTunnels(): Promise<() => void> {
    const sockets = new Set<Socket>();
    const server = createServer(async (socket) => {
      sockets.add(socket.on('error', () => undefined));
      const authority = `api.example:${upstream.tls}`;
      const tunnel = await enter({ port: gateway.explicit, authority, wish: 'intercept' });
      sockets.add(tunnel.on('error', () => undefined));
      socket.pipe(tunnel).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    tunnelPort = (server.address() as AddressInfo).port;
    return () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
  }

  const WAYS_IN = {
    explicit: (host: string, port?: number) =>
      grpcClient(`127.0.0.1:${gateway.explicit}`, credentials.createInsecure(), {
        'grpc.default_authority': `${host}:${port ?? upstream.plain}`,
      }),
    base_url: (host: string, port?: number) =>
      grpcClient(`127.0.0.1:${gateway.baseUrl}`, credentials.createInsecure(), {
        'grpc.default_authority': `${host}:${port ?? upstream.tls}`,
      }),
    intercepted: (host: string, port?: number) =>
      grpcClient(`127.0.0.1:${tunnelPort}`, credentials.createSsl(Buffer.from(interceptCa)), {
        'grpc.default_authority': `${host}:${port ?? upstream.tls}`,
        'grpc.ssl_target_name_override': 'api.example',
      }),
  };

  for (const [mode, connect] of Object.entries(WAYS_IN)) {
    describe(mode, () => {
      let client: ReturnType<typeof connect>;
      before(() => {
        client = connect('api.example');
      });
      after(() => client.close());

      it('carries calls of all four kinds, with their trailers', async () => {
        const unary = await client.call(CALLS.unary, ['hello']);
        assert.deepEqual([unary.code, unary.messages], [status.OK, ['hello']]);
        assert.equal(unary.trailers['x-late'], 'yes');
        assert.equal(unary.trailers['x-clawgress-late'], undefined);
        const sent = Array.from({ length: 50 }, (_, i) => `message ${i}`);
        assert.deepEqual((await client.call(CALLS.collect, sent)).messages, ['50']);
        assert.equal((await client.call(CALLS.spread, ['go'])).messages.length, 100);
        const chat = await client.call(CALLS.chat, sent);
        assert.deepEqual([chat.code, chat.messages, chat.trailers['x-late']], [status.OK, sent, 'yes']);
      });

      it('carries a megabyte, and the error of a server', async () => {
        const large = 'x'.repeat(1_000_000);
        assert.equal((await client.call(CALLS.unary, [large])).messages[0]?.length, large.length);
        const failed = await client.call(CALLS.fail, ['x']);
        assert.deepEqual([failed.code, failed.details], [status.NOT_FOUND, 'nothing like it']);
      });

      it('ends a call whose deadline passed or that was cancelled', async () => {
        const before = upstream.cancelled();
        assert.equal(
          (await client.call(CALLS.hang, ['x'], { deadlineMs: 3_000 })).code,
          status.DEADLINE_EXCEEDED,
        );
        const seen = upstream.calls.length;
        const cancelWhen = () =>
          waitFor(() => (upstream.calls.length > seen ? true : undefined), 'the call at the server');
        assert.equal((await client.call(CALLS.hang, ['x'], { cancelWhen })).code, status.CANCELLED);
        await waitFor(
          () => (upstream.cancelled() === before + 2 ? true : undefined),
          'both ends at the server',
        );
      });

      it('shows a denial of the gateway as a status', async () => {
        const before = upstream.calls.length;
        const { code, details } = await client.call(CALLS.unary, ['x'], { wish: 'deny-grpc' });
        assert.equal(code, status.RESOURCE_EXHAUSTED);
        assert.match(details, /^RATE_LIMITED: 100% too many; receipt rid-\d+$/);
        assert.equal(upstream.calls.length, before);
      });

      const OWN: Readonly<Record<string, readonly [number, RegExp]>> = {
        unstamped: [
          status.UNAVAILABLE,
          /^DECISION_UNPROVEN: No recorded decision stands behind this request$/,
        ],
        hang: [status.UNAVAILABLE, /^GATEWAY_UNAVAILABLE: The request could not be judged$/],
        'no-such-way': [status.UNAVAILABLE, /^DECISION_UNPROVEN: /],
      };
      for (const [wish, [wanted, message]] of Object.entries(OWN)) {
        it(`shows what Envoy refuses itself as a status: ${wish}`, async () => {
          const before = upstream.calls.length;
          const { code, details } = await client.call(CALLS.unary, ['x'], { wish });
          assert.equal(code, wanted);
          assert.match(details, message);
          assert.equal(upstream.calls.length, before);
        });
      }

      it('names a refused address and a closed port, with the receipt', async () => {
        const cases = [
          { host: 'private.example', port: 443, code: status.PERMISSION_DENIED, says: 'ADDRESS_REFUSED' },
          { host: 'api.example', port: 1, code: status.UNAVAILABLE, says: 'UPSTREAM_UNREACHABLE' },
        ];
        for (const { host, port, code, says } of cases) {
          const other = connect(host, port);
          const got = await other.call(CALLS.unary, ['x']);
          other.close();
          assert.equal(got.code, code);
          assert.match(got.details, new RegExp(`^${says}: .*; receipt rid-\\d+$`));
        }
      });

      it('says nothing about the agent to the server', async () => {
        await client.call(CALLS.unary, ['x']);
        const names = Object.keys(upstream.calls.at(-1) ?? {});
        assert.deepEqual(
          names.filter((name) => /^(x-cg|x-clawgress|x-envoy|cg-relay|x-forwarded)/.test(name)),
          [],
        );
      });
    });
  }
});
