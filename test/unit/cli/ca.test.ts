import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { caImport, caRemove, caRotate } from '../../../src/cli/ca_change.ts';
import { caShow, type ShownAuthority } from '../../../src/cli/ca_show.ts';
import { CliError } from '../../../src/cli/exit.ts';
import { ownRoot } from '../../support/authority.ts';

let dir: string;
let said: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-ca-cli-'));
  said = '';
  const write = process.stdout.write.bind(process.stdout);
  // The reporter of the tests writes bytes to the same place.
  mock.method(process.stdout, 'write', (text: string | Uint8Array) => {
    if (typeof text !== 'string' || !text.startsWith('{')) return write(text);
    said += text;
    return true;
  });
});
afterEach(() => {
  mock.restoreAll();
  rmSync(dir, { recursive: true, force: true });
});

const flags = (more: Record<string, string | boolean> = {}) => ({ stateDir: dir, json: true, ...more });
const bundle = (): string => readFileSync(join(dir, 'ca', 'bundle.pem'), 'utf8');
const pemOf = (name: string): string => readFileSync(join(dir, 'ca', `${name}.pem`), 'utf8').trim();

function shown(): readonly ShownAuthority[] {
  said = '';
  caShow(flags());
  return (JSON.parse(said) as { authorities: ShownAuthority[] }).authorities;
}

async function exitOf(work: () => unknown): Promise<number | string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    return error instanceof CliError ? error.exitCode : String(error);
  }
}

test('before the first start there is nothing to show', async () => {
  assert.equal(await exitOf(() => caShow(flags())), 3);
});

test('a new root is in the bundle beside the old one before it signs', async () => {
  await caRotate(flags());
  await caRotate(flags({ after: '1' }));
  assert.deepEqual(
    shown().map(({ name, state }) => [name, state]),
    [
      ['root', 'signs'],
      ['root-2', 'waiting'],
    ],
  );
  for (const name of ['root', 'root-2']) assert.ok(bundle().includes(pemOf(name)), `${name} is trusted`);
  assert.equal(await exitOf(() => caRotate(flags())), 1, 'one at a time');
});

test('who signs cannot be removed; who does not leaves bundle and disk', async () => {
  await caRotate(flags());
  await caRotate(flags({ now: true }));
  const old = pemOf('root');
  assert.equal(await exitOf(() => caRemove('root-2', flags())), 1);
  assert.equal(await exitOf(() => caRemove('other', flags())), 2);
  caRemove('root', flags());
  assert.ok(!bundle().includes(old), 'no longer trusted');
  assert.ok(!existsSync(join(dir, 'ca', 'root.key')), 'the key is gone');
  assert.deepEqual(
    shown().map(({ name, state }) => [name, state]),
    [['root-2', 'signs']],
  );
});

test('flags that contradict each other or make no sense are wrong usage', async () => {
  for (const wrong of [{ now: true, after: '3' }, { after: 'soon' }, { after: '-1' }, { after: '9999' }]) {
    await caRotate(flags());
    assert.equal(await exitOf(() => caRotate(flags(wrong))), 2, JSON.stringify(wrong));
    rmSync(join(dir, 'ca'), { recursive: true });
  }
});

test('an authority of somebody else is taken when it is whole, and its key file is ours alone', async () => {
  const [mine, other] = [await ownRoot(), await ownRoot()];
  const [chain, key] = [join(dir, 'chain.pem'), join(dir, 'their.key')];
  writeFileSync(chain, mine.chainPem);
  writeFileSync(key, other.keyPem, { mode: 0o600 });
  assert.equal(await exitOf(() => caImport(flags({ chain, key }))), 1, 'the key of another certificate');
  writeFileSync(key, mine.keyPem);
  chmodSync(key, 0o644);
  assert.match(String(await exitOf(() => caImport(flags({ chain, key })))), /mode 0644/);
  chmodSync(key, 0o600);
  assert.equal(await exitOf(() => caImport(flags({ chain, key: join(dir, 'none') }))), 3);
  caImport(flags({ chain, key }));
  assert.deepEqual(
    shown().map(({ name, kind, state }) => [name, kind, state]),
    [['import', 'imported', 'signs']],
  );
  assert.ok(!said.includes('PRIVATE'), 'no key is shown');
});
