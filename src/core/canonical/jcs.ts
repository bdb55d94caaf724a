import { fail, ok, type Result } from '../result.ts';
import { JSON_DEPTH_MAX, type JsonValue } from './json_value.ts';
import { parseStrictJson, type StrictJsonProblem } from './strict_json.ts';
import { utf8DecodeStrict } from './utf8.ts';

export { JSON_DEPTH_MAX, type JsonValue, parseStrictJson, type StrictJsonProblem };

/** Printable ASCII without the quote and the backslash: needs no escaping at all. */
const PLAIN = /^[ !#-[\]-~]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * RFC 8785 text of a value. Objects typed by interfaces are accepted too and checked at run time.
 * Throws on what has no canonical form here (fractions, -0, `undefined`, class instances, lone surrogates, `__proto__`)
 * and beyond JSON_DEPTH_MAX: producers own their values, so this is a broken invariant.
 */
export function encodeJcs(value: JsonValue | object): string {
  return encode(value, 0);
}

function encode(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return encodeString(value);
    case 'number':
      return encodeNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= JSON_DEPTH_MAX) throw new TypeError('JCS: nested too deeply');
      return Array.isArray(value) ? encodeArray(value, depth + 1) : encodeObject(value, depth + 1);
    default:
      throw new TypeError(`JCS: ${typeof value} has no JSON form`);
  }
}

function encodeString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw new TypeError('JCS: lone surrogate');
  // For well-formed strings ECMAScript's QuoteJSONString is exactly the serialisation RFC 8785 section 3.2.2.2 asks for.
  return JSON.stringify(text);
}

function encodeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new TypeError('JCS: not a safe integer');
  return String(value);
}

function encodeArray(items: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < items.length; i += 1) text += (i === 0 ? '' : ',') + encode(items[i], depth);
  return `${text}]`;
}

function encodeObject(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('JCS: not a plain object');
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of sortedKeys(value)) {
    if (key === '__proto__') throw new TypeError('JCS: __proto__ is not a key');
    text += `${text === '' ? '{' : ','}${encodeString(key)}:${encode(members[key], depth)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Keys by UTF-16 code units (RFC 8785 section 3.2.3), which is how ECMAScript compares strings. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  // Insertion sort: member lists are short and our builders write them nearly sorted.
  if (keys.length > 64) return keys.sort();
  for (let i = 1; i < keys.length; i += 1) {
    const key = keys[i] ?? '';
    let j = i - 1;
    while (j >= 0 && (keys[j] ?? '') > key) {
      keys[j + 1] = keys[j] ?? '';
      j -= 1;
    }
    keys[j + 1] = key;
  }
  return keys;
}

/**
 * Reads RFC 8785 bytes and nothing else: parse, re-encode, compare. Whatever the native parser forgives
 * (duplicates, white space, number spellings, escapes) comes out different and is refused.
 */
export function parseCanonicalJson(bytes: Uint8Array): Result<JsonValue, StrictJsonProblem> {
  const text = utf8DecodeStrict(bytes);
  if (!text.ok) return fail({ code: text.problem, offset: 0 });
  try {
    const value = JSON.parse(text.value) as JsonValue;
    if (encodeJcs(value as object) === text.value) return ok(value);
  } catch {
    // Not JSON, or without a canonical form: the slow parser below names the reason.
  }
  const strict = parseStrictJson(bytes);
  return strict.ok ? fail({ code: 'NOT_CANONICAL', offset: 0 }) : strict;
}
