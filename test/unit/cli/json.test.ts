import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../../../src/cli/exit.ts';
import { bytesOf, piecesOf } from '../../../src/cli/input_bytes.ts';
import { type JsonCheckArgs, jsonCheck } from '../../../src/cli/json_check.ts';
import { limitsOf } from '../../../src/cli/json_limit_flags.ts';
import { meaningOf } from '../../../src/cli/json_meaning.ts';
import { jsonRepair, kindsOf } from '../../../src/cli/json_repair.ts';
import { PlaceKeeper } from '../../../src/cli/text_place.ts';
import { visible, visibleBytes } from '../../../src/cli/visible.ts';
import { JSON_LIMITS } from '../../../src/core/body/json_limits.ts';
import { JSON_CODES } from '../../../src/core/body/json_problem.ts';
import { REPAIR_CODES } from '../../../src/core/body/repair.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function check(text: string | Uint8Array, extra: Partial<JsonCheckArgs> = {}, size = 65_536) {
  let out = '';
  const args = { file: 'x.json', limits: JSON_LIMITS, json: true, ...extra };
  const code = await jsonCheck(args, cut(Buffer.from(text), size), (part) => {
    out += part;
  });
  return { code, out };
}

async function repair(text: string, extra: { kinds?: string; output?: string; json?: boolean } = {}) {
  let out = '';
  let err = '';
  const { kinds, ...rest } = extra;
  const args = { file: '-', limits: JSON_LIMITS, json: false, kinds: kindsOf(kinds), ...rest };
  const code = await jsonRepair(
    args,
    cut(Buffer.from(text), 7),
    (part) => {
      out += typeof part === 'string' ? part : Buffer.from(part).toString();
    },
    (part) => {
      err += part;
    },
  );
  return { code, out, err };
}

test('a text that is JSON is ok, with its size', async () => {
  assert.deepEqual(await check('{"a": [1, "é"]}', { json: false }), {
    code: 0,
    out: 'x.json: ok, 16 bytes\n',
  });
  const lines = await check('1\n\n{"a":2}\n', { format: 'lines' });
  assert.deepEqual(JSON.parse(lines.out), { file: 'x.json', ok: true, bytes: 11, records: 2 });
  const sequence = await check('\x1e1\n\x1e2\n', { format: 'sequence', json: false });
  assert.match(sequence.out, /ok, 6 bytes, 2 texts/);
});

test('a text that is none is told with code, pointer, offset, line, column and what stands there', async () => {
  const text = '{"a": {"b": 1,\n  "éé": 2, "b/c": [1, 2, 01]}}\n';
  const found = await check(text);
  assert.equal(found.code, 1);
  assert.deepEqual(JSON.parse(found.out), {
    file: 'x.json',
    ok: false,
    code: 'NUMBER_SYNTAX',
    offset: Buffer.byteLength(text.slice(0, text.indexOf('1]'))),
    pointer: '/a/b~1c/2',
    line: 2,
    column: text.indexOf('1]') - text.indexOf('\n'),
    excerpt: { before: 'é": 2, "b/c": [1, 2, 0', after: '1]}}' },
  });
  const shown = await check(text, { json: false });
  const [, , there = '', mark = ''] = shown.out.split('\n');
  assert.equal(there.charAt(mark.indexOf('^')), '1', 'the mark does not stand below the byte');
  assert.match(shown.out, /^x\.json:2:27: NUMBER_SYNTAX: /);
  assert.match(shown.out, /\n {2}next {3}\S/);
});

test('the same is told however the text is cut', async () => {
  const texts = [
    '{"a":1,\n"a":2,"tail":"some more of it"}',
    '[1,\n\n 2,, 3, 4, 5, 6, 7, 8, 9, 10, 11]',
    '{"k": "\u20ac\\x"}',
  ];
  for (const text of texts) {
    const whole = await check(text);
    assert.equal(whole.code, 1, text);
    for (const size of [1, 2, 3, 5, 11])
      assert.deepEqual(await check(text, {}, size), whole, `${text} by ${size}`);
  }
});

test('places are those of a naive count, in bounded memory', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'é', '€', '😀', '\r\n', 'abc'),
    fc.constant('x'.repeat(3_000)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.nat(1_000),
      (all, size, back) => {
        const text = all.join('');
        const bytes = Buffer.from(text);
        const keeper = new PlaceKeeper();
        for (let at = 0; at < bytes.length; at += size) keeper.add(bytes.subarray(at, at + size));
        // A whole character, at most so many bytes before the end.
        const characters = [...text];
        const dropped = characters.slice(Math.max(0, characters.length - Math.floor(back / 4)));
        const before = characters.slice(0, characters.length - dropped.length).join('');
        const { line, column } = keeper.placeOf(Buffer.byteLength(before));
        const lines = before.split('\n');
        assert.deepEqual([line, column], [lines.length, [...(lines.at(-1) ?? '')].length + 1]);
      },
    ),
    { numRuns: 100 },
  );
});

test('nothing that is printed moves a cursor', async () => {
  assert.equal(visible('a\u001b[2J\u202eé\u009b'), 'a\\u{1b}[2J\\u{202e}é\\u{9b}');
  assert.equal(visibleBytes(Buffer.from('\u20acx\u20ac').subarray(1, 6)), 'x', 'halves are left out');
  assert.equal(visibleBytes(Uint8Array.of(0x61, 0xff, 0x1b, 0x62)), 'a\\xff\\x1bb');
  const { out } = await check('{"\u001b]0;x\u0007": \u001b}', { json: false });
  assert.doesNotMatch(out.replaceAll('\n', ''), /\p{Cc}/u);
  const pointer = await check('{"\\u001b[2J\\u202e": ?}', { json: false });
  assert.doesNotMatch(pointer.out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('flags change the limits, and wrong ones are refused', async () => {
  assert.deepEqual(limitsOf({}), JSON_LIMITS);
  const { bytesMax, depthMax, numbers, duplicateKeys } = limitsOf({
    maxBytes: '9',
    maxDepth: '2',
    numbers: 'any',
    allowDuplicates: true,
  });
  assert.deepEqual([bytesMax, depthMax, numbers, duplicateKeys], [9, 2, 'any', 'allow']);
  const large = limitsOf({ maxBytes: '99999999' });
  assert.equal(large.stringBytesMax, 99_999_999, 'a string may be as long as its text');
  for (const wrong of ['0', '-1', '1e3', '', 'x', '9'.repeat(16)])
    assert.throws(() => limitsOf({ maxBytes: wrong }), /--max-bytes takes/, wrong);
  assert.equal((await check('[[1]]', { limits: limitsOf({ maxDepth: '1' }) })).code, 1);
  assert.match(
    (await check('[1, 2]', { limits: limitsOf({ maxBytes: '4' }), json: false })).out,
    /raise --max-bytes/,
  );
});

test('every code has a sentence and a next step', () => {
  for (const code of [...JSON_CODES, ...REPAIR_CODES]) {
    const { what, next } = meaningOf(code);
    assert.ok(what.length > 5 && next.length > 5, code);
  }
});

test('a repaired text goes to standard output alone, its edits beside it', async () => {
  const text = '```json\n{a: [1,],}\n```\n';
  const done = await repair(text);
  assert.equal(done.code, 0);
  assert.deepEqual(JSON.parse(done.out), { a: [1] });
  assert.match(done.err, /^standard input: 5 edits\n {2}byte 0: code_fence, 8 removed, 0 inserted\n/);
  const { edits, ...rest } = JSON.parse((await repair(text, { json: true })).out);
  assert.deepEqual(rest, { file: '-', ok: true, text: done.out });
  assert.equal(edits.length, 5);
  assert.match((await repair('[1]')).err, /nothing to repair/);
});

test('what would have to be guessed is refused, and nothing is printed', async () => {
  const cutShort = await repair('{"a": [1, 2');
  assert.equal(cutShort.code, 1);
  assert.equal(cutShort.out, '');
  assert.match(cutShort.err, /without guessing\nstandard input:1:12: TRUNCATED: /);
  const forbidden = await repair('[1,]', { kinds: 'bom,code_fence' });
  assert.equal(forbidden.code, 1);
  assert.match(forbidden.err, /UNEXPECTED_BYTE.*next {3}mend it by hand, or allow more with --kinds/s);
  assert.throws(() => kindsOf('bom,typo'), /does not know "typo"; it takes code_fence, /);
});

test('a file that is written belongs to its owner alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clawgress-json-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const output = join(folder, 'out.json');
  assert.deepEqual((await repair('[1,]', { output })).out, '');
  assert.equal(readFileSync(output, 'utf8'), '[1]');
  assert.equal(statSync(output).mode & 0o777, 0o600);
  assert.equal((await repair('[1', { output: join(folder, 'no.json') })).code, 1);
  assert.throws(() => statSync(join(folder, 'no.json')), /ENOENT/);
  const pieces = await bytesOf(piecesOf(output), 2);
  assert.equal(Buffer.from(pieces).toString(), '[1]', 'one byte beyond shows that there are more');
  await assert.rejects(
    bytesOf(piecesOf(folder), 9),
    (error) => error instanceof CliError && error.exitCode === 3,
  );
});
