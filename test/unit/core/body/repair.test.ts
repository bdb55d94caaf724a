import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import JSON5 from 'json5';
import { checkJson } from '../../../../src/core/body/check_json.ts';
import { JSON_LIMITS } from '../../../../src/core/body/json_limits.ts';
import { type RepairBounds, repairJson } from '../../../../src/core/body/repair.ts';
import { EDIT_KINDS, type EditRecord } from '../../../../src/core/body/repair_edit.ts';
import { DEFECTS, tokensOf } from './defects.ts';
import { naiveLenient } from './naive_lenient.ts';

const BOUNDS: RepairBounds = { bytesMax: 100_000, editsMax: 1_000, kinds: EDIT_KINDS };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (all: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(all);
const repair = (source: string, bounds: Partial<RepairBounds> = {}) =>
  repairJson(bytes(source), JSON_LIMITS, { ...BOUNDS, ...bounds });

/** Values whose strings look like everything that repair touches. */
const INTENDED: readonly unknown[] = [
  { amount: 12.5, currency: 'EUR', to: 'DE12', memo: "it's // not a comment", tags: ['a', 'b,]', '/* c */'] },
  { class: 1, $if: -10, _new: [true, false, null, [1, 2, [{}]]], s: 'say "hi", \\ or \'bye\'', e: [] },
  [
    { a: '```json\n{}\n```', b: 'x, }', c: [21e20, '] ,}'] },
    { a: '\u2028é😀', 'a-b': '\\u0041 \t' },
    'http://x/y',
  ],
];

/** Whether the bytes outside the edits, and nothing but the edits, are the same in both texts. */
function accountsFor(edits: readonly EditRecord[], before: Uint8Array, after: Uint8Array): boolean {
  let from = 0;
  let to = 0;
  for (const { offset, removed, inserted } of edits) {
    const kept = offset - from;
    if (Buffer.compare(before.subarray(from, offset), after.subarray(to, to + kept)) !== 0) return false;
    from = offset + removed;
    to += kept + inserted;
  }
  return Buffer.compare(before.subarray(from), after.subarray(to)) === 0;
}

/** What JavaScript, of whose literals JSON5 is a part, makes of a text without its fence and byte order mark. */
function asJavaScript(source: string): unknown {
  return JSON.parse(JSON.stringify(runInNewContext(`(${literalIn(source)}\n)`)));
}

function literalIn(source: string): string {
  return source
    .replace(/^\ufeff?\s*```[^\n]*\n/, '')
    .replace(/```\s*$/, '')
    .replace(/^\ufeff/, '');
}

for (const { name, outcome, spoil } of DEFECTS) {
  test(`${name}: ${outcome}`, () => {
    const cases = INTENDED.flatMap((value) => {
      const whole = JSON.stringify(value);
      return spoil(whole, tokensOf(whole)).map((spoilt) => ({ value, spoilt }));
    });
    assert.ok(cases.length > 0, 'some text offers an occasion');
    for (const { value, spoilt } of cases) {
      const result = repair(spoilt);
      assert.equal(result.ok ? 'repaired' : 'refused', outcome, spoilt);
      if (!result.ok) continue;
      assert.ok(result.value.edits.length > 0, 'a spoilt text needs an edit');
      assert.deepEqual(JSON.parse(text(result.value.bytes)), value, spoilt);
      assert.deepEqual(asJavaScript(spoilt), value, `second opinion on ${spoilt}`);
      assert.deepEqual(JSON5.parse(literalIn(spoilt)), value, `third opinion on ${spoilt}`);
      assert.ok(accountsFor(result.value.edits, bytes(spoilt), result.value.bytes), `edits of ${spoilt}`);
    }
  });
}

test('the corpus has at least 40 classes of both outcomes together', () => {
  assert.ok(DEFECTS.length >= 40, `${DEFECTS.length} classes`);
  assert.equal(new Set(DEFECTS.map(({ name }) => name)).size, DEFECTS.length);
});

/** A value written loosely, as the dice fall. */
function loose(value: unknown, dice: () => number): string {
  const gap = () => ['', '', ' ', '\n', '/* , */', '// "x":\n', '/*\n*/ '][dice() % 7] ?? '';
  const comma = (count: number) => (count > 0 && dice() % 3 === 0 ? `,${gap()}` : '');
  const quoted = (one: string) =>
    dice() % 2 === 0
      ? JSON.stringify(one)
      : `'${JSON.stringify(one)
          .slice(1, -1)
          .replace(/\\"|'/g, (q) => (q === "'" ? "\\'" : '"'))}'`;
  const write = (one: unknown): string => {
    if (Array.isArray(one))
      return `[${gap()}${one.map((x) => `${write(x)}${gap()}`).join(`,${gap()}`)}${comma(one.length)}]`;
    if (typeof one === 'object' && one !== null) {
      const members = Object.entries(one).map(([k, v]) => {
        const isBare = /^[A-Za-z_$][\w$]*$/.test(k) && !/^(true|false|null|undefined|NaN|Infinity)$/.test(k);
        const key = isBare && dice() % 2 === 0 ? k : quoted(k);
        return `${key}${gap()}:${gap()}${write(v)}${gap()}`;
      });
      return `{${gap()}${members.join(`,${gap()}`)}${comma(members.length)}}`;
    }
    return typeof one === 'string' ? quoted(one) : JSON.stringify(one);
  };
  const whole = `${gap()}${write(value)}${gap()}`;
  return dice() % 4 === 0 ? `\`\`\`json\n${whole}\n\`\`\`` : whole;
}

const key = fc.oneof(
  fc.constantFrom('a', 'b_1', '$x', 'class', 'a b', "it's", '', 'é'),
  fc.string({ maxLength: 4 }),
);
const values = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false, 0, -1.5, 1e21),
      fc.string({ unit: 'grapheme' }).filter((one) => !/\p{Surrogate}/u.test(one)),
      fc.constantFrom("'", '"', "\\'", '// x', '/* x */', '```', "it's", '\u2028', '},]'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }))
  .value.filter((value) => checkJson(bytes(JSON.stringify(value)), JSON_LIMITS) === undefined);

test('whatever is written loosely is read as intended, and needs no second repair', () => {
  fc.assert(
    fc.property(values, fc.array(fc.nat(100), { minLength: 1, maxLength: 60 }), (value, rolls) => {
      let turn = 0;
      const spoilt = loose(value, () => rolls[turn++ % rolls.length] ?? 0);
      const result = repair(spoilt);
      assert.ok(result.ok, `${spoilt} ${JSON.stringify(result)}`);
      assert.deepEqual(JSON.parse(text(result.value.bytes)), JSON.parse(JSON.stringify(value)));
      assert.ok(accountsFor(result.value.edits, bytes(spoilt), result.value.bytes), 'edits account for all');
      assert.deepEqual(repair(text(result.value.bytes)), {
        ok: true,
        value: { bytes: result.value.bytes, edits: [] },
      });
    }),
    { numRuns: 1_000 },
  );
});

test('whatever is spoilt anyhow is refused, or says what a lenient reader reads', () => {
  fc.assert(
    fc.property(
      values,
      fc.array(fc.nat(100), { minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.nat(3),
      fc.constantFrom(
        '',
        "'",
        '"',
        ',',
        '/',
        '*/',
        '\\',
        '{',
        ']',
        ':',
        '`',
        'a',
        '0',
        ' ',
        '\n',
        '\r',
        '\u2028',
      ),
      (value, rolls, place, length, noise) => {
        let turn = 0;
        const whole = loose(value, () => rolls[turn++ % rolls.length] ?? 0);
        const at = place % (whole.length + 1);
        const spoilt = `${whole.slice(0, at)}${noise}${whole.slice(at + length)}`;
        const result = repair(spoilt);
        if (!result.ok) return;
        assert.deepEqual(
          naiveLenient(bytes(spoilt)),
          { value: JSON.parse(text(result.value.bytes)) },
          spoilt,
        );
      },
    ),
    { numRuns: 3_000 },
  );
});

test('each edit is told with its place, its kind and both lengths', () => {
  const spoilt = '\ufeff```json\n{a: \'x"\\\'\', /* é */ "b": [1,],} // end\n```\n';
  const result = repair(spoilt);
  assert.ok(result.ok, 'it is repaired');
  assert.equal(text(result.value.bytes), '{"a": "x\\"\'",   "b": [1]} \n\n');
  assert.deepEqual(
    result.value.edits.map(({ offset, kind, removed, inserted }) => [offset, kind, removed, inserted]),
    [
      [0, 'bom', 3, 0],
      [3, 'code_fence', 8, 0],
      [12, 'unquoted_key', 1, 3],
      [15, 'single_quotes', 1, 1],
      [17, 'single_quotes', 0, 1],
      [18, 'single_quotes', 1, 0],
      [20, 'single_quotes', 1, 1],
      [23, 'comment', 8, 1],
      [39, 'trailing_comma', 1, 0],
      [41, 'trailing_comma', 1, 0],
      [44, 'comment', 6, 0],
      [51, 'code_fence', 3, 0],
    ],
  );
});

test('an edit that is not allowed is not made, and the text is refused where it would be', () => {
  const cases = {
    code_fence: ['```\n{}\n```', 'UNEXPECTED_BYTE', 0, ''],
    bom: ['\ufeff{}', 'BOM', 0, ''],
    trailing_comma: ['/**/[1,]', 'UNEXPECTED_BYTE', 7, '/1'],
    comment: ["['x', // x\n 1]", 'UNEXPECTED_BYTE', 6, '/1'],
    single_quotes: ["// x\n{k: {m: 'x'}}", 'UNEXPECTED_BYTE', 13, '/k/m'],
    unquoted_key: ["['x', {k: 1}]", 'UNEXPECTED_BYTE', 7, '/1'],
  } as const;
  for (const kind of EDIT_KINDS) {
    const [spoilt, code, offset, pointer] = cases[kind];
    const others = EDIT_KINDS.filter((one) => one !== kind);
    assert.deepEqual(
      repair(spoilt, { kinds: others }),
      { ok: false, problem: { code, offset, pointer } },
      kind,
    );
    assert.ok(repair(spoilt).ok, `${kind} is repaired when it is allowed`);
    assert.ok(!repair(spoilt, { kinds: [] }).ok, 'nothing is allowed');
  }
});

test('what repair does not cover is told as of the text that came', () => {
  const problem = (spoilt: string) => {
    const result = repair(spoilt);
    return result.ok ? undefined : result.problem;
  };
  assert.deepEqual(problem('// x\n{a: 1, "a": 2}'), { code: 'DUPLICATE_KEY', offset: 12, pointer: '/a' });
  assert.deepEqual(problem('{a: [1, 2'), { code: 'TRUNCATED', offset: 9, pointer: '/a/1' });
  assert.deepEqual(problem("['x', 9007199254740993,]"), {
    code: 'NUMBER_UNSAFE_INTEGER',
    offset: 6,
    pointer: '/1',
  });
});

test('comments that are not UTF-8 do not leave the text unseen', () => {
  const source = Buffer.concat([bytes('{}// '), Buffer.of(0xff), bytes('\n')]);
  const result = repairJson(source, JSON_LIMITS, BOUNDS);
  assert.equal(result.ok ? 'repaired' : result.problem.code, 'TRAILING_DATA');
});

test('repair is bounded by size and by edits, and limits hold for the text as it came', () => {
  const spoilt = `[${"'a',".repeat(10)}]`;
  assert.ok(repair(spoilt, { editsMax: 21 }).ok, 'two edits for each string and one for the comma');
  assert.deepEqual(repair(spoilt, { editsMax: 20 }), {
    ok: false,
    problem: { code: 'REPAIR_TOO_MANY_EDITS', offset: 40, pointer: '' },
  });
  assert.deepEqual(repair(spoilt, { bytesMax: 41 }), {
    ok: false,
    problem: { code: 'REPAIR_TOO_BIG', offset: 41, pointer: '' },
  });
  const long = bytes(`[1] //${'x'.repeat(50)}`);
  const limited = repairJson(long, { ...JSON_LIMITS, bytesMax: 20 }, BOUNDS);
  assert.equal(limited.ok ? 'repaired' : limited.problem.code, 'TRAILING_DATA');
});

test('a text that is right comes back as it is', () => {
  const source = bytes('{"a": "// \'x\', }"}');
  assert.deepEqual(repairJson(source, JSON_LIMITS, { ...BOUNDS, bytesMax: 1 }), {
    ok: true,
    value: { bytes: source, edits: [] },
  });
});
