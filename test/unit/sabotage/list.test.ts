import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SABOTAGES } from '../../sabotage/list.ts';

const ROOT = join(import.meta.dirname, '../../..');
const names = SABOTAGES.map(({ name }) => name);

test('sabotages have names of their own', () => {
  assert.equal(new Set(names).size, names.length);
});

for (const { name, file, find, replace, test: proof } of SABOTAGES) {
  test(`${name}: its line is there once, and so is the test that must notice`, () => {
    assert.equal(readFileSync(join(ROOT, file), 'utf8').split(find).length - 1, 1, `${file}: ${find}`);
    assert.notEqual(find, replace);
    assert.ok(existsSync(join(ROOT, proof.file)), proof.file);
  });
}
