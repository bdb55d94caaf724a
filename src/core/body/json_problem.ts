/**
 * What the receiver of the events objects to: a value larger than it holds, one that it does not want, or something
 * else where elements are to be looked at one by one.
 */
export const SINK_REFUSALS = ['VALUE_TOO_BIG', 'VALUE_REFUSED', 'NOT_AN_ARRAY'] as const;

export type SinkRefusal = (typeof SINK_REFUSALS)[number];

/** Why a JSON text is refused; the list is closed, docs/spec/json.md explains each. */
export const JSON_CODES = [
  'EMPTY',
  'TRUNCATED',
  'UNEXPECTED_BYTE',
  'TRAILING_DATA',
  'BOM',
  'NOT_UTF8',
  'CONTROL_IN_STRING',
  'ESCAPE_INVALID',
  'LONE_SURROGATE',
  'NUMBER_SYNTAX',
  'NUMBER_OVERFLOW',
  'NUMBER_UNDERFLOW',
  'NUMBER_UNSAFE_INTEGER',
  'NUMBER_INEXACT',
  'DUPLICATE_KEY',
  'FORBIDDEN_KEY',
  'TOO_BIG',
  'TOO_DEEP',
  'KEY_TOO_LONG',
  'STRING_TOO_LONG',
  'NUMBER_TOO_LONG',
  'TOO_MANY_MEMBERS',
  'TOO_MANY_ELEMENTS',
  'NAMES_TOO_BIG',
  'TOO_MANY_RECORDS',
  ...SINK_REFUSALS,
] as const;

export type JsonCode = (typeof JSON_CODES)[number];

export interface JsonProblem {
  readonly code: JsonCode;
  /**
   * Byte offset of the first byte that cannot be accepted. A key, number or surrogate that is refused as a whole is
   * named by its first byte, a text that ends too early by its length.
   */
  readonly offset: number;
  /**
   * JSON pointer (RFC 6901) of the member or element under way, of the object while a key is awaited or read; its
   * nearest ancestor that fits POINTER_LENGTH_MAX.
   */
  readonly pointer: string;
}

/** UTF-16 units of the longest pointer that is told. */
export const POINTER_LENGTH_MAX = 1_024;
