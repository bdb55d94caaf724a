import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkJson } from '../../../../src/core/body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../../../../src/core/body/json_limits.ts';
import { JsonReader } from '../../../../src/core/body/json_reader.ts';

const FOLDER = new URL('../../../vectors/json/JSONTestSuite/parsing/', import.meta.url);
const FILES = readdirSync(FOLDER).map((name) => ({
  name,
  bytes: readFileSync(new URL(encodeURIComponent(name), FOLDER)),
}));
/** Longer files are cut near both ends only: cutting costs the square of the length. */
const CUT_EVERYWHERE_BYTES = 2_000;
const NEAR_BYTES = 70;
const ALLOWING: JsonLimits = { ...JSON_LIMITS, duplicateKeys: 'allow' };

/** What we do with the files that RFC 8259 leaves open: all are refused. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  NUMBER_UNDERFLOW: ['number_double_huge_neg_exp', 'number_real_underflow'],
  NUMBER_TOO_LONG: ['number_huge_exp'],
  NUMBER_OVERFLOW: [
    'number_neg_int_huge_exp',
    'number_pos_double_huge_exp',
    'number_real_neg_overflow',
    'number_real_pos_overflow',
  ],
  NUMBER_UNSAFE_INTEGER: ['number_too_big_neg_int', 'number_too_big_pos_int', 'number_very_big_negative_int'],
  LONE_SURROGATE: [
    'object_key_lone_2nd_surrogate',
    'string_1st_surrogate_but_2nd_missing',
    'string_1st_valid_surrogate_2nd_invalid',
    'string_incomplete_surrogate_and_escape_valid',
    'string_incomplete_surrogate_pair',
    'string_incomplete_surrogates_escape_valid',
    'string_invalid_lonely_surrogate',
    'string_invalid_surrogate',
    'string_inverted_surrogates_U+1D11E',
    'string_lone_second_surrogate',
  ],
  UNEXPECTED_BYTE: ['string_UTF-16LE_with_BOM', 'string_utf16BE_no_BOM', 'string_utf16LE_no_BOM'],
  NOT_UTF8: [
    'string_UTF-8_invalid_sequence',
    'string_UTF8_surrogate_U+D800',
    'string_invalid_utf-8',
    'string_iso_latin_1',
    'string_lone_utf8_continuation_byte',
    'string_not_in_unicode_range',
    'string_overlong_sequence_2_bytes',
    'string_overlong_sequence_6_bytes',
    'string_overlong_sequence_6_bytes_null',
    'string_truncated-utf-8',
  ],
  TOO_DEEP: ['structure_500_nested_arrays'],
  BOM: ['structure_UTF-8_BOM_empty_object'],
};

function cutsOf({ length }: Uint8Array): readonly number[] {
  const all = Array.from({ length: length + 1 }, (_, cut) => cut);
  return length <= CUT_EVERYWHERE_BYTES ? all : [...all.slice(0, NEAR_BYTES), ...all.slice(-NEAR_BYTES)];
}

/** The code, which must be the same wherever the file is cut; `ok` for none. */
function verdict(name: string, bytes: Uint8Array, limits: JsonLimits): string {
  const whole = checkJson(bytes, limits);
  for (const cut of cutsOf(bytes)) {
    const reader = new JsonReader(limits);
    reader.feed(bytes.subarray(0, cut));
    reader.feed(bytes.subarray(cut));
    assert.deepEqual(reader.end(), whole, `${name} cut at ${cut}`);
  }
  const reader = new JsonReader(limits);
  for (const byte of bytes) reader.feed(Uint8Array.of(byte));
  assert.deepEqual(reader.end(), whole, `${name} in single bytes`);
  return whole?.code ?? 'ok';
}

const ofKind = (kind: string) => FILES.filter(({ name }) => name.startsWith(kind));

test('JSONTestSuite: what must be accepted is, cut at every byte', () => {
  assert.equal(ofKind('y_').length, 95);
  for (const { name, bytes } of ofKind('y_')) {
    const isDoubled = name.startsWith('y_object_duplicated_key');
    assert.equal(verdict(name, bytes, JSON_LIMITS), isDoubled ? 'DUPLICATE_KEY' : 'ok', name);
    assert.equal(verdict(name, bytes, ALLOWING), 'ok', name);
  }
});

test('JSONTestSuite: what must be refused is, cut at every byte', () => {
  assert.equal(ofKind('n_').length, 188);
  for (const { name, bytes } of ofKind('n_')) {
    assert.notEqual(verdict(name, bytes, JSON_LIMITS), 'ok', name);
    // Not by a limit of ours, but by the grammar.
    const { code } = checkJson(bytes, { ...ALLOWING, depthMax: 1_000_000, numbers: 'any' }) ?? {};
    assert.ok(code !== undefined && !/^TOO_|_TOO_|DUPLICATE|FORBIDDEN/.test(code), `${name}: ${code}`);
  }
});

test('JSONTestSuite: what is left open gets the code that is listed, cut at every byte', () => {
  const found: Record<string, string[]> = {};
  for (const { name, bytes } of ofKind('i_')) {
    const code = verdict(name, bytes, JSON_LIMITS);
    found[code] = [...(found[code] ?? []), name.slice('i_'.length, -'.json'.length)];
  }
  assert.deepEqual(found, OPEN);
});
