import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, startClawgress } from '../../support/running.ts';
import { throughProxy } from '../../support/through_proxy.ts';

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
}

test('one trace goes from Envoy through the gateway to the recorder, and names nothing private', async (t) => {
  const bodies: Buffer[] = [];
  const collector = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    bodies.push(Buffer.concat(parts));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  t.after(() => collector.close());
  const folder = mkdtempSync(join(tmpdir(), 'cg-trace-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'clawgress.yaml');
  const { port } = collector.address() as AddressInfo;
  writeFileSync(config, `tracing:\n  otlp_endpoint: http://127.0.0.1:${port}\n`);
  const running = await startClawgress({ args: ['--config', config] });
  t.after(async () => {
    await running.stop();
    running.remove();
  });

  const [agent] = running.agents;
  assert.ok(agent);
  const { explicit_proxy, demo } = running.endpoints;
  const url = `${demo.upstream_http}/hello?secret=do-not-show`;
  const answer = await throughProxy({ proxy: explicit_proxy, url, credential: agent });
  assert.equal(answer?.status, 200);
  const receipt = answer.headers['x-clawgress-receipt'];
  // Envoy sends its spans every five seconds and drops what waits when it ends; the gateway sends it.
  await eventually(() => bodies.find((body) => body[0] !== 0x7b), 'the spans of Envoy');
  await running.stop();

  const spans: SentSpan[] = bodies
    .filter((body) => body[0] === 0x7b)
    .flatMap((body) => JSON.parse(body.toString('utf8')).resourceSpans)
    .flatMap((one: { scopeSpans: { spans: SentSpan[] }[] }) =>
      one.scopeSpans.flatMap((scope) => scope.spans),
    );
  const check = spans.find(
    ({ name, attributes }) =>
      name === 'clawgress.check' && attributes.some(({ value }) => value.stringValue === receipt),
  );
  assert.ok(check, 'no span for the Check');
  assert.ok(spans.some(({ name, traceId }) => name === 'clawgress.append' && traceId === check.traceId));
  const all = Buffer.concat(bodies).toString('latin1');
  assert.ok(all.includes(Buffer.from(check.traceId, 'hex').toString('latin1')), 'Envoy has another trace');
  for (const secret of ['do-not-show', '/hello', agent.api_key]) assert.ok(!all.includes(secret), secret);
});
