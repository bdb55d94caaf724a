import fc from 'fast-check';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NAMES = [
  'a',
  'b',
  '\\u0061',
  '',
  'a/b',
  'm~n',
  '12',
  '7',
  '#7',
  '__proto__',
  '__pro\\u0074o__',
  'é',
  '\\ud83d\\ude00',
];
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-12',
  '0.5',
  '1e3',
  '1E+2',
  '-1.5e-3',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740993',
  '1e22',
  '123456789012345678',
  '0.1234567890123456789',
  '0.30000000000000004',
  '0.10000000000000001',
  '1e400',
  '-1e-400',
  '0e999',
  '9007199254740993.0',
  '12345678901234567e3',
  '1.50000000000000000000',
  '5e-324',
  '1.2345678901234567e-320',
  '100000000000000000000',
  '-0.12345678901234567',
  '1234567890123456.5',
];
const STRINGS = [
  '',
  'x',
  'two words',
  '\\n\\"\\\\\\/',
  '\\u00e9',
  '\\ud83d\\ude00',
  '日本',
  '😀',
  '\u2028',
  'x'.repeat(40),
];
/** What mutation puts in: each starts or breaks something. */
const NOISE: readonly Uint8Array[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u',
    '\\ud800',
    '\\udc00',
    '-',
    '.',
    'e',
    '0',
    '01',
    'tru',
    'nulL',
    '/',
    "'",
    ' ',
    '\n',
    '\t',
    '\0',
    '"a":1,',
    '\ufeff',
    '\u001f',
    '1.',
    '[[[[',
    '\\ud83d\\ud83d',
  ].map(bytes),
  ...[
    [0xff],
    [0xc0, 0x80],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90],
    [0x80],
    [0xf0, 0x9f],
    [0xef],
    [0xef, 0xbb],
  ].map((one) => Uint8Array.from(one)),
];

const space = fc.constantFrom('', '', '', ' ', '\n', ' \t\r\n');
const { value: text } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  object: fc
    .tuple(
      space,
      fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('value')), {
        maxLength: 4,
        selector: ([n]) => n,
      }),
    )
    .map(([gap, members]) => `{${gap}${members.map(([n, v]) => `"${n}"${gap}:${v}`).join(`,${gap}`)}}`),
  array: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }))
    .map(([gap, all]) => `[${gap}${all.join(`${gap},`)}${gap}]`),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null'),
    fc.constantFrom(...NUMBERS),
    fc.constantFrom(...STRINGS).map((one) => `"${one}"`),
    tie('object'),
    tie('array'),
  ),
}));

/** Texts of the grammar, in all their spellings; limits may still refuse them. */
export const jsonTexts: fc.Arbitrary<Uint8Array> = fc
  .tuple(space, text, space)
  .map((parts) => bytes(parts.join('')));

/** Texts with a piece put in, taken out or cut off. */
export const brokenTexts: fc.Arbitrary<Uint8Array> = fc
  .tuple(jsonTexts, fc.nat(), fc.nat(3), fc.constantFrom(...NOISE), fc.constantFrom('put', 'take', 'cut'))
  .map(([whole, place, length, noise, how]) => {
    const at = place % (whole.length + 1);
    if (how === 'cut') return whole.subarray(0, at);
    const behind = whole.subarray(how === 'take' ? at + length : at);
    return Uint8Array.from([...whole.subarray(0, at), ...(how === 'put' ? noise : []), ...behind]);
  });
