import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { after, before, test } from 'node:test';
import { issueDemoCertificates } from '../../../src/demo/certificate.ts';
import { type Hit, HitLog } from '../../../src/demo/hits.ts';
import { type DemoUpstream, startDemoUpstream } from '../../../src/demo/upstream.ts';

const ADDRESS = '127.0.0.1';
const issued = await issueDemoCertificates(ADDRESS, 'demo.localhost', new Date());
let demo: DemoUpstream;
let base: string;

before(async () => {
  demo = await startDemoUpstream({
    address: ADDRESS,
    httpPort: 0,
    httpsPort: 0,
    certificatePem: issued.leafPem,
    keyPem: issued.leafKeyPem,
  });
  base = `http://${ADDRESS}:${demo.httpPort}`;
});
after(() => demo.close());

async function hits(): Promise<Hit[]> {
  return (await (await fetch(`${base}/__hits`)).json()) as Hit[];
}

test('hello answers 200 and the log holds method, path with query and headers', async () => {
  await fetch(`${base}/__hits`, { method: 'DELETE' });
  const answer = await fetch(`${base}/hello?n=1`, { headers: { 'x-test': 'yes' } });
  assert.equal(answer.status, 200);
  const seen = await hits();
  assert.equal(seen.length, 1);
  assert.equal(seen[0]?.method, 'GET');
  assert.equal(seen[0]?.path, '/hello?n=1');
  assert.equal(seen[0]?.headers['x-test'], 'yes');
  assert.match(seen[0]?.ts ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('echo answers the body, parsed when it is JSON', async () => {
  const answer = await fetch(`${base}/echo`, { method: 'POST', body: '{"a":[1]}' });
  const echoed = (await answer.json()) as { method: string; body: string; json: unknown };
  assert.equal(echoed.method, 'POST');
  assert.equal(echoed.body, '{"a":[1]}');
  assert.deepEqual(echoed.json, { a: [1] });
});

test('an echo body beyond the maximum is refused', async () => {
  const answer = await fetch(`${base}/echo`, { method: 'POST', body: 'a'.repeat(1_048_577) });
  assert.equal(answer.status, 413);
});

test('the model and the MCP server answer at their paths', async () => {
  const post = (path: string, body: object) =>
    fetch(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
  assert.match(await (await post('/v1/chat/completions', chat)).text(), /"total_tokens":6/);
  const streamed = await post('/v1/chat/completions', { ...chat, stream: true });
  assert.equal(streamed.headers.get('content-type'), 'text/event-stream');
  assert.match(await streamed.text(), /data: \[DONE\]\n\n$/);
  assert.equal((await post('/v1/chat/completions', {})).status, 400);
  assert.match(await (await post('/mcp', { id: 1, method: 'initialize' })).text(), /"protocolVersion"/);
  assert.equal((await post('/mcp', { method: 'notifications/initialized' })).status, 202);
  assert.equal((await fetch(`${base}/mcp`)).status, 405);
});

test('status, bytes, SSE, slow and reset do what their names say', async () => {
  assert.equal((await fetch(`${base}/status/418`)).status, 418);
  assert.equal((await fetch(`${base}/status/204`)).status, 204);
  assert.equal((await (await fetch(`${base}/bytes/200001`)).arrayBuffer()).byteLength, 200_001);
  const events = await (await fetch(`${base}/sse?events=3&ms=1`)).text();
  assert.equal(events.match(/^data: /gm)?.length, 3);
  assert.equal((await fetch(`${base}/slow?ms=5`)).status, 200);
  await assert.rejects(fetch(`${base}/reset`));
  assert.equal((await fetch(`${base}/nothing`)).status, 404);
});

test('HTTPS verifies against the demo CA and shares the request log', async () => {
  await fetch(`${base}/__hits`, { method: 'DELETE' });
  const status = await new Promise((resolve, reject) => {
    const url = `https://${ADDRESS}:${demo.httpsPort}/hello`;
    httpsRequest(url, { ca: issued.caPem, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  assert.equal(status, 200);
  assert.deepEqual(
    (await hits()).map((hit) => hit.path),
    ['/hello'],
  );
});

test('the ring keeps the newest hits in order', () => {
  const log = new HitLog(3);
  const hit = (path: string): Hit => ({ method: 'GET', path, headers: {}, ts: '' });
  for (const path of ['a', 'b', 'c', 'd', 'e']) log.add(hit(path));
  assert.deepEqual(
    log.all().map((entry) => entry.path),
    ['c', 'd', 'e'],
  );
  log.clear();
  log.add(hit('f'));
  assert.deepEqual(
    log.all().map((entry) => entry.path),
    ['f'],
  );
});

test('a taken port rejects and leaves nothing listening', async () => {
  await assert.rejects(
    startDemoUpstream({
      address: ADDRESS,
      httpPort: 0,
      httpsPort: demo.httpsPort,
      certificatePem: issued.leafPem,
      keyPem: issued.leafKeyPem,
    }),
    /EADDRINUSE/,
  );
});
