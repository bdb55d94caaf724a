import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linearPattern } from '../../../../src/core/schema/linear_pattern.ts';
import { STATES_MAX } from '../../../../src/core/schema/pattern_program.ts';

function compiled(source: string) {
  const pattern = linearPattern(source);
  if (!pattern.ok) throw new Error(pattern.problem);
  return pattern.value;
}

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\S',
  '\\u{1F600}',
  '\\ud83d\\ude00',
  '\\x61',
  '😀',
  '\\.',
  '\\p{Lu}',
  '[\\]\\w-]',
);
const place = fc.constantFrom('^', '$', '\\b', '\\B', '');
const quantifier = fc.constantFrom(
  '',
  '',
  '*',
  '+',
  '?',
  '{2}',
  '{1,}',
  '{0,2}',
  '{0}',
  '*?',
  '+?',
  '{1,3}?',
);
const { pattern } = fc.letrec<{ pattern: string; item: string; sequence: string }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small' },
    place,
    fc.tuple(atom, quantifier).map((parts) => parts.join('')),
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern'), quantifier)
      .map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
  sequence: fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|')),
}));
const text = fc.array(fc.constantFrom('a', 'b', 'A', '1', '.', ' ', '\n', '😀', '\ud83d', '-'), {
  maxLength: 8,
});

test('it says what the engine of the language says', () => {
  let compared = 0;
  fc.assert(
    fc.property(pattern, text, (source, characters) => {
      let engine: RegExp;
      try {
        engine = new RegExp(source, 'u');
      } catch {
        return;
      }
      const linear = linearPattern(source);
      if (!linear.ok) return assert.match(linear.problem, /states/);
      const subject = characters.join('');
      // V8 finds this place between the halves of a character, where ECMAScript has none.
      if (source.includes('\\B') && /[\u{10000}-\u{10ffff}]/u.test(subject)) return;
      compared += 1;
      assert.equal(
        linear.value.test(subject),
        engine.test(subject),
        `${source} on ${JSON.stringify(subject)}`,
      );
    }),
    { numRuns: 3_000 },
  );
  assert.ok(compared > 1_000, `only ${compared} patterns were compared`);
});

test('patterns that take others exponential time take this one a step for each character and state', () => {
  for (const source of [
    '^(a+)+$',
    '^(a|a)*$',
    '(.*a){12}',
    '^(?:(?:a?){30}a{30})$',
    '(x+x+)+y',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
  ]) {
    const linear = compiled(source);
    for (const length of [1_000, 10_000]) {
      linear.test(`${'a'.repeat(length)}!`);
      assert.ok(linear.work <= (length + 2) * STATES_MAX, `${source}: ${linear.work} steps for ${length}`);
    }
    linear.test(`${'a'.repeat(1_000)}!`);
    const once = linear.work;
    linear.test(`${'a'.repeat(10_000)}!`);
    assert.ok(
      linear.work <= 11 * once + 100,
      `${source}: ten times the text took ${linear.work / once} times the work`,
    );
  }
});

test('what needs more than linear time is refused, and what is no pattern', () => {
  const problems: readonly [source: string, problem: RegExp][] = [
    ['(?=a)', /ahead/],
    ['(?!a)b', /ahead/],
    ['(?<=a)b', /behind/],
    ['(?<!a)b', /behind/],
    ['(a)\\1', /back/],
    ['(?<n>a)\\k<n>', /back/],
    ['(', /no regular expression/],
    ['\\Z', /no regular expression/],
    ['a{2000}', /states/],
    ['(?:(?:a{30}){30}){30}', /states/],
    ['(?:(?:(?:a{999}){999}){999}){999}', /states/],
    ['a'.repeat(1_025), /longer/],
    [`${'('.repeat(70)}a${')'.repeat(70)}`, /groups/],
  ];
  for (const [source, problem] of problems) {
    const linear = linearPattern(source);
    assert.match(linear.ok ? 'taken' : linear.problem, problem, source.slice(0, 40));
  }
});

test('repetitions of nothing come to an end', () => {
  for (const source of ['(?:){999999}', '(?:(?:){9}){99999}', '(?:(?:)*)*', '(?:^){999}'])
    assert.equal(compiled(source).test('x'), new RegExp(source, 'u').test('x'), source);
});
