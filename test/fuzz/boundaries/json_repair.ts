import assert from 'node:assert/strict';
import { checkJson } from '../../../src/core/body/check_json.ts';
import { JSON_LIMITS } from '../../../src/core/body/json_limits.ts';
import { type RepairBounds, repairJson } from '../../../src/core/body/repair.ts';
import { EDIT_KINDS } from '../../../src/core/body/repair_edit.ts';
import { naiveLenient } from '../../unit/core/body/naive_lenient.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const BOUNDS: RepairBounds = { bytesMax: 400, editsMax: 40, kinds: EDIT_KINDS };

const CORPUS = [
  '```json\n{"a": [1, 2,],}\n```\n',
  "\ufeff{a: 'x', $b_1: 'it\\'s \"q\"', 'c': \"// no\"}",
  '// first\n{"a": /* one */ 1, "b": [true, null /* , */,], // last\n}',
  "{'a': {'b': ['c', {d: -1.5e3,},],},}",
  '{"a": 1,\r\n "b": \'\\u00e9 \\n\' // x\r\n}',
  "['it's']",
  '```json\n```json\n{}\n```\n```',
  '{"a": "/* ",  /* */ "b": " */"}',
];

/** Judge: a lenient reader of its own, which must read in the text what the repaired text says. */
export function jsonRepair(): Boundary {
  return {
    name: 'json_repair',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const result = repairJson(input, JSON_LIMITS, BOUNDS);
      if (!result.ok) return false;
      const { bytes, edits } = result.value;
      assert.equal(checkJson(bytes, JSON_LIMITS), undefined);
      assert.ok(edits.length <= BOUNDS.editsMax, `${edits.length} edits`);
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      assert.deepEqual(naiveLenient(input), { value });
      return true;
    },
  };
}
