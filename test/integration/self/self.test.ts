/**
 * Promise: an agent learns from the gateway who it is, what is left for it and why it was refused, on the base URL and
 * through the proxy; of nobody else. Nothing of it is decided, sent, or counted as a gap, and no spelling gets around that.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { type DemoAgent, eventually, type Running, startClawgress } from '../../support/running.ts';
import { type Answer, basic, throughProxy } from '../../support/through_proxy.ts';

const run = promisify(execFile);
const OWN = 'http://clawgress.internal';

let running: Running;
let bot: DemoAgent;
let limited: DemoAgent;
before(async () => {
  running = await startClawgress();
  const [first, second] = running.agents;
  assert.ok(first !== undefined && second !== undefined, 'the demo has two agents');
  [bot, limited] = [first, second];
});
after(async () => {
  await running.stop();
  running.remove();
});

const journal = (): NaiveRecord[] =>
  readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
const ofType = (type: string) => journal().filter((record) => record['type'] === type);

/** By `fetch` on the base URL. */
async function ask(path: string, agent = bot, init: RequestInit = {}): Promise<Response> {
  const headers = { 'x-clawgress-key': agent.api_key, ...init.headers };
  return await fetch(`${running.endpoints.base_url}${path}`, { ...init, headers });
}

/** By curl through the proxy; the body, and the status behind it. */
async function curl(path: string, agent = bot): Promise<{ status: number; text: string }> {
  const proxy = running.endpoints.explicit_proxy;
  const user = `${agent.agent_id}:${agent.api_key}`;
  const args = ['-s', '--noproxy', '', '-x', proxy, '-U', user, '-w', '\n%{http_code}', `${OWN}${path}`];
  const { stdout } = await run('curl', args);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
}

function through(
  url: string,
  more: Partial<Parameters<typeof throughProxy>[0]> = {},
): Promise<Answer | undefined> {
  return throughProxy({ proxy: running.endpoints.explicit_proxy, url, credential: bot, ...more });
}

/** A request on the base URL, byte for byte as given. */
function raw(options: http.RequestOptions, body?: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(running.endpoints.base_url);
  return new Promise((resolve, reject) => {
    const headers = { 'x-clawgress-key': bot.api_key, ...(options.headers as Record<string, string>) };
    const request = http.request({ ...options, hostname, port, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function refused(agent: DemoAgent): Promise<string> {
  const answer = await throughProxy({
    proxy: running.endpoints.explicit_proxy,
    url: 'http://nobody-allows.example/',
    credential: agent,
  });
  assert.equal(answer?.status, 403);
  return String(answer?.headers['x-clawgress-receipt']);
}

test('whoami names the agent and what it is judged by, and no secret', async () => {
  const answer = await ask('/_clawgress/whoami');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.headers.get('x-clawgress-receipt'), null);
  const text = await answer.text();
  const told = JSON.parse(text);
  const [policy] = ofType('policy').slice(-1);
  assert.equal(told.agent_id, bot.agent_id);
  assert.equal(told.auth_type, 'api_key');
  assert.equal(told.binding.kind, 'api_key');
  assert.equal(told.listener, 'base_url');
  assert.equal(told.policy_hash, policy?.['policy_hash']);
  assert.equal(told.registry_hash, policy?.['registry_hash']);
  assert.equal(told.gateway_id, (await firstDecision())['gateway_id']);
  const proxied = await curl('/_clawgress/whoami');
  assert.equal(proxied.status, 200);
  assert.deepEqual({ ...JSON.parse(proxied.text), listener: 'base_url' }, told);
  const other = JSON.parse((await curl('/_clawgress/whoami', limited)).text);
  assert.equal(other.agent_id, limited.agent_id);
  for (const secret of [
    bot.api_key,
    bot.api_key.slice(4),
    readFileSync(join(running.stateDir, 'keys', 'stamp'), 'utf8').trim(),
  ])
    assert.ok(!text.includes(secret) && !proxied.text.includes(secret), 'no secret is told');
  const labelled = await ask('/_clawgress/whoami', bot, { headers: { 'x-clawgress-run-id': 'nightly' } });
  assert.equal(JSON.parse(await labelled.text()).run?.label, 'nightly');
});

async function firstDecision(): Promise<NaiveRecord> {
  await refused(bot);
  const [decision] = ofType('decision');
  assert.ok(decision, 'a decision stands in the journal');
  return decision;
}

test('quota tells what is left of each limit, and asking costs nothing of it', async () => {
  const quota = async () => {
    const answer = await ask('/_clawgress/quota', limited);
    assert.equal(answer.status, 200);
    return JSON.parse(await answer.text()).limits as NaiveRecord[];
  };
  const [untouched] = await quota();
  assert.ok(untouched, 'the limited agent has a limit');
  assert.equal(untouched['unit'], 'requests');
  assert.equal(untouched['remaining'], untouched['cap']);
  assert.equal(untouched['reset_ms'], 0);
  for (let i = 0; i < 3; i++) assert.deepEqual((await quota())[0], untouched);
  const url = `${running.endpoints.demo.upstream_http}/hello`;
  // Whoever asks 200 ms after a request finds its place free again.
  const used = await eventually(async () => {
    const answer = await through(url, { credential: limited });
    assert.equal(Number(answer?.headers['ratelimit-limit']), untouched['cap']);
    const [limit] = await quota();
    return limit?.['remaining'] < untouched['cap'] ? limit : undefined;
  }, 'a quota that was asked for soon enough');
  assert.ok(used['reset_ms'] > 0, JSON.stringify(used));
  const proxied = await curl('/_clawgress/quota', limited);
  assert.equal(JSON.parse(proxied.text).agent_id, limited.agent_id);
});

test('why explains a receipt to the agent that it belongs to, in the words of the denial', async () => {
  const denied = await through('http://nobody-allows.example/');
  const problem = JSON.parse(String(denied?.body));
  const told = JSON.parse((await curl(`/_clawgress/why/${problem.receipt_id}`)).text);
  assert.deepEqual(
    [told.verdict, told.reason, told.title, told.detail, told.policy_hash],
    ['deny', problem.code, problem.title, problem.detail, problem.policy_hash],
  );
  assert.equal(told.next_steps[0], problem.next_steps[0]);
  assert.equal(told.request.authority, 'nobody-allows.example');
  const step = problem.next_steps.at(-1);
  const named = /GET (http:\/\/\S+) through the proxy/.exec(step)?.[1];
  assert.equal((await through(String(named)))?.status, 200, `the URL of the problem is answered: ${step}`);

  const allowed = await through(`${running.endpoints.demo.upstream_http}/hello`);
  assert.equal(allowed?.status, 200);
  const id = allowed?.headers['x-clawgress-receipt'];
  const outcome = await eventually(async () => {
    // Twenty answers in a second are all that there are, and the tests that follow need theirs.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const body = JSON.parse(await (await ask(`/_clawgress/why/${id}`)).text());
    return body.outcome ?? undefined;
  }, 'the outcome');
  assert.equal(outcome.state, 'completed');
  assert.equal(outcome.status, 200);
});

test('a receipt of another agent is answered like one that does not exist', async () => {
  const theirs = await refused(limited);
  assert.equal((await ask(`/_clawgress/why/${theirs}`, limited)).status, 200);
  const unknown = '0190a000-0000-7000-8000-00000000abcd';
  const answers: string[] = [];
  for (const id of [theirs, unknown]) {
    const answer = await ask(`/_clawgress/why/${id}`);
    assert.equal(answer.status, 404);
    const names = [...answer.headers.keys()].sort().join();
    answers.push(`${names} ${await answer.text()}`);
    assert.equal((await curl(`/_clawgress/why/${id}`)).status, 404);
  }
  assert.equal(answers[0], answers[1]);
  assert.doesNotMatch(answers[0] ?? '', new RegExp(theirs));
});

test('without a credential there is the same denial as ever, on record', async () => {
  const before = ofType('decision').length;
  const direct = await fetch(`${running.endpoints.base_url}/_clawgress/whoami`);
  assert.equal(direct.status, 401);
  assert.equal(JSON.parse(await direct.text()).code, 'IDENTITY_MISSING');
  const proxied = await throughProxy({
    proxy: running.endpoints.explicit_proxy,
    url: `${OWN}/_clawgress/quota`,
  });
  assert.equal(proxied?.status, 407);
  const wrong = await ask('/_clawgress/whoami', { ...bot, api_key: `${bot.api_key.slice(0, -4)}AAAA` });
  assert.equal(wrong.status, 401);
  const reasons = ofType('decision')
    .slice(before)
    .map((record) => record['reason']);
  assert.deepEqual(reasons.slice(0, 2), ['IDENTITY_MISSING', 'IDENTITY_MISSING']);
  assert.equal(reasons.length, 3);
});

const FORGED_PATHS = [
  '//_clawgress/whoami',
  '/_clawgress//whoami',
  '/_clawgress/../_clawgress/whoami',
  '/_clawgress/./whoami',
  '/x/../_clawgress/whoami',
  '/%5fclawgress/whoami',
  '/_clawgress%2fwhoami',
  '/_clawgress/%2e/whoami',
  '/_clawgress/whoami/',
  '/_clawgress/whoami?x=1',
  '/_clawgress/whoami;x',
  '/_CLAWGRESS/whoami',
  '/_clawgress/',
  '/_clawgress/why/',
  '/_clawgress/why/../whoami',
  '/_clawgress/why/0190A000-0000-7000-8000-00000000ABCD',
];

test('no other spelling, method or host is answered, and nothing of it is sent', async () => {
  const hits = await upstreamHits();
  const forms: [string, Promise<{ status: number; text: string }>][] = [
    ...FORGED_PATHS.map((path): [string, ReturnType<typeof raw>] => [path, raw({ path })]),
    ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'].map((method): [string, ReturnType<typeof raw>] => [
      method,
      raw({ path: '/_clawgress/whoami', method }).catch(() => ({ status: 400, text: '' })),
    ]),
    ['a body', raw({ path: '/_clawgress/whoami', headers: { 'content-length': '1' } }, 'x')],
    ['gRPC', raw({ path: '/_clawgress/whoami', headers: { 'content-type': 'application/grpc' } })],
    ['/_to/', raw({ path: '/_to/clawgress.internal/_clawgress/whoami' })],
    ['/_to/ below', raw({ path: '/_to/a.clawgress.internal/_clawgress/whoami' })],
    ...[
      'api.example',
      'clawgress.internal.example',
      'x.clawgress.internal',
      'clawgress.internal:8443',
      'clawgress.internal.',
    ].map((host): [string, ReturnType<typeof raw>] => [
      host,
      raw({ path: '/_clawgress/whoami', headers: { host } }),
    ]),
  ];
  // All of them at once: a failure of a later one must not go unheard while an earlier one is awaited.
  const answers = await Promise.all(forms.map(async ([what, asked]) => ({ what, ...(await asked) })));
  for (const { what, status, text } of answers) {
    assert.ok(status >= 400 || (what === 'gRPC' && status === 200), `${what}: ${status}`);
    assert.ok(!text.includes('policy_id'), `${what} is told nothing: ${text}`);
  }
  for (const url of [
    `${OWN}:8080/_clawgress/whoami`,
    'http://x.clawgress.internal/_clawgress/whoami',
    `${OWN}/`,
  ]) {
    const answer = await through(url);
    assert.equal(JSON.parse(answer?.body ?? '{}').code, 'DESTINATION_SELF', url);
  }
  const crossed = await through(`${OWN}/_clawgress/whoami`, { headers: { host: 'api.example' } });
  assert.ok(crossed !== undefined && crossed.status !== 502, 'absolute form and Host disagree');
  assert.equal(await upstreamHits(), hits);
  assert.equal(
    (await raw({ path: '/_clawgress/whoami', headers: { host: 'clawgress.internal' } })).status,
    200,
  );
});

async function upstreamHits(): Promise<string> {
  return await (await fetch(running.endpoints.demo.hits_url)).text();
}

test('policy cannot open the reserved name', async () => {
  const policies = ofType('policy').length;
  const file = join(running.stateDir, 'policy.yaml');
  const kept = readFileSync(file, 'utf8');
  const rule = (id: string, match: string) => `  - {id: ${id}, action: allow, match: ${match}}\n`;
  writeFileSync(
    file,
    `schema: clawgress/policy/v1\nid: greedy\nrules:\n${[
      rule('name', '{destination: {hosts: [clawgress.internal, "*.clawgress.internal"]}}'),
      rule('tunnel', '{destination: {hosts: [clawgress.internal]}, protocol: {kind: connect}}'),
    ].join('')}`,
  );
  await eventually(() => (ofType('policy').length > policies ? true : undefined), 'the greedy policy');
  for (const url of [`${OWN}/`, `${OWN}/_clawgress/other`, 'http://a.clawgress.internal/']) {
    const answer = await through(url);
    assert.equal(JSON.parse(answer?.body ?? '{}').code, 'DESTINATION_SELF', url);
  }
  const tunnel = await connect('clawgress.internal:443');
  assert.match(tunnel, /^HTTP\/1\.1 4\d\d /);
  assert.match(tunnel, /DESTINATION_SELF/);
  writeFileSync(file, kept);
  await eventually(() => (ofType('policy').length > policies + 1 ? true : undefined), 'the old policy');
});

function connect(authority: string): Promise<string> {
  const { hostname, port } = new URL(running.endpoints.explicit_proxy);
  return new Promise((resolve, reject) => {
    const headers = { 'proxy-authorization': basic(bot) };
    const request = http.request({ hostname, port, method: 'CONNECT', path: authority, headers });
    request.on('connect', (response, socket) => {
      socket.destroy();
      resolve(`HTTP/1.1 ${response.statusCode} ${JSON.stringify(response.headers)}`);
    });
    request.on('error', reject);
    request.end();
  });
}

test('questions are paced', async () => {
  // Twenty of a second are answered: so many that no machine takes long enough to answer them all.
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask('/_clawgress/whoami')));
  const late = answers.filter(({ status }) => status === 429);
  assert.ok(late.length > 0, 'some of 300 at once are told to wait');
  assert.equal(late[0]?.headers.get('retry-after'), '1');
});

/** Everything above stands in the log by now. */
test('the log knows what it was, and nothing of it counts as decided or as a gap, also after a restart', async () => {
  for (const path of ['whoami', 'quota', 'why/0190a000-0000-7000-8000-00000000abcd'])
    await (await ask(`/_clawgress/${path}`, limited)).text();
  const receipt = await refused(bot);
  const lines = () => logLines().filter((line) => line['receipt_id'] === 'self');
  const isFlushed = () => (logLines().some((line) => line['receipt_id'] === receipt) ? true : undefined);
  await eventually(isFlushed, 'the access log');
  assert.ok(lines().length >= 3, `${lines().length} questions in the log`);
  const ids = new Set(lines().map((line) => line['request_id']));
  assert.deepEqual(
    ofType('decision').filter((record) => ids.has(record['request_id'])),
    [],
  );
  await running.stop();
  running = await startClawgress({ stateDir: running.stateDir });
  await refused(bot);
  assert.equal((await ask(`/_clawgress/why/${receipt}`)).status, 200, 'a receipt of before the restart');
  await running.stop();
  const gaps = journal().filter((record) => record['lifecycle'] === 'gap');
  const counted = gaps.flatMap((gap) => gap['counts'] as { cause: string; count: number }[]);
  // Envoy itself turned some of the forged requests away.
  assert.deepEqual(
    counted.filter(({ cause }) => cause !== 'codec_error'),
    [],
  );
});

function logLines(): NaiveRecord[] {
  const dir = join(running.stateDir, 'envoy');
  return (
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => /access(?:\.\d+)?\.log$/.test(name))
      // Envoy may be writing the last line.
      .flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n').slice(0, -1))
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as NaiveRecord] : []))
  );
}
