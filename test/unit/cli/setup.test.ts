import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

interface SetupModule {
  checkNode(version: string): void;
  dependenciesMatch(lock: string, installed: string): boolean;
}

const file = join(import.meta.dirname, '..', '..', '..', 'bin', 'setup.mjs');
const { checkNode, dependenciesMatch } = (await import(pathToFileURL(file).href)) as SetupModule;

test('Node below 20.19 is refused with the version that is needed', () => {
  for (const fine of ['20.19.0', '20.20.2', '22.0.0', '24.1.0']) checkNode(fine);
  for (const old of ['20.18.3', '18.20.0', '0.12.0']) {
    assert.throws(() => checkNode(old), /Node 20\.19 or newer is needed, this is /);
  }
});

const A = { version: '1.0.0', integrity: 'sha512-a' };
const packages = (entries: Record<string, object>) => JSON.stringify({ packages: entries });
const lock = packages({
  '': { name: 'x' },
  'node_modules/a': A,
  'node_modules/other-os': { version: '1.0.0', optional: true },
});

test('an install counts only when it is exactly the lockfile', () => {
  const match = (entries: Record<string, object>) => dependenciesMatch(lock, packages(entries));
  assert.equal(match({ 'node_modules/a': A }), true);
  assert.equal(match({}), false);
  assert.equal(match({ 'node_modules/a': { ...A, version: '1.0.1' } }), false);
  assert.equal(match({ 'node_modules/a': { ...A, integrity: 'sha512-b' } }), false);
  assert.equal(match({ 'node_modules/a': A, 'node_modules/extra': A }), false);
  assert.equal(
    match({ 'node_modules/a': A, 'node_modules/other-os': { version: '2.0.0', optional: true } }),
    false,
  );
});
