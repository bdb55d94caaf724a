import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SOURCE_CHARS_MAX, YAML_CHARS_MAX } from '../../../../src/core/policy/bounds.ts';
import { compilePolicy } from '../../../../src/core/policy/compile.ts';
import { readSource } from '../../../../src/core/policy/source.ts';
import { codes } from './sample.ts';

const HEAD = 'schema: clawgress/policy/v1\nid: x\n';

describe('hostile sources', () => {
  it('refuses nesting before anything recursive sees it', () => {
    const deep = 10_000;
    for (const text of [
      '['.repeat(deep),
      '['.repeat(deep) + ']'.repeat(deep),
      '- '.repeat(deep),
      '? '.repeat(deep),
      '{a: '.repeat(deep),
      `{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    ]) {
      assert.deepEqual(codes(text), ['NESTED_TOO_DEEPLY'], text.slice(0, 8));
    }
  });
  it('refuses a billion laughs', () => {
    const lines = ['a: &a [x, x]'];
    for (let i = 1; i < 30; i += 1) lines.push(`b${i}: &b${i} [*${i === 1 ? 'a' : `b${i - 1}`}]`);
    assert.deepEqual(codes(lines.join('\n')), ['ALIAS_REFUSED']);
  });
  it('refuses a mapping so wide that comparing its keys would take minutes', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n');
    assert.deepEqual(codes(text), ['TOO_MANY_KEYS']);
  });
  it('refuses too much text unread', () => {
    assert.deepEqual(codes(' '.repeat(SOURCE_CHARS_MAX + 1)), ['SOURCE_TOO_LARGE']);
    assert.deepEqual(codes(`# ${'x'.repeat(YAML_CHARS_MAX)}`), ['SOURCE_TOO_LARGE']);
    assert.deepEqual(
      codes(`${' '.repeat(YAML_CHARS_MAX)}{"schema":"clawgress/policy/v1","id":"x","rules":[]}`),
      [],
    );
  });
  it('refuses keys that are not text, and __proto__', () => {
    for (const key of ['1', 'null', 'true', '[a]', '{a: b}', '__proto__', '"\\uD800"']) {
      assert.ok(codes(`${HEAD}rules: []\n? ${key}\n: 1\n`).includes('KEY_INVALID'), key);
    }
    assert.ok(
      codes(`{"schema":"clawgress/policy/v1","id":"x","rules":[],"__proto__":{}}`).includes('KEY_INVALID'),
    );
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
  it('refuses half characters', () => {
    assert.ok(
      codes(`${HEAD}rules: [{id: r, action: allow, match: {destination: {hosts: ["\\uD800"]}}}]`).includes(
        'TEXT_INVALID',
      ),
    );
  });
  it('refuses duplicate keys in JSON as in YAML', () => {
    assert.deepEqual(codes('{"schema":"clawgress/policy/v1","id":"x","rules":[],"id":"y"}'), [
      'DUPLICATE_KEY',
    ]);
  });
  it('reads YAML 1.2: no, on and octals are not booleans and numbers of old', () => {
    const tree = readSource('a: no\nb: on\nc: 0o10\nd: 010\ne: -0\n');
    assert.ok(tree.ok);
    assert.deepEqual(tree.value.value, { a: 'no', b: 'on', c: 8, d: 10, e: 0 });
  });
  it('refuses tags that change types and accepts those of the core', () => {
    assert.ok(codes(`${HEAD}rules: !!set {}`).includes('TAG_REFUSED'));
    assert.ok(codes(`${HEAD}rules: !!binary AAAA`).includes('TAG_REFUSED'));
    assert.deepEqual(codes('schema: !!str clawgress/policy/v1\nid: x\nrules: !!seq []\n'), []);
  });
  it('never throws and always says something', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '!',
      '%',
      '"',
      "'",
      '|',
      '>',
      '?',
      ',',
      '#',
      '\t',
      '---',
      '...',
      '\r',
      '\u0000',
      '\uFEFF',
      '\u2028',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const result = compilePolicy({ file: 'f', text: pieces.join('') });
        assert.ok(!result.ok && result.problem.length > 0);
        for (const { line, column } of result.problem) assert.ok(line >= 1 && column >= 1);
      }),
      { numRuns: 400 },
    );
  });
  it('takes any JSON value without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const rules = Array.isArray(value) ? value : [value];
        const text = JSON.stringify({ schema: 'clawgress/policy/v1', id: 'x', rules });
        const result = compilePolicy({ file: 'f', text });
        assert.ok(result.ok ? rules.length === 0 : result.problem.length > 0);
      }),
      { numRuns: 100 },
    );
  });
});
