import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { type Answer, ask, nonce, openTunnel, readAll, sendRaw } from './client.ts';
import { edit } from './edits.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type Names, startNames } from './names.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

type Headers = Readonly<Record<string, string>>;
interface Problem {
  readonly code: string;
  readonly status: number;
  readonly receipt_id?: string;
  readonly request_id?: string;
}

describe('forwarding through the real Envoy', () => {
  let gateway: Gateway;
  let upstream: Upstream;
  let names: Names;
  before(async () => {
    upstream = await startUpstream();
    names = await startNames();
    gateway = await startGateway({ edit: names.use });
  });
  after(async () => {
    await gateway.stop();
    await upstream.close();
    names.close();
  });

  const explicit = (
    path: string,
    headers: Headers = {},
    host = `${UPSTREAM}:${upstream.http}`,
  ): Promise<Answer> =>
    ask({ port: gateway.explicit, target: `http://${host}${path}`, headers: { host, ...headers } });
  const baseUrl = (path: string, headers: Headers = {}): Promise<Answer> =>
    ask({
      port: gateway.baseUrl,
      target: path,
      headers: { host: `${UPSTREAM}:${upstream.https}`, ...headers },
    });
  const problem = (answer: { body: string }): Problem => JSON.parse(answer.body) as Problem;
  const checkOf = (id: string) => gateway.authz.checks(id)[0];

  describe('explicit proxy, plain', () => {
    it('asks once, sends once, and shows the receipt', async () => {
      const id = nonce();
      const answer = await explicit(`/hello-${id}?q=1`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-clawgress-receipt'], checkOf(id)?.receiptId);
      assert.equal(upstream.hits(id).length, 1);
      assert.equal(upstream.hits(id)[0]?.url, `/hello-${id}?q=1`);
      const { mode, method, path, scheme, transport, metadata } = checkOf(id) ?? assert.fail('no Check');
      assert.deepEqual(
        { mode, method, path, scheme, transport },
        { mode: 'explicit', method: 'GET', path: `/hello-${id}?q=1`, scheme: 'http', transport: 'loopback' },
      );
      assert.equal(metadata['x-cg-node'], 'test-node');
      assert.equal(metadata['x-cg-epoch'], gateway.epoch.id);
    });

    it('keeps the path byte for byte', async () => {
      const id = nonce();
      const path = `//a/./b/../c//%2e%2e/%41%2fd;x=1/${id}?a=%20&b=//..`;
      assert.equal((await explicit(path)).status, 200);
      assert.equal(checkOf(id)?.path, path);
      assert.equal(upstream.hits(id)[0]?.url, path);
    });

    it('leaves a denial of the gateway untouched, receipt included', async () => {
      const id = nonce();
      const answer = await explicit(`/hello-${id}`, { 'x-clawgress-test': 'deny' });
      assert.equal(answer.status, 403);
      assert.equal(problem(answer).code, 'POLICY_NO_MATCH');
      assert.equal(answer.headers['x-clawgress-receipt'], checkOf(id)?.receiptId);
      assert.equal(upstream.hits(id).length, 0);
    });
  });

  describe('what clients say', () => {
    it('never reaches the Check or the upstream where it could steer', async () => {
      const id = nonce();
      const said = {
        'x-request-id': 'chosen-by-the-client',
        'x-forwarded-for': '203.0.113.9',
        'x-cg-mode': 'bump',
        'x-envoy-original-dst-host': '127.0.0.1:22',
        'x-envoy-upstream-rq-timeout-ms': '1',
        'x-clawgress-key': 'secret',
        'x-clawgress-run-id': 'run',
        'proxy-authorization': 'Basic c2VjcmV0',
        authorization: 'Bearer for-the-upstream',
      };
      assert.equal((await explicit(`/hello-${id}`, said)).status, 200);
      const check = checkOf(id) ?? assert.fail('no Check');
      assert.notEqual(check.requestId, 'chosen-by-the-client');
      assert.ok(
        ['x-clawgress-key', 'x-clawgress-run-id', 'proxy-authorization'].every((name) =>
          check.names.includes(name),
        ),
      );
      assert.ok(!check.names.some((name) => name.startsWith('x-cg-') || name === 'x-forwarded-for'));
      assert.deepEqual(
        check.names.filter((name) => name.startsWith('x-envoy-')),
        ['x-envoy-external-address'],
      );
      const sent = Object.keys(upstream.hits(id)[0]?.headers ?? {}).sort();
      assert.deepEqual(sent, ['authorization', 'host', 'x-request-id']);
    });

    it('cannot make Envoy try again', async () => {
      const id = nonce();
      const headers = {
        'x-envoy-retry-on': '5xx,reset',
        'x-envoy-max-retries': '5',
        'x-envoy-hedge-on-per-try-timeout': 'true',
      };
      assert.equal((await explicit(`/error-${id}`, headers)).status, 503);
      assert.equal(upstream.hits(id).length, 1);
    });

    it('is refused when a header name has an underscore', async () => {
      const id = nonce();
      const raw = `GET http://${UPSTREAM}:${upstream.http}/${id} HTTP/1.1\r\nHost: ${UPSTREAM}:${upstream.http}\r\nx_forwarded_for: 1\r\n\r\n`;
      assert.match(await sendRaw(gateway.explicit, raw), /^HTTP\/1\.1 400 /);
      assert.equal(upstream.hits(id).length + gateway.authz.checks(id).length, 0);
    });

    it('cannot claim https on the plain port', async () => {
      const id = nonce();
      const session = connectHttp2(`http://127.0.0.1:${gateway.explicit}`);
      const stream = session.request({
        ':scheme': 'https',
        ':authority': `${UPSTREAM}:${upstream.http}`,
        ':path': `/hello-${id}`,
      });
      const status = await new Promise((resolve) => {
        stream.on('response', (headers) => resolve(headers[':status'])).on('error', () => resolve('reset'));
        stream.resume().end();
      });
      session.destroy();
      // Judged as what it is, or not served at all; never judged as https and sent in clear.
      assert.ok(status === 'reset' || checkOf(id)?.scheme === 'http', `${status} ${checkOf(id)?.scheme}`);
    });
  });

  describe('what upstreams say', () => {
    for (const [name, through] of [
      ['explicit', explicit],
      ['base URL', baseUrl],
    ] as const) {
      it(`cannot forge our headers (${name})`, async () => {
        const id = nonce();
        const { headers } = await through(`/forge-${id}`);
        assert.equal(headers['x-clawgress-receipt'], checkOf(id)?.receiptId);
        assert.equal(headers['x-kept'], 'yes');
        for (const forged of ['x-cg-anything', 'x-envoy-anything', 'alt-svc'])
          assert.equal(headers[forged], undefined, forged);
      });
    }

    it('cannot forge them in trailers either', async () => {
      const id = nonce();
      const session = connectHttp2(`http://127.0.0.1:${gateway.baseUrl}`);
      const stream = session.request({
        ':authority': `${UPSTREAM}:${upstream.https}`,
        ':path': `/forge-${id}`,
        te: 'trailers',
      });
      const trailers = await new Promise<Record<string, unknown>>((resolve, reject) => {
        let late: Record<string, unknown> = {};
        stream.on('trailers', (got) => {
          late = got;
        });
        stream.on('end', () => resolve(late)).on('error', reject);
        stream.resume().end();
      });
      session.destroy();
      assert.equal(trailers['x-clawgress-late'], undefined);
      assert.equal(trailers['x-late-kept'], 'yes');
    });
  });

  describe('base URL', () => {
    it('originates verified TLS to an IP literal', async () => {
      const id = nonce();
      assert.equal((await baseUrl(`/hello-${id}`)).status, 200);
      assert.equal(upstream.hits(id)[0]?.headers[':scheme'], 'https');
      assert.equal(checkOf(id)?.scheme, 'https');
      assert.equal(checkOf(id)?.mode, 'base_url');
    });

    it('follows the rewrite of /_to/', async () => {
      const id = nonce();
      const answer = await baseUrl(`/_to/${UPSTREAM}:${upstream.https}/hello-${id}?x=1`, {
        host: `127.0.0.1:${gateway.baseUrl}`,
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(
        upstream.hits(id).map((hit) => [hit.url, hit.authority]),
        [[`/hello-${id}?x=1`, `${UPSTREAM}:${upstream.https}`]],
      );
    });

    it('refuses a certificate for another address', async () => {
      const id = nonce();
      const answer = await baseUrl(`/hello-${id}`, { host: `${UPSTREAM}:${upstream.impostor}` });
      assert.equal(answer.status, 502);
      assert.equal(problem(answer).code, 'UPSTREAM_TLS');
      assert.equal(upstream.hits(id).length, 0);
    });

    it('opens no tunnel', async () => {
      const before = upstream.dials();
      const tunnel = await openTunnel(gateway.baseUrl, `${UPSTREAM}:${upstream.tcp}`);
      assert.notEqual(tunnel.status, 200);
      assert.equal(upstream.dials(), before);
    });
  });

  describe('CONNECT', () => {
    it('tunnels after the allow and shows the receipt', async () => {
      const tunnel = await openTunnel(gateway.explicit, `${UPSTREAM}:${upstream.tcp}`);
      assert.equal(tunnel.status, 200);
      assert.match(String(tunnel.headers['x-clawgress-receipt']), /^rid-/);
      assert.equal(await readAll(tunnel.socket ?? assert.fail('no tunnel')), 'hello from the upstream\n');
    });

    it('does not dial before or after a denial', async () => {
      const before = upstream.dials();
      const tunnel = await openTunnel(gateway.explicit, `${UPSTREAM}:${upstream.tcp}`, {
        'x-clawgress-test': 'deny',
      });
      assert.equal(tunnel.status, 403);
      assert.match(String(tunnel.headers['x-clawgress-receipt']), /^rid-/);
      assert.equal(upstream.dials(), before);
    });
  });

  describe('destinations', () => {
    const refused = [
      '127.0.0.2',
      '127.83.7.1',
      '127.83.7.3',
      'localhost',
      '10.0.0.1',
      '169.254.169.254',
      '[::1]',
      '[::ffff:127.83.7.2]',
    ];
    for (const host of refused) {
      it(`refuses ${host}`, async () => {
        const id = nonce();
        const answer = await explicit(`/hello-${id}`, {}, `${host}:${upstream.http}`);
        assert.equal(answer.status, 403);
        const { code, receipt_id, request_id } = problem(answer);
        assert.deepEqual(
          { code, receipt_id, request_id },
          { code: 'ADDRESS_REFUSED', receipt_id: checkOf(id)?.receiptId, request_id: checkOf(id)?.requestId },
        );
        const tunnel = await openTunnel(gateway.explicit, `${host}:${upstream.tcp}`);
        assert.equal(tunnel.status, 403);
        assert.match(String(tunnel.headers['proxy-status']), /destination_ip_prohibited/);
      });
    }

    it('names an unknown host, a closed port and a broken answer', async () => {
      const codes = [
        problem(await explicit('/x', {}, 'no-such-host.invalid')).code,
        problem(await explicit('/x', {}, `${UPSTREAM}:1`)).code,
        problem(await explicit('/before')).code,
      ];
      assert.deepEqual(codes, ['UPSTREAM_DNS', 'UPSTREAM_UNREACHABLE', 'UPSTREAM_RESET']);
    });
  });

  it('tells an answer that never came from a request that was refused', async () => {
    const impatient = edit((node) =>
      node['stream_idle_timeout'] === '900s' ? { ...node, stream_idle_timeout: '1s' } : node,
    );
    const own = await startGateway({ edit: impatient });
    try {
      const id = nonce();
      const host = `${UPSTREAM}:${upstream.http}`;
      const target = `http://${host}/silent-${id}`;
      const answer = await ask({ port: own.explicit, target, headers: { host } });
      const { code, receipt_id } = problem(answer);
      assert.deepEqual([answer.status, code, upstream.hits(id).length], [504, 'UPSTREAM_SILENT', 1]);
      assert.equal(receipt_id, own.authz.checks(id)[0]?.receiptId);
    } finally {
      await own.stop();
    }
  });

  describe('what is not open', () => {
    it('refuses a WebSocket that the gateway chose no way for', async () => {
      const id = nonce();
      const raw = `GET http://${UPSTREAM}:${upstream.http}/${id} HTTP/1.1\r\nHost: ${UPSTREAM}:${upstream.http}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
      const answer = await sendRaw(gateway.explicit, raw);
      assert.match(answer, /^HTTP\/1\.1 403 /);
      assert.match(answer, /UPGRADE_REFUSED/);
      assert.equal(upstream.hits(id).length, 0);
    });

    it('explains an https URL in plain text', async () => {
      const raw = `GET https://${UPSTREAM}/ HTTP/1.1\r\nHost: ${UPSTREAM}\r\n\r\n`;
      assert.match(await sendRaw(gateway.explicit, raw), /^HTTP\/1\.1 400 [\s\S]*HTTPS_NEEDS_CONNECT/);
    });
  });
});
