import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { pointerOf } from '../../../../src/core/policy/mistakes.ts';
import { readSource } from '../../../../src/core/policy/source.ts';
import { readYaml } from '../../../../src/core/policy/yaml_source.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(fc.constantFrom('', 'a"b', 'x\\', '{', '[1,', ',', 'é'), fc.integer(), fc.boolean()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a/b', 'x~y', '"', '{'), tie('value'), { maxKeys: 4 }),
  ),
}));

/** Every pointer of a value, and some that lead nowhere. */
function pointers(root: Json, at = ''): string[] {
  const below =
    typeof root === 'object' && root !== null
      ? Object.entries(root).flatMap(([key, member]) => pointers(member, at + pointerOf(key)))
      : [];
  return [at, `${at}/missing`, `${at}/7`, ...below];
}

it('finds every member of a JSON text where the YAML tree has it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), value),
      fc.constantFrom(0, 1, 2),
      (root, indent) => {
        const text = JSON.stringify(root, null, indent);
        const json = readSource(text);
        const yaml = readYaml(text);
        if (!yaml.ok) return;
        assert.ok(json.ok);
        for (const pointer of pointers(root)) {
          for (const at of ['key', 'value'] as const) {
            assert.deepEqual(
              json.value.locate(pointer, at),
              yaml.value.locate(pointer, at),
              `${pointer} ${at}`,
            );
          }
        }
      },
    ),
  );
});

it('walks a deep and a wide text without recursion', () => {
  const deep = `{"a":${'['.repeat(15)}1${']'.repeat(15)},"b":2}`;
  const tree = readSource(deep);
  assert.ok(tree.ok);
  assert.deepEqual(tree.value.locate('/b', 'value'), { line: 1, column: deep.length - 1 });
});
