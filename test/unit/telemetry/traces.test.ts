import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startTracing } from '../../../src/telemetry/traces.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** What a collector is sent, as parsed JSON. */
async function collector(t: TestContext) {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { received, endpoint: `http://127.0.0.1:${port}/v1/traces` };
}

interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string; boolValue?: boolean } }[];
  status: { code?: number };
}
const spansOf = (received: readonly string[]): SentSpan[] =>
  received.flatMap((text) =>
    JSON.parse(text).resourceSpans.flatMap((one: { scopeSpans: { spans: SentSpan[] }[] }) =>
      one.scopeSpans.flatMap(({ spans }) => spans),
    ),
  );

test('a sampled request gets a span for the Check and one for the recorder, inside its own trace', async (t) => {
  const { received, endpoint } = await collector(t);
  const tracing = startTracing({ endpoint, instance: 'gateway-1', version: '1' });
  const span = tracing.check(PARENT);
  span?.recording()();
  span?.end({ reason: 'POLICY_ALLOW', recorded: true, receiptId: 'r-1' });
  await tracing.stop();
  const spans = spansOf(received);
  const [append, check] = ['clawgress.append', 'clawgress.check'].map((name) =>
    spans.find((one) => one.name === name),
  );
  assert.equal(check?.traceId, TRACE);
  assert.equal(check.parentSpanId, '00f067aa0ba902b7');
  assert.equal(append?.parentSpanId, check.spanId);
  const said = Object.fromEntries(check.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
  assert.deepEqual(said, {
    'clawgress.reason': 'POLICY_ALLOW',
    'clawgress.recorded': true,
    'clawgress.receipt_id': 'r-1',
  });
});

test('a Check that left no record is an error and names no receipt', async (t) => {
  const { received, endpoint } = await collector(t);
  const tracing = startTracing({ endpoint, instance: 'gateway-1', version: '1' });
  tracing.check(PARENT)?.end({ reason: 'RECORDER_BUSY', recorded: false, receiptId: 'r-2' });
  await tracing.stop();
  const [check] = spansOf(received);
  assert.equal(check?.status.code, 2);
  assert.doesNotMatch(received.join(), /r-2/);
});

test('nothing starts without a sampled, well-formed parent', async (t) => {
  const { received, endpoint } = await collector(t);
  const tracing = startTracing({ endpoint, instance: 'gateway-1', version: '1' });
  const zeros = '0'.repeat(16);
  const parents = [
    undefined,
    '',
    PARENT.replace(/01$/, '00'),
    PARENT.toUpperCase(),
    `01-${TRACE}-00f067aa0ba902b7-01`,
    `00-${zeros}${zeros}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${zeros}-01`,
    `${PARENT}-x`,
  ];
  for (const parent of parents) assert.equal(tracing.check(parent), undefined, parent);
  await tracing.stop();
  assert.deepEqual(received, []);
});

test('a collector that is away neither throws nor holds up the stop for long', async () => {
  const tracing = startTracing({ endpoint: 'http://127.0.0.1:9/v1/traces', instance: 'g', version: '1' });
  tracing.check(PARENT)?.end({ reason: 'POLICY_ALLOW', recorded: true, receiptId: 'r-3' });
  await assert.doesNotReject(tracing.stop());
});
