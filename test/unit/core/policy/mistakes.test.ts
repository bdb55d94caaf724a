import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PROBLEMS_MAX } from '../../../../src/core/policy/bounds.ts';
import { compilePolicy } from '../../../../src/core/policy/compile.ts';
import { formatProblem } from '../../../../src/core/policy/mistakes.ts';
import { nearest } from '../../../../src/core/policy/nearest.ts';

const VECTORS = join(import.meta.dirname, '../../../vectors/policy-mistakes');
const names = readdirSync(VECTORS).filter((name) => name.endsWith('.yaml'));

describe('mistakes', () => {
  assert.ok(names.length >= 20);
  for (const name of names) {
    it(name, () => {
      const result = compilePolicy({ file: name, text: readFileSync(join(VECTORS, name), 'utf8') });
      assert.equal(result.ok, false);
      const lines = result.ok ? [] : result.problem.map((problem) => `${formatProblem(problem)}\n`);
      assert.equal(lines.join(''), readFileSync(join(VECTORS, name.replace('.yaml', '.expected')), 'utf8'));
    });
  }

  it('says the same about JSON, with its own places', () => {
    const text =
      '{\n  "schema": "clawgress/policy/v1",\n  "id": "x",\n  "rules": [{"id": "r", "action": "alow"}]\n}';
    const result = compilePolicy({ file: 'p.json', text });
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problem.map(({ line, column, code, pointer }) => ({ line, column, code, pointer })),
      [{ line: 4, column: 35, code: 'VALUE_NOT_ALLOWED', pointer: '/rules/0/action' }],
    );
  });

  it('stops listing after a while and counts the rest', () => {
    const rules = Array.from({ length: 200 }, (_, i) => ({ id: `r${i}`, action: 'no' }));
    const text = JSON.stringify({ schema: 'clawgress/policy/v1', id: 'x', rules });
    const result = compilePolicy({ file: 'p.json', text });
    assert.ok(!result.ok);
    assert.equal(result.problem.length, PROBLEMS_MAX + 1);
    assert.equal(result.problem.at(-1)?.message, '150 more of them');
  });

  it('puts what was found on one line without invisible characters', () => {
    const text = 'schema: clawgress/policy/v1\nid: "a\\u202Eb\\n\\e[31m"\nrules: []\n';
    const result = compilePolicy({ file: 'p.yaml', text });
    assert.ok(!result.ok);
    const line = formatProblem(result.problem[0] ?? assert.fail());
    assert.match(line, /^[ -~…]+$/);
  });
});

describe('nearest', () => {
  it('guesses only what is close', () => {
    assert.equal(nearest('actoin', ['action', 'match']), 'action');
    assert.equal(nearest('Action', ['action', 'match']), 'action');
    assert.equal(nearest('idempotency', ['id', 'rules']), undefined);
    assert.equal(nearest('', ['id']), undefined);
    assert.equal(nearest('xy', ['id']), undefined);
  });
});
