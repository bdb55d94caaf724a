import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ManifestEntry, parseManifest, renderManifest, signingAt } from '../../../src/pki/manifest.ts';

const entries = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom('root', 'root-2', 'root-3', 'import', 'import-2'),
      kind: fc.constantFrom('own' as const, 'imported' as const),
      signs_from_ms: fc.integer({ min: 0, max: 100 }),
    },
    { noNullPrototype: true },
  ),
  { selector: ({ name }) => name },
);

test('what is written is read again', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const read = parseManifest(renderManifest(list));
      assert.ok(read.ok, 'our own text is read');
      assert.deepEqual(read.value, list);
    }),
  );
});

test('the one that was told to sign last signs, unless it waits or has ended', () => {
  const dated = entries.chain((list) =>
    fc
      .array(fc.integer({ min: 0, max: 120 }), { minLength: list.length, maxLength: list.length })
      .map((ends) => list.map((entry, index) => ({ ...entry, not_after_ms: ends[index] ?? 0 }))),
  );
  fc.assert(
    fc.property(dated, fc.integer({ min: 0, max: 120 }), (list, now) => {
      const chosen = signingAt(list, now);
      const may = list.filter((one) => one.signs_from_ms <= now && one.not_after_ms > now);
      assert.equal(chosen === undefined, may.length === 0);
      if (chosen === undefined) return;
      assert.ok(may.includes(chosen), 'only one that may sign');
      assert.equal(chosen.signs_from_ms, Math.max(...may.map((one) => one.signs_from_ms)));
    }),
  );
});

const good: ManifestEntry = { name: 'root', kind: 'own', signs_from_ms: 1 };
const BAD: readonly (readonly [string, unknown])[] = [
  ['no object', []],
  ['no list', { version: 1, authorities: {} }],
  ['another version', { version: 2, authorities: [good] }],
  ['a member too many', { version: 1, authorities: [good], more: 1 }],
  ['a path for a name', { version: 1, authorities: [{ ...good, name: '../keys/root' }] }],
  ['the same name twice', { version: 1, authorities: [good, good] }],
  ['an unknown kind', { version: 1, authorities: [{ ...good, kind: 'other' }] }],
  ['no time', { version: 1, authorities: [{ ...good, signs_from_ms: '1' }] }],
  ['an entry with more', { version: 1, authorities: [{ ...good, key: 'x' }] }],
  [
    'too many',
    { version: 1, authorities: Array.from({ length: 17 }, (_, n) => ({ ...good, name: `root-${n + 1}` })) },
  ],
];

for (const [what, document] of BAD) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(parseManifest(JSON.stringify(document)), { ok: false, problem: 'NOT_A_MANIFEST' });
  });
}

test('refused: anything that is no JSON', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(parseManifest(`{${text}`).ok, false);
    }),
  );
});
