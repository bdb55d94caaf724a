import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalisePath } from '../../../../src/core/request/path.ts';

interface Row {
  raw: string;
  normal: string;
  why: string;
}
const table = new URL('../../../vectors/normalise/paths.json', import.meta.url);
const rows: Row[] = JSON.parse(readFileSync(table, 'utf8'));

for (const { raw, normal, why } of rows) {
  test(`path ${raw}: ${why}`, () => assert.equal(normalisePath(raw), normal));
}

/** Written the other way round: whole-string rewriting until nothing changes, then segments by regular expression. */
function naive(path: string): string {
  let text = path;
  for (let before = ''; before !== text; ) {
    before = text;
    text = firstRewrite(text);
  }
  text = text.replace(/\/(\.\.?)(?:;|%3b)[^/]*/gi, '/$1').replace(/\/+/g, '/');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/^\/\.(\/|$)/, '/').replace(/\/\.(\/|$)/, '/');
  }
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/^\/\.\.(\/|$)/, '/').replace(/\/(?!\.\.(?:\/|$))[^/]+\/\.\.(\/|$)/, '/');
  }
  return text.replace(/%(?![0-9a-f][0-9a-f])/gi, '%25');
}

function firstRewrite(text: string): string {
  const simple = text
    .replace(/\\/, '/')
    .replace(/%25([0-9a-f]{2})/i, '%$1')
    .replace(/%(?:00)/, '')
    .replace(/%(?:2f|5c)/i, '/')
    .replace(/%(2d|2e|3\d|4[1-9a-f]|5[0-9a]|5f|6[1-9a-f]|7[0-9a]|7e)/i, (all, hex) =>
      /3[a-f]/i.test(hex) ? all : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  if (simple !== text) return simple;
  const long =
    /%c[01]%[89ab][0-9a-f]|%e0%[89][0-9a-f]%[89ab][0-9a-f]|%f0%8[0-9a-f](?:%[89ab][0-9a-f]){2}|%fc%8[0-3](?:%[89ab][0-9a-f]){4}/i;
  return text.replace(long, (run) => {
    const bytes = run
      .slice(1)
      .split('%')
      .map((hex) => Number.parseInt(hex, 16));
    const code = bytes.slice(1).reduce((sum, byte) => sum * 64 + (byte % 64), (bytes[0] ?? 0) % 2);
    const value = bytes.length === 3 ? code % 4096 : code;
    return value < 128
      ? `%${value.toString(16).padStart(2, '0').toUpperCase()}`
      : encodeURIComponent(
          value > 0x10ffff || /^[\ud800-\udfff]$/.test(String.fromCodePoint(value))
            ? '\ufffd'
            : String.fromCodePoint(value),
        );
  });
}

const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '.',
    '..',
    ';',
    '%',
    '%2',
    '%25',
    '%2e',
    '%2F',
    '%5c',
    '\\',
    '%00',
    '%41',
    '%7e',
    '%20',
    '%3b',
  ],
  ...['%c0', '%af', '%ae', '%e0', '%80', '%82', '2', '5', 'f', 'c', 'a', 'Z', '0', '%c3%a9', 'seg'],
);
test('overlong forms of four and six bytes are escapes as well', () => {
  for (const path of ['/%25f0%80%80%82', '/%f0%80%80%82', '/%fc%80%80%80%80%af', '/%fc%82%80%80%80%80'])
    assert.equal(normalisePath(path), naive(path), path);
  assert.equal(normalisePath('/%fc%80%80%80%80%af'), '/');
});

const hostilePath = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`);

test('agrees with a rewriting system written the other way round', () => {
  fc.assert(
    fc.property(hostilePath, (path) => assert.equal(normalisePath(path), naive(path))),
    { numRuns: 5_000 },
  );
});

test('is idempotent, so a rewritten path is never ambiguous', () => {
  fc.assert(
    fc.property(hostilePath, (path) => {
      const normal = normalisePath(path);
      assert.equal(normalisePath(normal), normal);
    }),
    { numRuns: 5_000 },
  );
});

test('what an unsuspecting upstream would resolve stays the same once the path is not ambiguous', () => {
  const plain = fc.stringMatching(/^\/[a-z./%2efE\\;]{0,20}$/);
  fc.assert(
    fc.property(plain, (path) => {
      if (normalisePath(path) !== path) return;
      assert.equal(new URL(`http://h${path}`).pathname, path);
      assert.doesNotMatch(decodeLoosely(path).slice(1), /\/\/|\\|\/\.\.?(\/|$)/);
    }),
    { numRuns: 5_000 },
  );
});

function decodeLoosely(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

test('layers of escapes as deep as a path allows come apart', () => {
  assert.equal(normalisePath(`/%${'25'.repeat(4_000)}2fa`), '/a');
});
