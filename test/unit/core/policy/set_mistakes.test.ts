import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ANCESTORS_MAX, INHERITANCE_LEVELS_MAX } from '../../../../src/core/policy/bounds.ts';
import { compilePolicySet, type PolicySetSource } from '../../../../src/core/policy/compile.ts';
import { formatProblem } from '../../../../src/core/policy/mistakes.ts';
import type { PolicyDocument } from '../../../../src/gen/policy_document.ts';

const VECTORS = join(import.meta.dirname, '../../../vectors/policy-set-mistakes');
const names = readdirSync(VECTORS).filter((name) => !name.includes('.'));

const source = (document: object & { id: string }) => ({
  file: `${document.id}.json`,
  text: JSON.stringify(document),
});
const documentOf = (id: string, parts: Partial<PolicyDocument> = {}): PolicyDocument => ({
  schema: 'clawgress/policy/v1',
  id,
  rules: [],
  ...parts,
});
const child = (id: string, ...inherits: string[]) =>
  documentOf(id, inherits.length > 0 ? { inherits: inherits as [string, ...string[]] } : {});

function codes(set: PolicySetSource): string[] {
  const result = compilePolicySet(set);
  return (result.ok ? result.value.warnings : result.problem).map(({ code, file }) => `${file} ${code}`);
}

describe('mistakes among several documents', () => {
  assert.ok(names.length >= 9);
  for (const name of names) {
    it(name, () => {
      const folder = join(VECTORS, name);
      const read = (file: string) => ({ file, text: readFileSync(join(folder, file), 'utf8') });
      const others = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'entry.yaml');
      const result = compilePolicySet({
        entry: read('entry.yaml'),
        others: others.map(read),
        trust: 'signed',
      });
      assert.equal(result.ok, false);
      const lines = result.ok ? [] : result.problem.map((problem) => `${formatProblem(problem)}\n`);
      assert.equal(lines.join(''), readFileSync(join(folder, 'expected'), 'utf8'));
    });
  }

  it('bounds levels and numbers, also along a ladder of diamonds', () => {
    const line = (length: number) =>
      Array.from({ length }, (_, i) => child(`d${i}`, ...(i + 1 < length ? [`d${i + 1}`] : [])));
    const compileLine = (length: number) => {
      const [entry, ...others] = line(length).map(source);
      return entry ? codes({ entry, others, trust: 'local' }) : assert.fail();
    };
    assert.deepEqual(compileLine(INHERITANCE_LEVELS_MAX + 1), []);
    assert.deepEqual(compileLine(INHERITANCE_LEVELS_MAX + 2), ['d0.json INHERITS_TOO_DEEP']);
    assert.deepEqual(compileLine(400), [`d${ANCESTORS_MAX}.json INHERITS_TOO_MANY`]);
    const rung = (i: number) => [
      child(`a${i}`, `a${i + 1}`, `b${i + 1}`),
      child(`b${i}`, `a${i + 1}`, `b${i + 1}`),
    ];
    const ladder = [0, 1, 2, 3, 4, 5, 6].flatMap(rung).map(source);
    const top = [child('a7'), child('b7')].map(source);
    assert.deepEqual(
      codes({ entry: source(child('entry', 'a0', 'b0')), others: [...ladder, ...top], trust: 'local' }),
      [],
    );
  });

  it('goes on without a shadow document that does not compile, and says so', () => {
    const entry = source(documentOf('live'));
    const shadow = { file: 'shadow.yaml', text: 'schema: clawgress/policy/v1\nid: next\nrulez: []\n' };
    const result = compilePolicySet({ entry, others: [], shadow, trust: 'local' });
    const alone = compilePolicySet({ entry, others: [], trust: 'local' });
    assert.ok(result.ok && alone.ok);
    assert.equal(result.value.policy.policy_hash, alone.value.policy.policy_hash);
    assert.equal(result.value.shadow, undefined);
    assert.deepEqual(
      result.value.warnings.map(({ severity, file, code }) => [severity, file, code]),
      [
        ['warning', 'shadow.yaml', 'MISSING_KEY'],
        ['warning', 'shadow.yaml', 'UNKNOWN_KEY'],
      ],
    );
  });

  it('refuses a shadow document whose query names could fill a receipt', () => {
    const absent = Array.from({ length: 17 }, (_, i) => `q${i}`) as [string, ...string[]];
    const watched = documentOf('next', {
      rules: [{ id: 'r', action: 'deny', match: { query: { absent } } }],
    });
    const set = { entry: source(documentOf('live')), others: [], shadow: source(watched) };
    assert.deepEqual(codes({ ...set, trust: 'local' }), ['next.json SHADOW_QUERY_NAMES']);
  });

  it('looks at no neighbour before somebody inherits', () => {
    const broken = { file: 'broken.yaml', text: 'id: [' };
    assert.deepEqual(codes({ entry: source(documentOf('alone')), others: [broken], trust: 'local' }), []);
  });
});
