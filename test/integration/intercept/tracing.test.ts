import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Answer, ask, openTunnel } from './client.ts';
import { type Gateway, startGateway, waitFor } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

interface Collector {
  readonly url: string;
  readonly paths: readonly string[];
  /** Everything that was exported, as Latin-1: strings of a protobuf stand in clear. */
  text(): string;
  close(): Promise<void>;
}

async function startCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.on('data', (part: Buffer) => bodies.push(part.toString('latin1')));
    request.on('end', () => response.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    text: () => bodies.join(''),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** The second member of a W3C `traceparent`. */
const traceOf = (value: unknown): string => /^00-([0-9a-f]{32})-/.exec(String(value))?.[1] ?? '';
const bytesOf = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');

describe('spans', () => {
  let upstream: Upstream;
  let collector: Collector;
  let gateway: Gateway;
  before(async () => {
    upstream = await startUpstream();
    collector = await startCollector();
  });
  after(async () => {
    await upstream.close();
    await collector.close();
  });
  afterEach(() => gateway.stop());

  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
    const host = `${UPSTREAM}:${upstream.http}`;
    return ask({ port: gateway.explicit, target: `http://${host}${path}`, headers: { host, ...headers } });
  };
  const traced = async (): Promise<void> => {
    gateway = await startGateway({
      input: { tracing: { otlp_endpoint: collector.url, sample_percent: 100 } },
    });
  };

  it('are not made unless somebody asked for them', async () => {
    gateway = await startGateway();
    const sent = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    assert.equal((await get('/hello-untraced', sent)).status, 200);
    assert.equal(gateway.authz.checks('untraced')[0]?.metadata['traceparent'], undefined);
    assert.equal(upstream.hits('untraced')[0]?.headers['traceparent'], sent.traceparent);
  });

  it('join the Check, name the receipt, and say nothing of path, host, headers or addresses', async () => {
    await traced();
    const secrets = {
      'user-agent': 'agent-secret',
      authorization: 'Bearer header-secret',
      'x-client-trace-id': 'id-secret',
    };
    const answer = await get('/hello-path-secret?q=query-secret', secrets);
    assert.equal(answer.status, 200);
    const denied = await get('/hello-denied-secret', { 'x-clawgress-test': 'deny' });
    assert.equal(denied.status, 403);
    (await openTunnel(gateway.explicit, `${UPSTREAM}:${upstream.tcp}`)).socket?.destroy();
    const receipts = [answer, denied].map(({ headers }) => String(headers['x-clawgress-receipt']));
    const text = await waitFor(
      () => (receipts.every((receipt) => collector.text().includes(receipt)) ? collector.text() : undefined),
      'the spans',
    );
    const trace = traceOf(gateway.authz.checks('path-secret')[0]?.metadata['traceparent']);
    assert.equal(trace.length, 32);
    assert.ok(text.includes(bytesOf(trace)), 'the Check belongs to the trace');
    assert.deepEqual(new Set(collector.paths), new Set(['/v1/traces']));
    assert.doesNotMatch(text, /secret|hello|Bearer/);
    assert.doesNotMatch(text, /127\.83\.7\.2|127\.0\.0\.1/);
  });

  it('tell no destination anything, and leave alone what the client says to it', async () => {
    await traced();
    const own = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'own=1' };
    assert.equal((await get('/hello-silent')).status, 200);
    assert.equal((await get('/hello-own', own)).status, 200);
    const names = Object.keys(upstream.hits('silent')[0]?.headers ?? {});
    assert.deepEqual(names.sort(), ['host', 'x-request-id']);
    const { traceparent, tracestate } = upstream.hits('hello-own')[0]?.headers ?? {};
    assert.deepEqual({ traceparent, tracestate }, own);
  });

  it('cost nothing when the collector is gone', async () => {
    gateway = await startGateway({
      input: { tracing: { otlp_endpoint: 'http://127.0.0.1:1', sample_percent: 100 } },
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/hello-nobody')));
    assert.ok(answers.every(({ status }) => status === 200));
  });
});
