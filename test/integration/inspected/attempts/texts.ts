import { type Attempt, each, JSON_TYPE, OK, typed } from '../attempt.ts';
import { HELD_BYTES, MAX_BYTES } from '../policy.ts';

const json = (name: string, expected: Attempt['expected'], ...bodies: readonly (string | Buffer)[]) =>
  each(
    { name, to: 'money', expected },
    bodies.map((body) => ({ body, headers: JSON_TYPE })),
  );

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const swapped = (text: string): Buffer => Buffer.from(utf16(text)).swap16();
const utf32 = (text: string): Buffer =>
  Buffer.concat([...text].map((c) => Buffer.from([c.charCodeAt(0), 0, 0, 0])));
const bom = (text: string): Buffer => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
const padded = (bytes: number): string =>
  `${OK.slice(0, -1)}, "memo": "${'a'.repeat(bytes - OK.length - 12)}"}`;

/** What stands in the body. */
export const TEXTS: readonly Attempt[] = [
  ...json(
    'a key twice',
    'BODY_INVALID DUPLICATE_KEY',
    '{"amount": 5, "amount": 500}',
    '{"amount": 500, "amount": 5}',
    '{"amount": 5, "\\u0061mount": 500}',
    '{"amount": 5, "memo": {"a": 1, "\\u0061": 2}}',
  ),
  ...json('a key in another case', 'sent', '{"amount": 5, "Amount": 500}'),
  ...json(
    '`__proto__`',
    'BODY_INVALID FORBIDDEN_KEY',
    '{"amount": 5, "__proto__": {"amount": 500}}',
    '{"amount": 5, "\\u005f_proto__": {"amount": 500}}',
    '{"__proto__": {"amount": 5}}',
  ),
  ...json(
    'a lone surrogate',
    'BODY_INVALID LONE_SURROGATE',
    '{"amount": 5, "memo": "\\ud800"}',
    '{"amount": 5, "\\udc00": 1}',
  ),
  ...json('a byte order mark', 'BODY_INVALID BOM', bom(OK)),
  {
    ...{ name: 'a byte order mark where repair is allowed', to: 'mended', headers: JSON_TYPE },
    ...{ body: bom(OK), arrives: OK, expected: 'sent' },
  },
  ...json(
    'UTF-16 or UTF-32 that says nothing of it',
    'BODY_INVALID',
    utf16(OK),
    swapped(OK),
    utf32(OK),
    utf16(`\ufeff${OK}`),
  ),
  ...json(
    'bytes that are no UTF-8',
    'BODY_INVALID NOT_UTF8',
    Buffer.from('{"amount": 5, "memo": "\xc0\xaf"}', 'latin1'),
    Buffer.from('{"amount": 5, "memo": "\xed\xa0\x80"}', 'latin1'),
  ),
  ...json(
    'two texts in one body',
    'BODY_INVALID TRAILING_DATA',
    `${OK}{"amount": 500}`,
    `${OK}\n{"amount": 500}`,
  ),
  ...json('garbage behind the text', 'BODY_INVALID TRAILING_DATA', `${OK}x`, `${OK}\0`, `${OK} ,`),
  ...json(
    'a text that only lax readers take',
    'BODY_INVALID',
    '{amount: 5}',
    "{'amount': 5}",
    '{"amount": 5,}',
    '{"amount": 5 /* "amount": 500 */}',
    '{"amount": 05}',
    '{"amount": NaN}',
    '/**/{"amount": 5}',
  ),
  ...json(
    'a number that readers read differently',
    'BODY_INVALID',
    '{"amount": 1e400}',
    '{"amount": 9007199254740993}',
  ),
  ...json('JSON in a string of JSON', 'sent', '{"amount": 5, "memo": "{\\"amount\\": 500}"}'),
  ...json(
    'deeper than anybody reads',
    'BODY_INVALID TOO_DEEP',
    `{"amount": 5, "memo": ${'['.repeat(500)}${']'.repeat(500)}}`,
  ),
  ...json('no JSON at all', 'BODY_INVALID', 'amount=500'),
  ...json('no body', 'BODY_INVALID', ''),
  ...json('`max_bytes` and not one more', 'sent', padded(MAX_BYTES)),
  ...json('one byte more than `max_bytes`', 'BODY_TOO_LARGE', padded(MAX_BYTES + 1)),
  {
    ...{ name: 'one byte more than `max_bytes`, without a length', to: 'money', headers: JSON_TYPE },
    ...{ body: padded(MAX_BYTES + 1), framing: 'chunked', expected: 'BODY_TOO_LARGE' },
  },
  {
    ...{ name: 'more than is held of any body', to: 'large', headers: JSON_TYPE, ways: ['proxy'] },
    ...{ body: padded(HELD_BYTES + 1), expected: 'BODY_TOO_LARGE' },
  },
  {
    ...{ name: 'more than is held of any body, without a length', to: 'large', headers: JSON_TYPE },
    ...{
      ways: ['proxy', 'inside'],
      framing: 'chunked',
      body: padded(HELD_BYTES + 100_000),
      expected: 'BODY_TOO_LARGE',
    },
  },
  {
    ...{ name: 'a mistake behind much that is right, in a body that is read as it goes on', to: 'rows' },
    ...{ headers: typed('application/x-ndjson'), body: '{"n": 1}\n{"n": "x"}\n', expected: 'SCHEMA_INVALID' },
  },
];
