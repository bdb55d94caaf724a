import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hashApiKey, isApiKeyShape } from '../../../src/authn/api_key.ts';
import { readRegistryFile } from '../../../src/authn/registry_file.ts';
import {
  type AgentContext,
  agentAdd,
  agentDisable,
  agentEnable,
  agentList,
  agentRemove,
  agentRotateKey,
} from '../../../src/cli/agent.ts';

const PLACE = { team: 'research', project: 'crawler', environment: 'dev' };

class Terminal implements AgentContext {
  readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-agent-'));
  readonly registry_file = join(this.folder, 'registry.json');
  readonly endpoints = { explicit_proxy: 'http://127.0.0.1:3999', base_url: 'http://127.0.0.1:8999' };
  readonly used = new Map<string, number>();
  text = '';
  time_ms = Date.UTC(2026, 2, 1);

  constructor(t: TestContext) {
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  now = () => this.time_ms;
  out = (text: string) => {
    this.text += text;
  };
  lastUsed = async () => this.used;

  taken(): string {
    const text = this.text;
    this.text = '';
    return text;
  }

  agents() {
    return readRegistryFile(this.registry_file).agents;
  }
}

const keyIn = (text: string) => /cgk_[0-9A-Za-z]+/.exec(text)?.[0] ?? '';

test('add shows the key once, with lines to paste, and keeps only its hash', async (t) => {
  const terminal = new Terminal(t);
  assert.equal(await agentAdd('my-agent', PLACE, terminal), 0);
  const text = terminal.taken();
  const key = keyIn(text);
  assert.ok(isApiKeyShape(key));
  assert.match(text, new RegExp(`HTTP_PROXY=http://my-agent:${key}@127\\.0\\.0\\.1:3999`));
  assert.match(text, new RegExp(`curl -H 'x-clawgress-key: ${key}' http://127\\.0\\.0\\.1:8999/_to/`));
  assert.doesNotMatch(readFileSync(terminal.registry_file, 'utf8'), /cgk_/);
  const [agent] = terminal.agents();
  assert.equal(agent?.tenant_id, 'default');
  assert.deepEqual(
    agent?.api_keys.map((entry) => entry.sha256),
    [hashApiKey(key)],
  );
  await agentList({}, terminal);
  assert.doesNotMatch(terminal.taken(), /cgk_/);
});

test('add --json and --key-file', async (t) => {
  const terminal = new Terminal(t);
  await agentAdd('one', { ...PLACE, tenant: 'acme', json: true }, terminal);
  const shown = JSON.parse(terminal.taken());
  assert.deepEqual(Object.keys(shown), ['agent_id', 'tenant_id', 'key_id', 'api_key']);
  assert.equal(shown.tenant_id, 'acme');
  const keyFile = join(terminal.folder, 'two.key');
  await agentAdd('two', { ...PLACE, keyFile }, terminal);
  const text = terminal.taken();
  assert.equal(keyIn(text), '');
  assert.match(text, /clawgress run --agent two --key-file/);
  assert.ok(isApiKeyShape(readFileSync(keyFile, 'utf8').trim()));
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  await assert.rejects(agentAdd('three', { ...PLACE, keyFile }, terminal), {
    exitCode: 2,
    message: /exists already/,
  });
  const spare = join(terminal.folder, 'spare.key');
  await assert.rejects(agentAdd('two', { ...PLACE, keyFile: spare }, terminal), {
    exitCode: 2,
    message: /exists already/,
  });
  assert.throws(() => statSync(spare), { code: 'ENOENT' });
  assert.equal(terminal.agents().length, 2);
});

test('add for tokens issues no key', async (t) => {
  const terminal = new Terminal(t);
  await agentAdd('bot', { ...PLACE, jwtIssuer: 'https://idp.example', jwtSubject: 'sub' }, terminal);
  assert.equal(keyIn(terminal.taken()), '');
  assert.deepEqual(terminal.agents()[0]?.subjects, [{ issuer: 'https://idp.example', subject: 'sub' }]);
  assert.deepEqual(terminal.agents()[0]?.api_keys, []);
});

test('wrong usage says what is allowed and changes nothing', async (t) => {
  const terminal = new Terminal(t);
  const cases: [string, Record<string, string>][] = [
    ['My Agent', PLACE],
    ['', PLACE],
    ['a', { team: 'x', project: 'y' }],
    ['a', { ...PLACE, team: 'Not Valid' }],
    ['a', { ...PLACE, jwtIssuer: 'https://idp.example' }],
  ];
  for (const [id, flags] of cases)
    await assert.rejects(agentAdd(id, flags, terminal), { name: 'CliError', exitCode: 2 });
  for (const overlap of ['', '1', '1y', '-1h', '1.5h', '91d', '24 h']) {
    await assert.rejects(agentRotateKey('a', { overlap }, terminal), { exitCode: 2 });
  }
  for (const command of [agentDisable, agentEnable, agentRemove, agentRotateKey]) {
    await assert.rejects(command('ghost', {}, terminal), { exitCode: 2, message: /no agent 'ghost'/ });
  }
  assert.deepEqual(terminal.agents(), []);
  assert.equal(terminal.text, '');
});

test('disable, enable, remove', async (t) => {
  const terminal = new Terminal(t);
  await agentAdd('a', PLACE, terminal);
  await agentAdd('b', PLACE, terminal);
  terminal.taken();
  await agentDisable('a', {}, terminal);
  assert.deepEqual(
    terminal.agents().map((agent) => agent.status),
    ['disabled', 'active'],
  );
  await agentEnable('a', { json: true }, terminal);
  assert.deepEqual(
    terminal.agents().map((agent) => agent.status),
    ['active', 'active'],
  );
  assert.equal(terminal.taken(), 'a is disabled\n{\n  "agent_id": "a",\n  "status": "active"\n}\n');
  await agentRemove('a', {}, terminal);
  assert.deepEqual(
    terminal.agents().map((agent) => agent.agent_id),
    ['b'],
  );
});

test('rotate-key: both keys live during the overlap, one with --overlap 0s', async (t) => {
  const terminal = new Terminal(t);
  await agentAdd('a', PLACE, terminal);
  const first = keyIn(terminal.taken());
  await agentRotateKey('a', {}, terminal);
  const second = keyIn(terminal.taken());
  assert.notEqual(first, second);
  const [agent] = terminal.agents();
  assert.deepEqual(
    agent?.api_keys.map((key) => key.expires_at),
    ['2026-03-02T00:00:00.000Z', undefined],
  );
  await agentRotateKey('a', { overlap: '0s' }, terminal);
  assert.deepEqual(
    terminal.agents()[0]?.api_keys.map((key) => key.revoked_at !== undefined),
    [true, true, false],
  );
});

test('rotating without end is refused while the old keys still live', async (t) => {
  const terminal = new Terminal(t);
  await agentAdd('a', PLACE, terminal);
  for (let i = 0; i < 7; i++) await agentRotateKey('a', { overlap: '90d' }, terminal);
  await assert.rejects(agentRotateKey('a', { overlap: '90d' }, terminal), {
    exitCode: 2,
    message: /8 live keys/,
  });
  assert.equal(await agentRotateKey('a', { overlap: '0s' }, terminal), 0);
});

test('list: a table for people, JSON for programs, without hashes', async (t) => {
  const terminal = new Terminal(t);
  await agentList({}, terminal);
  assert.match(terminal.taken(), /^no agents; add one/);
  await agentAdd('a', PLACE, terminal);
  await agentAdd('bot', { ...PLACE, jwtIssuer: 'https://idp.example', jwtSubject: 'sub' }, terminal);
  await agentRotateKey('a', { overlap: '1h' }, terminal);
  const [old, fresh] = terminal.agents()[0]?.api_keys ?? [];
  terminal.used.set(fresh?.key_id ?? '', terminal.time_ms);
  terminal.taken();
  await agentList({}, terminal);
  const lines = terminal.taken().trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.match(
    lines[0] ?? '',
    /^AGENT +TENANT\/TEAM\/PROJECT +ENVIRONMENT +STATUS +CREDENTIAL +STATE +LAST USED$/,
  );
  assert.match(
    lines[1] ?? '',
    new RegExp(
      `^a +default/research/crawler +dev +active +key ${old?.key_id} +until 2026-03-01T01:00:00.000Z +-$`,
    ),
  );
  assert.match(lines[2] ?? '', /live +2026-03-01T00:00:00\.000Z$/);
  assert.match(lines[3] ?? '', /jwt https:\/\/idp\.example sub/);
  terminal.time_ms += 3_600_000;
  await agentList({ json: true }, terminal);
  const text = terminal.taken();
  assert.doesNotMatch(text, /sha256/);
  assert.deepEqual(
    JSON.parse(text).agents[0].api_keys.map((key: { state: string }) => key.state),
    ['expired', 'live'],
  );
});
