import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isLive, issueKey, rotateKeys } from '../../../src/authn/agents.ts';
import { hashApiKey } from '../../../src/authn/api_key.ts';
import { readRegistryFile, updateRegistryFile } from '../../../src/authn/registry_file.ts';
import { agentOf, keyEntry, NOW_MS, temporaryFolder } from './fixtures.ts';

test('a missing file is an empty registry; the first change creates it, 0600', async (t) => {
  const file = join(temporaryFolder(t), 'registry.json');
  assert.deepEqual(readRegistryFile(file).agents, []);
  await updateRegistryFile(file, (agents) => [...agents, agentOf('b'), agentOf('a')]);
  assert.deepEqual(
    readRegistryFile(file).agents.map((agent) => agent.agent_id),
    ['a', 'b'],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a file that is wrong is named with place and cause, and is not overwritten', async (t) => {
  const file = join(temporaryFolder(t), 'registry.json');
  writeFileSync(file, '{"schema":"clawgress/registry/v1","agents":[{}]}');
  const before = readFileSync(file, 'utf8');
  const named = {
    name: 'RegistryError',
    message: /registry\.json#\/agents\/0\/tenant_id: missing; allowed: 1 to 64/,
  };
  assert.throws(() => readRegistryFile(file), named);
  await assert.rejects(
    updateRegistryFile(file, () => []),
    named,
  );
  assert.equal(readFileSync(file, 'utf8'), before);
});

test('a change that throws or makes an invalid registry changes nothing and leaves nothing behind', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'registry.json');
  await updateRegistryFile(file, () => [agentOf('a')]);
  await assert.rejects(
    updateRegistryFile(file, () => {
      throw new Error('no');
    }),
    /no/,
  );
  await assert.rejects(
    updateRegistryFile(file, (agents) => [...agents, agentOf('a')]),
    /appears twice/,
  );
  assert.deepEqual(readdirSync(folder), ['registry.json']);
  assert.equal(readRegistryFile(file).agents.length, 1);
});

test('nobody writes a registry that its owner could not read', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('SKIPPED: needs root');
  const folder = temporaryFolder(t);
  const file = join(folder, 'registry.json');
  await updateRegistryFile(file, () => [agentOf('a')]);
  const before = readFileSync(file);
  chownSync(file, 12_345, 12_345);
  await assert.rejects(
    updateRegistryFile(file, () => []),
    /registry\.json belongs to uid 12345, .*sudo -u '#12345' clawgress/,
  );
  assert.deepEqual(readFileSync(file), before);
  chownSync(folder, 12_345, 12_345);
  await assert.rejects(
    updateRegistryFile(join(folder, 'new.json'), () => []),
    /belongs to uid 12345/,
  );
  assert.deepEqual(readdirSync(folder), ['registry.json']);
});

test('concurrent writers lose no change', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'registry.json');
  const names = Array.from({ length: 12 }, (_, i) => `agent-${String(i).padStart(2, '0')}`);
  await Promise.all(names.map((name) => updateRegistryFile(file, (agents) => [...agents, agentOf(name)])));
  assert.deepEqual(
    readRegistryFile(file).agents.map((agent) => agent.agent_id),
    names,
  );
  assert.deepEqual(readdirSync(folder), ['registry.json']);
});

test('the lock of a process that was killed is taken over', async (t) => {
  const file = join(temporaryFolder(t), 'registry.json');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(`${file}.lock`, `${dead} abc`);
  await Promise.all(
    ['a', 'b', 'c'].map((name) => updateRegistryFile(file, (agents) => [...agents, agentOf(name)])),
  );
  assert.equal(readRegistryFile(file).agents.length, 3);
  assert.equal(existsSync(`${file}.lock`), false);
});

test('an issued key is stored as its hash', () => {
  const { api_key, entry } = issueKey(NOW_MS);
  assert.equal(entry.sha256, hashApiKey(api_key));
  assert.equal(entry.created_at, '2026-03-01T00:00:00.000Z');
  assert.doesNotMatch(JSON.stringify(entry), /cgk_/);
});

test('rotation: the old key ends after the overlap, never later than before', () => {
  const soon = new Date(NOW_MS + 1_000).toISOString();
  const agent = agentOf('a', { api_keys: [keyEntry('cgk_1'), keyEntry('cgk_2', { expires_at: soon })] });
  const rotated = rotateKeys(agent, keyEntry('cgk_3'), NOW_MS, 60_000);
  assert.deepEqual(
    rotated.api_keys.map((key) => key.expires_at),
    [new Date(NOW_MS + 60_000).toISOString(), soon, undefined],
  );
  const at_once = rotateKeys(agent, keyEntry('cgk_3'), NOW_MS, 0);
  assert.deepEqual(
    at_once.api_keys.map((key) => isLive(key, NOW_MS)),
    [false, false, true],
  );
});

test('rotating for ever stays within the bound and forgets only dead keys', () => {
  let agent = agentOf('a', { api_keys: [keyEntry('cgk_keep')] });
  for (let i = 0; i < 100; i++) {
    const created_at = new Date(NOW_MS + i).toISOString();
    agent = rotateKeys(agent, keyEntry(`cgk_${i}`, { created_at }), NOW_MS + i, i < 3 ? 86_400_000 : 0);
  }
  assert.equal(agent.api_keys.length, 32);
  assert.deepEqual(agent.api_keys.filter((key) => isLive(key, NOW_MS + 100)).length, 1);
  assert.equal(agent.api_keys.at(-1)?.sha256, hashApiKey('cgk_99'));
});
