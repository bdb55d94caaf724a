/** Promise: a host without a recorder decides only what the recorder of another host has on its disk. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { bodiesAreHeld } from '../../support/held_bodies.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { newAuthority } from '../../support/pki.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic, throughProxy } from '../../support/through_proxy.ts';

const RECORDER = 'recorder.test';
const HOST_B = 'host-b';
/** Nobody else picks a port here between the look for a free one and its use. */
const RECORDER_ADDRESS = '127.77.8.1';

let dir: string;
let a: Running;
let b: Running;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, RECORDER_ADDRESS, () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}

/** Files of both hosts; JSON is YAML. */
async function start(): Promise<void> {
  const port = await freePort();
  const authority = newAuthority();
  const pki = join(dir, 'pki');
  mkdirSync(pki, { mode: 0o700 });
  const file = (name: string, text: string) => {
    writeFileSync(join(pki, name), text, { mode: 0o600 });
    return join(pki, name);
  };
  const ca = file('ca.pem', authority.ca);
  const [recorder, gateway] = [
    authority.issue(RECORDER, 'serverAuth'),
    authority.issue(HOST_B, 'clientAuth'),
  ];
  const listen = {
    ...{ address: RECORDER_ADDRESS, port, client_ca: ca, client_names: [HOST_B] },
    cert: file('recorder.pem', recorder.cert),
    key: file('recorder.key', recorder.key),
  };
  writeFileSync(join(dir, 'a.yaml'), JSON.stringify({ recorder: { listen } }));
  a = await startClawgress({ stateDir: join(dir, 'a'), args: ['--config', join(dir, 'a.yaml')] });
  const remote = {
    ...{ host: RECORDER_ADDRESS, port, ca, server_name: RECORDER },
    cert: file('gateway.pem', gateway.cert),
    key: file('gateway.key', gateway.key),
  };
  const settings = {
    gateway_name: HOST_B,
    policy: { file: join(a.stateDir, 'policy.yaml') },
    registry_file: join(a.stateDir, 'registry.json'),
    recorder: { remote },
    upstream: { allow_cidrs: [`${new URL(a.endpoints.demo.upstream_http).hostname}/32`] },
  };
  writeFileSync(join(dir, 'b.yaml'), JSON.stringify(settings));
  b = await startClawgress({
    stateDir: join(dir, 'b'),
    args: ['--config', join(dir, 'b.yaml'), '--no-demo'],
  });
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cg-elsewhere-'));
  chmodSync(dir, 0o700);
  await start();
});
after(async () => {
  await b?.stop();
  await a?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function send(path: string) {
  const credential = a.agents[0];
  assert.ok(credential);
  const url = `${a.endpoints.demo.upstream_http}${path}`;
  return await throughProxy({ proxy: b.endpoints.explicit_proxy, url, credential });
}

const records = (): NaiveRecord[] => readJournal(a.endpoints.journal_dir, a.endpoints.public_keys);
const ready = (one: Running) =>
  fetch(one.endpoints.metrics.replace(/metrics$/, 'ready')).then(
    ({ status }) => status,
    () => 0,
  );

it('decisions and outcomes of one host stand in the journal of the other', { timeout: 400_000 }, async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(`/hello/${i}`)));
  assert.deepEqual(new Set(answers.map((one) => one?.status)), new Set([200]));
  const own = records().filter(({ gateway_id }) => gateway_id === `${HOST_B}-1`);
  const ids = new Set(own.map(({ receipt_id }) => receipt_id));
  for (const answer of answers) assert.ok(ids.has(answer?.headers['x-clawgress-receipt']));
  await eventually(() => {
    const closed = new Set(records().map(({ decision_ref }) => decision_ref));
    return [...ids].every((id) => closed.has(id)) || undefined;
  }, 'an outcome for each');
  const runs = own.map(({ envoy_epoch }) => String(envoy_epoch));
  assert.ok(runs.every((run) => run.startsWith(`${HOST_B}/`)));
  assert.equal(await ready(b), 200);
});

it('without the recorder the other host sends nothing, and goes on afterwards', {
  timeout: 400_000,
}, async () => {
  const hits = async (): Promise<number> =>
    ((await (await fetch(a.endpoints.demo.hits_url)).json()) as unknown[]).length;
  const before = await hits();
  const pid = a.childPid('recorder');
  process.kill(pid, 'SIGSTOP');
  assert.equal((await send('/hello/stopped'))?.status, 503);
  await eventually(async () => (await ready(b)) === 503 || undefined, 'the other host to say so');
  assert.equal(await hits(), before);
  process.kill(pid, 'SIGKILL');
  // Unless the recorder is back by then: what went on stands in its journal.
  const killed = await send('/hello/killed');
  const receipt = killed?.headers['x-clawgress-receipt'];
  const allowed = records().filter(
    ({ type, verdict, receipt_id }) => type === 'decision' && verdict === 'allow' && receipt_id === receipt,
  );
  assert.equal(killed?.status, allowed.length === 1 ? 200 : 503);
  assert.equal(await hits(), before + allowed.length);
  await eventually(async () => (await send('/hello/again'))?.status === 200 || undefined, 'recovery');
});

function contract(): string {
  const { hostname, port } = new URL(a.endpoints.demo.upstream_http);
  return `schema: clawgress/policy/v1
id: contract
schemas: [{id: s, draft: 2020-12, schema: {type: object, required: [amount]}}]
rules:
  - id: refunds
    match: {destination: {hosts: ["${hostname}"], ports: [${port}], schemes: [http]}}
    action: allow
    request: {format: json, schema: s}
`;
}

/** Leaves in the middle of its body, once somebody waits for the rest. */
async function leaveHalfway(path: string): Promise<void> {
  const [credential] = a.agents;
  assert.ok(credential);
  const proxy = new URL(b.endpoints.explicit_proxy);
  const url = `${a.endpoints.demo.upstream_http}${path}`;
  const request = http.request({
    ...{ host: proxy.hostname, port: proxy.port, method: 'POST', path: url },
    headers: {
      'content-type': 'application/json',
      host: new URL(url).host,
      'content-length': '100',
      'proxy-authorization': basic(credential),
    },
  });
  request.on('error', () => undefined).write('{');
  await bodiesAreHeld(b);
  request.destroy();
}

it('bodies of one host decide in the journal of the other', { timeout: 400_000 }, async () => {
  const [credential] = a.agents;
  assert.ok(credential);
  writeFileSync(join(a.stateDir, 'policy.yaml'), contract());
  const post = (path: string, body: string) => {
    const url = `${a.endpoints.demo.upstream_http}${path}`;
    const headers = { 'content-type': 'application/json' };
    return throughProxy({
      proxy: b.endpoints.explicit_proxy,
      url,
      method: 'POST',
      headers,
      body,
      credential,
    });
  };
  const breaks = await eventually(async () => {
    const answer = await post('/hello/contract/breaks', '{"sum": 5}');
    return answer?.status === 422 ? answer : undefined;
  }, 'the contract');
  assert.equal(JSON.parse(breaks.body).code, 'SCHEMA_INVALID');
  const fits = await post('/hello/contract/fits', '{"amount": 5}');
  assert.equal(fits?.status, 200, fits?.body);
  await leaveHalfway('/hello/contract/half');
  const decided = (path: string) =>
    records()
      .filter(({ type, request }) => type === 'decision' && request.path === path)
      .map(({ gateway_id, reason }) => `${gateway_id} ${reason}`);
  await eventually(() => decided('/hello/contract/half').length > 0 || undefined, 'the denial of the body');
  assert.deepEqual(decided('/hello/contract/half'), [`${HOST_B}-1 BODY_NOT_COMPLETED`]);
  assert.deepEqual(decided('/hello/contract/fits'), [`${HOST_B}-1 POLICY_ALLOW`]);
});
