import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ISSUER_KEYS, KEYS, variableOf } from '../../../src/config/keys.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const doc = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');

/** Rows of the table below `heading` as arrays of cell texts without back-ticks. */
function rows(heading: string): string[][] {
  const section = doc.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

test('every key is documented with its variable and default, and nothing else is', () => {
  const documented = rows('Keys').map(([key = '', variable = '', fallback = '']) => [
    key,
    variable,
    fallback,
  ]);
  const coded = KEYS.map((spec) => [spec.key, variableOf(spec.key), spec.fallback]);
  assert.deepEqual(
    documented.map((row) => row.slice(0, 2)),
    coded.map((row) => row.slice(0, 2)),
  );
  for (const [index, [key, , fallback]] of coded.entries()) {
    if (fallback === undefined) continue;
    const expected = Array.isArray(fallback) ? JSON.stringify(fallback) : String(fallback);
    assert.equal(documented[index]?.[2], expected, String(key));
  }
});

test('every issuer member is documented, and nothing else is', () => {
  assert.deepEqual(
    rows('JWT issuers').map(([key]) => key),
    ISSUER_KEYS.map((spec) => spec.key),
  );
});

test('only the environment file reads the process environment', () => {
  const readers = readdirSync(join(root, 'src'), { recursive: true })
    .map(String)
    .filter(
      (name) => name.endsWith('.ts') && /process\.env\b/.test(readFileSync(join(root, 'src', name), 'utf8')),
    );
  // The preload runs inside an agent's own program, and obeys the variables that it finds there.
  assert.deepEqual(readers.sort(), [join('clients', 'node_preload.ts'), join('config', 'environment.ts')]);
});
