/**
 * Promise: where the body decides, nothing of a request leaves before its decision is recorded, and each Check has
 * exactly one: with a body that fits, one that does not, one that is mended, one that never comes, and one whose gateway
 * is killed in the middle. Answers and their usage are recorded before their end is told.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { bodiesAreHeld } from '../../support/held_bodies.ts';
import { keptOpen } from '../../support/kept_open.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic, throughProxy } from '../../support/through_proxy.ts';

const ADDRESS = '127.77.6.1';
const SSE = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', 'data: [DONE]\n\n'];

interface Hit {
  readonly path: string;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

let running: Running;
let port = 0;
const hits: Hit[] = [];
const upstream = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk));
  request.on('end', () => {
    hits.push({ path: request.url ?? '', body, headers: request.headers });
    if (request.url?.startsWith('/sse')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of SSE) response.write(event);
      // The second one ends when it is broken off.
      if (request.url === '/sse') response.end();
      return;
    }
    const isBad = request.url === '/bad';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(isBad ? '{"n": "text"}' : '{"n": 1}');
  });
});

function policy(): string {
  const at = (path: string) =>
    `{destination: {hosts: ["${ADDRESS}"], ports: [${port}], schemes: [http]}, path_prefixes: ["${path}"]}`;
  return [
    'schema: clawgress/policy/v1',
    'id: inspected',
    'schemas:',
    '  - {id: refund.v1, draft: 2020-12, schema: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 100}}}}',
    '  - {id: n.v1, draft: 2020-12, schema: {type: object, required: [n], properties: {n: {type: integer}}}}',
    'rules:',
    `  - {id: refunds, match: ${at('/refunds')}, action: allow, request: {format: json, schema: refund.v1, max_bytes: 65536}}`,
    `  - {id: mended, match: ${at('/mended')}, action: allow, request: {format: json, schema: refund.v1, repair: once, max_bytes: 65536}}`,
    `  - {id: answers, match: ${at('/good')}, action: allow, response: {inspect: json, schema: n.v1, max_bytes: 65536, on_violation: block}}`,
    `  - {id: bad, match: ${at('/bad')}, action: allow, response: {inspect: json, schema: n.v1, max_bytes: 65536, on_violation: block}}`,
    `  - {id: short, match: ${at('/sse/long')}, action: allow, response: {inspect: sse, notarize: true, max_bytes: 16, on_violation: block}}`,
    `  - {id: events, match: ${at('/sse')}, action: allow, response: {inspect: sse, notarize: true, max_bytes: 65536, on_violation: block}}`,
    '',
  ].join('\n');
}

const records = (): NaiveRecord[] =>
  readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
const decisions = () => records().filter(({ type }) => type === 'decision');

before(async () => {
  // Node closes idle connections after 5 s, which races with a request that Envoy sends on one: a 502 that means nothing.
  keptOpen(upstream);
  await new Promise<void>((resolve) => upstream.listen(0, ADDRESS, resolve));
  port = (upstream.address() as AddressInfo).port;
  process.env['CLAWGRESS_UPSTREAM_ALLOW_CIDRS'] = `${ADDRESS}/32`;
  process.env['CLAWGRESS_CHECK_TIMEOUT_MS'] = '10000';
  running = await startClawgress();
  const count = () => records().filter(({ type }) => type === 'policy').length;
  const first = count();
  writeFileSync(join(running.stateDir, 'policy.yaml'), policy());
  await eventually(() => (count() > first ? true : undefined), 'the policy');
});
after(async () => {
  await running.stop();
  running.remove();
  upstream.close();
  upstream.closeAllConnections();
});

const [JSON_TYPE] = [{ 'content-type': 'application/json' }];
function call(path: string, body: string, headers: Record<string, string> = JSON_TYPE) {
  const [credential] = running.agents;
  assert.ok(credential, 'an agent');
  const url = `http://${ADDRESS}:${port}${path}`;
  return throughProxy({
    proxy: running.endpoints.explicit_proxy,
    url,
    method: 'POST',
    headers,
    body,
    credential,
  });
}

/** A request whose body stops in the middle. */
function halfSent(path: string): http.ClientRequest {
  const [credential] = running.agents;
  assert.ok(credential, 'an agent');
  const proxy = new URL(running.endpoints.explicit_proxy);
  const request = http.request({
    ...{ host: proxy.hostname, port: proxy.port, method: 'POST' },
    path: `http://${ADDRESS}:${port}${path}`,
    headers: {
      ...JSON_TYPE,
      host: `${ADDRESS}:${port}`,
      'content-length': '1000',
      'proxy-authorization': basic(credential),
    },
  });
  request.on('error', () => undefined);
  request.write('{"amount":');
  return request;
}

it('a body that fits goes on, with one decision that says what was found', async () => {
  const answer = await call('/refunds', '{"amount": 5}');
  assert.equal(answer?.status, 200, answer?.body);
  const rid = answer?.headers['x-clawgress-receipt'];
  const own = decisions().filter(({ receipt_id }) => receipt_id === rid);
  assert.equal(own.length, 1);
  const [{ request, verdict } = { request: {}, verdict: '' }] = own as {
    request: Record<string, unknown>;
    verdict: string;
  }[];
  assert.equal(verdict, 'allow');
  assert.equal(request['body_state'], 'complete');
  assert.match(String(request['body_commitment']), /^[A-Za-z0-9+/]{43}=$/);
  assert.equal(hits.at(-1)?.body, '{"amount": 5}');
  const outcome = await eventually(
    () => records().find(({ type, decision_ref }) => type === 'outcome' && decision_ref === rid),
    'its outcome',
  );
  assert.equal(outcome['state'], 'completed');
});

it('a body that does not fit never leaves', async () => {
  const before = hits.length;
  const answer = await call('/refunds', '{"amount": 500}');
  assert.equal(answer?.status, 422, answer?.body);
  const problem = JSON.parse(answer?.body ?? '{}');
  assert.equal(problem.code, 'SCHEMA_INVALID');
  assert.equal(answer?.headers['x-clawgress-receipt'], problem.receipt_id);
  assert.match(String(answer?.headers['proxy-status']), /SCHEMA_INVALID/);
  assert.equal(decisions().filter(({ receipt_id }) => receipt_id === problem.receipt_id).length, 1);
  assert.equal(hits.length, before);
});

it('a body is mended where the rule allows it, and both texts are committed', async () => {
  const answer = await call('/mended', '{"amount": 5,}');
  assert.equal(answer?.status, 200, answer?.body);
  assert.deepEqual(JSON.parse(hits.at(-1)?.body ?? ''), { amount: 5 });
  const rid = answer?.headers['x-clawgress-receipt'];
  const [own] = decisions().filter(({ receipt_id }) => receipt_id === rid);
  const request = own?.['request'] as Record<string, unknown>;
  assert.ok(request['repaired_commitment'], 'the mended text is committed');
  assert.notEqual(request['repaired_commitment'], request['body_commitment']);
});

it('a body that never comes is denied on record, once', async () => {
  const before = decisions().length;
  const request = halfSent('/refunds');
  await bodiesAreHeld(running);
  request.destroy();
  await eventually(() => (decisions().length > before ? true : undefined), 'its decision');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const fresh = decisions().slice(before);
  assert.deepEqual(
    fresh.map(({ reason }) => reason),
    ['BODY_NOT_COMPLETED'],
  );
});

it('an answer that breaks its contract is replaced, and one that honours it is not', async () => {
  const good = await call('/good', '');
  assert.equal(good?.status, 200, good?.body);
  assert.equal(hits.at(-1)?.headers['accept-encoding'], 'identity');
  const bad = await call('/bad', '');
  assert.equal(bad?.status, 502, bad?.body);
  const problem = JSON.parse(bad?.body ?? '{}');
  assert.equal(problem.code, 'RESPONSE_BLOCKED');
  const states = (rid: unknown) =>
    records()
      .filter(({ type, decision_ref }) => type === 'inspection' && decision_ref === rid)
      .map(({ state }) => state);
  assert.deepEqual(states(problem.receipt_id), ['blocked']);
  assert.deepEqual(states(good?.headers['x-clawgress-receipt']), ['complete']);
});

it('events are read as they pass, and their end is recorded before it is told', async () => {
  const answer = await call('/sse', '');
  assert.equal(answer?.body, SSE.join(''));
  const rid = answer?.headers['x-clawgress-receipt'];
  const last = records()
    .filter(({ type, decision_ref }) => type === 'inspection' && decision_ref === rid)
    .at(-1);
  assert.equal(last?.['state'], 'complete');
});

it('an answer that policy cuts is told as that in its outcome', async () => {
  assert.equal(await call('/sse/long', ''), undefined, 'it broke off');
  const { decision_ref } = await eventually(
    () => records().find(({ type, state }) => type === 'inspection' && state === 'policy_cut'),
    'the end of its answer',
  );
  const outcome = await eventually(
    () => records().find((one) => one['type'] === 'outcome' && one['decision_ref'] === decision_ref),
    'its outcome',
  );
  assert.deepEqual([outcome['state'], outcome['cause']], ['completed', 'answer_cut']);
});

it('a gateway that is killed in the middle of a body leaves exactly one decision', {
  timeout: 400_000,
}, async () => {
  const before = decisions().length;
  const sent = hits.length;
  const request = halfSent('/refunds');
  await bodiesAreHeld(running);
  process.kill(running.childPid('gateway'), 'SIGKILL');
  await eventually(
    () => (decisions().length > before ? true : undefined),
    'the decision of the dead',
    60_000,
  );
  request.destroy();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.deepEqual(
    decisions()
      .slice(before)
      .map(({ reason }) => reason),
    ['BODY_NOT_COMPLETED'],
  );
  assert.equal(hits.length, sent);
});
